"""The life of cases: mails and acts in any order over a real store, each held against a model of its own."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from soak.part import Outcome, Work
from tests.contract.life_machine.lives import live, on_sqlite

SAYS = "lives of cases by a state machine: each transition is in the table, each mail that is owed is queued once"
MINUTES = 60.0
_LIVES: Final = 10  # of one seed
_STEPS: Final = 60
_FIRST: Final = 1_000_000_000  # where a run begins at most
_MOST_LINES: Final = 90  # of a finding: the shortest life that Hypothesis found


def run(work: Work) -> Outcome:
    """Seed after seed from where it was until the time is over; those that broke stay in the list, with their steps.

    Each run begins somewhere else: what was looked at once is not looked at again and again.
    """
    first: int = work.kept("first", secrets.randbelow(_FIRST))
    work.keep("first", first)
    done: int = work.kept("done", 0)
    broken: dict[str, list[str]] = work.kept("broken", {})
    together = os.cpu_count() or 1
    with _scratch() as folder, ProcessPoolExecutor(together, initializer=_quietly) as pool:
        while not done or work.left():
            seeds = range(first + done, first + done + together)
            found = _together(pool, seeds, folder)
            broken |= {str(seed): lines for seed, lines in found if lines}
            done += len(found)
            work.keep("done", done)
            work.keep("broken", broken)
            work.say(f"{done} seeds, {len(broken)} broke {' '.join(broken)}")
            _tell(work, [lines for _, lines in found if lines])
    told = f"{done} seeds from {first} on, each of {_LIVES} lives of up to {_STEPS} steps, on SQLite"
    return Outcome(not broken, (told, *(f"seed {seed}: {lines[0]}" for seed, lines in broken.items())))


def _together(pool: ProcessPoolExecutor, seeds: range, folder: Path) -> list[tuple[int, list[str]]]:
    """What broke under each of these seeds; raises BrokenProcessPool where one of them ends its process."""
    try:
        return list(zip(seeds, pool.map(finding, seeds, [folder] * len(seeds)), strict=True))
    except BrokenProcessPool as error:
        error.add_note(f"one of the seeds {seeds.start} to {seeds.stop - 1}")
        raise


def finding(seed: int, folder: Path) -> list[str]:
    """What broke, then the steps of the shortest life in which it does; [] where all lives of the seed held."""
    place = folder / str(seed)
    place.mkdir()
    try:
        live(on_sqlite(place), _LIVES, _STEPS, seed, derandomize=False, database=None)
    except Exception as error:  # whatever it is, its seed must be told
        each = error.exceptions if isinstance(error, ExceptionGroup) else (error,)
        return [line for one in each for line in _told(one)]
    finally:
        shutil.rmtree(place)
    return []


def _told(error: Exception) -> list[str]:
    notes = [line for note in getattr(error, "__notes__", ()) for line in note.splitlines()]
    return [" ".join(f"{type(error).__name__}: {error}".split()), *notes[:_MOST_LINES]]


def _tell(work: Work, findings: list[list[str]]) -> None:
    for lines in findings:
        work.say("\n".join(lines))


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mailcase-life-") as name:
        yield Path(name)


def _quietly() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
