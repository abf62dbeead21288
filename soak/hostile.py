"""The budget of any one mail: CPU seconds and memory of the parser process, and of deciding it (F21-F23, F33)."""

import json
import multiprocessing
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from mailcase.bench import Bench
from mailcase.errors import Permanent
from mailcase.intake.parse import read
from mailcase.snapshot import Snapshot
from soak import _answers, _large
from soak.part import Outcome, Work
from tests.builders import NOW, make_delivery
from tests.hostile import BIG, HOSTILE, Hostile
from tests.road import make_bench, walk
from tests.worlds import busy

SAYS = "each hostile mail, those of 50 MB too, and each as an agent's, within its budget of CPU time and memory"
MINUTES = 20.0
COUNTED = True

MB: Final = 1_048_576
CPU_S: Final = 5.0  # of any mail up to 50 MB
CPU_SMALL_S: Final = 2.0  # of any mail up to 1 MB
MEMORY_MB: Final = 300
_SHOWN: Final = 25  # rows of the table: the dearest ones
_FIRST: Final = b"From: a@b.example\r\nTo: support@helpdesk.example\r\n\r\nwarm\r\n"


@dataclass(frozen=True)
class Measured:
    """What one mail cost."""

    name: str
    size: int  # bytes
    read_s: float  # CPU time of the parser
    decide_s: float  # CPU time of look, decide and compose
    peak_mb: float  # resident memory of the process at its highest, the mail itself included
    outcome: str

    @property
    def cpu_s(self) -> float:
        """Of all of it."""
        return self.read_s + self.decide_s

    @property
    def within(self) -> bool:
        """Whether it kept its budget."""
        most = CPU_SMALL_S if self.size <= MB else CPU_S
        return self.cpu_s <= most and self.peak_mb <= MEMORY_MB and bool(self.outcome)


def run(work: Work) -> Outcome:
    """Measure them, the big ones first, each in a process of its own; what was measured already is kept."""
    work.folder.mkdir(parents=True, exist_ok=True)
    file = work.folder / "measured.jsonl"
    known = {one.name: one for one in _kept(file.read_text().splitlines() if file.exists() else ())}
    todo = [one for one in (*BIG, *HOSTILE.values()) if one.name not in known]
    while todo and work.left():
        found = _measured(todo.pop(0))
        known[found.name] = found
        with file.open("a") as out:
            out.write(json.dumps(asdict(found)) + "\n")
        if not found.within or found.size > 2 * MB:
            work.say(_row(found))
    over = [one for one in known.values() if not one.within]
    rows = sorted(known.values(), key=_dearest)
    lines = tuple(_table(rows, len(over), len(todo)))
    if todo:
        return Outcome(not over, lines, unfinished=True)
    held, more = _large.run(work)
    did, done = _answers.run(work)
    return Outcome(held and did and not over, (*lines, "", *more, "", *done))


def _kept(lines: Iterable[str]) -> Iterator[Measured]:
    for line in lines:
        yield Measured(**json.loads(line))


def _dearest(one: Measured) -> float:
    """How much of its budget it used: the most first."""
    return -max(one.cpu_s / (CPU_SMALL_S if one.size <= MB else CPU_S), one.peak_mb / MEMORY_MB)


def _measured(one: Hostile) -> Measured:
    """In a fresh process, so that its peak is this mail's."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # the imports once, not for each of hundreds of mails
    mine, theirs = context.Pipe()
    process = context.Process(target=_measure, args=(one.name, theirs))
    process.start()
    theirs.close()
    try:
        told: Measured = mine.recv()
    except EOFError:
        told = Measured(one.name, 0, 0, 0, 0, "")
    process.join()
    return told


def _measure(name: str, pipe: Connection) -> None:
    """What the process does: the road of one mail, as the daemon goes it, once it is warm."""
    bench = make_bench()
    walk(_FIRST, bench)  # what is imported late is not this mail's
    raw = {**HOSTILE, **{one.name: one for one in BIG}}[name].make()
    _forget_peak()
    pipe.send(_cost(name, raw, bench))


def _cost(name: str, raw: bytes, bench: Bench) -> Measured:
    began = time.process_time()
    try:
        email = read(raw)
    except Permanent:
        return Measured(name, len(raw), time.process_time() - began, 0, _peak(), "")
    middle = time.process_time()
    lookup = bench.look(email, make_delivery())
    outcome = bench.decide(email, Snapshot(lookup, NOW), make_delivery()).outcome.value
    bench.decide(email, busy(lookup, NOW, email), make_delivery())
    return Measured(name, len(raw), middle - began, time.process_time() - middle, _peak(), outcome)


def _peak() -> float:
    """The highest resident memory since `_forget_peak`, in MB; the mail itself and all imports included."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024


def _forget_peak() -> None:
    """Making a mail of 50 MB takes more than reading it (proc(5), clear_refs 5)."""
    Path("/proc/self/clear_refs").write_text("5")


def _table(rows: list[Measured], over: int, left: int) -> Iterator[str]:
    budget = f"({CPU_S:g} s and {MEMORY_MB} MB; up to 1 MB: {CPU_SMALL_S:g} s)"
    missing = f" ({left} more not measured: the time was up)" if left else ""
    yield f"{len(rows)} mails{missing}, {over} over the budget {budget}; the {_SHOWN} that used most of it:"
    yield ""
    yield "| mail | MB | read, CPU s | decide, CPU s | peak MB | outcome |"
    yield "| --- | --: | --: | --: | --: | --- |"
    yield from map(_row, rows[:_SHOWN])


def _row(one: Measured) -> str:
    size = f"{one.size / MB:.1f} | {one.read_s:.2f} | {one.decide_s:.2f} | {one.peak_mb:.0f}"
    return f"| {one.name} | {size} | {one.outcome or 'FAILED'} |"
