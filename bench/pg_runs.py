"""One PostgreSQL under load for a moment: by writers of ours, and by recordings of what they say."""

import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Final

import psycopg

from bench.pg_watch import Seen, Watch
from bench.replay import IDS_FROM, Player, Stream
from bench.wire import Recorder
from bench.writers import Desk, Wrote, numbered, timed, writer
from tests.servers.postgres import PostgresServer

RECORDINGS: Final = 16
_PATIENCE: Final = 1800.0
_SPAWN: Final = multiprocessing.get_context("spawn")
#: What a replay has to leave behind as the recording did.
_STATE: Final = b"""
    SELECT 'delivery ' || coalesce(outcome, 'undecided') || ' ' || marked, count(*) FROM delivery GROUP BY 1
    UNION ALL SELECT 'outbox ' || state, count(*) FROM outbox GROUP BY 1
    UNION ALL SELECT 'case ' || status, count(*) FROM "case" GROUP BY 1
    UNION ALL SELECT 'link ' || how, count(*) FROM case_message GROUP BY 1
    UNION ALL SELECT 'known id ' || (message_pk IS NOT NULL), count(*) FROM message_reference GROUP BY 1
    UNION ALL SELECT 'message', count(*) FROM message UNION ALL SELECT 'raw', count(*) FROM raw
    UNION ALL SELECT 'citation', count(*) FROM citation UNION ALL SELECT 'event', count(*) FROM case_event"""


@dataclass(frozen=True, slots=True)
class Place:
    """A server, the name of an empty store on it, and a folder."""

    server: PostgresServer
    template: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Measured:
    """One load."""

    clients: int
    mails: int
    seconds: float
    cpu: float  # seconds of the clients
    seen: Seen

    @property
    def rate(self) -> float:
        """Mails a second."""
        return self.mails / self.seconds


# our writers


def written(place: Place, count: int, mails: int) -> Measured:
    """So many writers at once, into a store of their own."""
    name = place.server.copy(place.template)
    gate, told = _SPAWN.Barrier(count + 1), _SPAWN.Queue()
    turn = _SPAWN.Lock()
    for number in range(count):
        given = (Desk(number, mails), place.server.url(name), turn, gate, told)
        _SPAWN.Process(target=_write, args=given, daemon=True).start()
    seen, seconds = _between(place, name, gate)
    done: list[Wrote] = [told.get(timeout=_PATIENCE) for _ in range(count)]
    return Measured(count, sum(one.mails for one in done), seconds, sum(one.cpu for one in done), seen)


def _between(place: Place, name: str, gate: Barrier) -> tuple[Seen, float]:
    """Let all begin, and wait until all have ended."""
    gate.wait(_PATIENCE)
    with Watch(place.server.dsn(name), place.server.folder) as watch:
        gate.wait(_PATIENCE)
        began = time.perf_counter()
        gate.wait(_PATIENCE)
        seconds = time.perf_counter() - began
    gate.wait(_PATIENCE)
    return watch.seen, seconds


def _write(desk: Desk, url: str, turn: Any, gate: Barrier, told: Any) -> None:
    """In a process of its own. The first mails come one desk after the other: their cases' numbers are known."""
    with _all_or_none(gate), tempfile.TemporaryDirectory(prefix="mc-bench-") as name:
        first, rest = desk.letters()
        with writer(desk, url, Path(name)) as one:
            with turn:
                numbered(url, desk)
                one.work(first)
            with _together(gate):
                wrote = timed(one, rest)
            told.put(wrote)


@contextmanager
def _all_or_none(gate: Barrier) -> Iterator[None]:
    """Nobody waits for one that failed."""
    try:
        yield
    except BaseException:
        gate.abort()
        raise


@contextmanager
def _together(gate: Barrier) -> Iterator[None]:
    """All are ready; all begin; all have ended; all have been looked at."""
    gate.wait(_PATIENCE)
    gate.wait(_PATIENCE)
    yield
    gate.wait(_PATIENCE)
    gate.wait(_PATIENCE)


# what they say


def record(place: Place, mails: int) -> tuple[Counter[str], Counter[str]]:
    """Each desk alone, into a store of its own; what was said of the counted mails, and what is stored in the end."""
    kinds, state = Counter[str](), Counter[str]()
    jobs = [(Desk(number, mails), place, place.server.copy(place.template)) for number in range(RECORDINGS)]
    with ProcessPoolExecutor(2, mp_context=_SPAWN) as pool:
        for said, left in pool.map(_recorded, jobs):
            kinds += said
            state += left
    return kinds, state


def _recorded(job: tuple[Desk, Place, str]) -> tuple[Counter[str], Counter[str]]:
    desk, place, name = job
    _apart(place, name)
    first, rest = desk.letters()
    with tempfile.TemporaryDirectory(prefix="mc-bench-") as folder, Recorder(place.server.port) as recorder:
        numbered(place.server.url(name), desk)
        url = f"postgresql+psycopg://{place.server.user}@127.0.0.1:{recorder.port}/{name}"
        with writer(desk, f"{url}?sslmode=disable&gssencmode=disable", Path(folder)) as one:
            one.work(first)
            before = len(recorder.turns())
            one.work(rest)
            turns = recorder.turns()
    stream = Stream.of(turns, before, len(rest))
    stream.keep(place.folder / str(desk.number))
    return stream.kinds + Counter(mails=len(rest)), _state(place, name)


def _apart(place: Place, name: str) -> None:
    """Let each kind of id begin far from all others, so that an id in what is said is known as that one."""
    with psycopg.connect(place.server.dsn(name), autocommit=True) as conn:
        found = conn.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S'").fetchall()
        for number, (sequence,) in enumerate(found, 1):
            conn.execute("SELECT setval(%s::regclass, %s)", (sequence, number * IDS_FROM))


def _state(place: Place, name: str) -> Counter[str]:
    with psycopg.connect(place.server.dsn(name), autocommit=True) as conn:
        return Counter(dict(conn.execute(_STATE).fetchall()))


def replayed(place: Place, clients: int, state: Counter[str]) -> Measured:
    """All recordings into one store, by so many clients; what they leave must be what was recorded."""
    name = place.server.copy(place.template)
    gate, told = _SPAWN.Barrier(clients + 1), _SPAWN.Queue()
    for number in range(clients):
        files = [place.folder / str(one) for one in range(number, RECORDINGS, clients)]
        given = (files, place.server.port, name, gate, told)
        _SPAWN.Process(target=_replay, args=given, daemon=True).start()
    seen, seconds = _between(place, name, gate)
    done = [told.get(timeout=_PATIENCE) for _ in range(clients)]
    if (left := _state(place, name)) != state:
        raise AssertionError(f"the replay left {left - state} more and {state - left} less than the recording")
    return Measured(clients, sum(one for one, _ in done), seconds, sum(cpu for _, cpu in done), seen)


def _replay(files: Sequence[Path], port: int, name: str, gate: Barrier, told: Any) -> None:
    """In a process of its own: one recording after the other."""
    with _all_or_none(gate), ExitStack() as stack:
        players = [Player(Stream.kept(file), port, name) for file in files]
        for one in players:
            stack.callback(one.close)
            one.head()
        with _together(gate):
            cpu = sum(one.rest() for one in players)
    told.put((sum(one.stream.mails for one in players), cpu))
