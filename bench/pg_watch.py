"""What a PostgreSQL does between two moments: CPU of its processes, WAL, transactions, what its sessions wait for."""

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil
import psycopg

_EVERY: Final = 0.05  # seconds between looks
_WAITS: Final = b"""
    SELECT CASE WHEN state LIKE 'idle in%' THEN 'the client, in a transaction'
        WHEN wait_event IS NULL THEN 'nothing: it works' ELSE wait_event_type || ' ' || wait_event END, count(*)
    FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle' GROUP BY 1"""
#: The log's end, and the number that the next transaction that writes will have.
_MARKS: Final = b"SELECT pg_current_wal_insert_lsn() - '0/0', pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_KINDS: Final = {"walwriter": "WAL writer", "checkpointer": "checkpointer", "background writer": "checkpointer"}


@dataclass(frozen=True, slots=True)
class Seen:
    """Between the beginning and the end of a `Watch`."""

    cpu: Mapping[str, float]  # kind of process -> seconds
    wal: int  # octets
    transactions: int  # that wrote something
    waits: Counter[str]  # what sessions waited for -> how often one was seen at it; idle ones are not in it

    def together(self) -> float:
        """CPU seconds of all its processes."""
        return sum(self.cpu.values())

    def share(self, words: tuple[str, ...]) -> float:
        """Of the looks at sessions that were not idle: how many of 100 saw something that begins so."""
        there = sum(times for what, times in self.waits.items() if what.startswith(words))
        return 100 * there / max(self.waits.total(), 1)


@dataclass
class Watch:
    """`with Watch(dsn, folder) as watch: …`, then `watch.seen`; sessions have to be there until its end."""

    dsn: str
    folder: Path  # of the server: its data lies in `data`
    seen: Seen = field(init=False)
    _waits: Counter[str] = field(default_factory=Counter)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._conn = psycopg.connect(self.dsn, autocommit=True)
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._marks, self._cpu = self._ask(), self._look()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        cpu, marks = self._look(), self._ask()
        self._conn.close()
        used: defaultdict[str, float] = defaultdict(float)
        for pid, (what, seconds) in cpu.items():
            used[what] += seconds - self._cpu.get(pid, (what, 0.0))[1]
        self.seen = Seen(used, marks[0] - self._marks[0], marks[1] - self._marks[1], self._waits)

    def _sample(self) -> None:
        while not self._stop.wait(_EVERY):
            self._waits.update(dict(self._conn.execute(_WAITS).fetchall()))

    def _ask(self) -> tuple[int, int]:
        row = self._conn.execute(_MARKS).fetchone()
        if row is None:
            raise AssertionError("the server says nothing")
        return int(row[0]), int(row[1])

    def _look(self) -> dict[int, tuple[str, float]]:
        """Every process of the server but the one that is asked here: what it is, and its CPU seconds so far."""
        postmaster = psutil.Process(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]))
        mine, found = self._conn.info.backend_pid, dict[int, tuple[str, float]]()
        for one in [postmaster, *postmaster.children()]:
            try:
                name, times = one.cmdline()[0], one.cpu_times()
            except (psutil.NoSuchProcess, IndexError):
                continue  # it has just ended
            if one.pid != mine:
                kind = next((said for word, said in _KINDS.items() if word in name), None)
                found[one.pid] = kind or _other(name), times.user + times.system
        return found


def _other(name: str) -> str:
    return "vacuum" if "autovacuum" in name else "sessions" if "127.0.0.1(" in name else "others"
