"""Runs one part: its folder, its time, and what is left behind when it ends, fails or is interrupted."""

import shutil
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from soak.part import Outcome, Part, Work
from soak.results import ROOT, Result

KEPT: Final = ROOT / "var" / "soak"


@dataclass(frozen=True)
class Asked:
    """One run asked for: the part's name, the part, where it keeps its state, the minutes (None: its own)."""

    name: str
    part: Part
    kept: Path = KEPT
    minutes: float | None = None


def run(asked: Asked, write: Callable[[Result], None], tell: Callable[[str], object]) -> Outcome:
    """Do it and write its result.

    A part that returned is finished: its folder is put aside as `<name>.last`, the next run begins anew. One that
    ran out of time keeps its folder, and the next run has the whole length again. One that raised has failed, but
    keeps its folder: whoever mends the cause goes on from there. KeyboardInterrupt passes.
    """
    work = _work(asked, tell)
    before = work.kept("before", 0.0)
    if work.spent:
        work.say(f"{asked.name} goes on after {work.spent / 60:.1f} minutes")
    try:
        outcome = asked.part.run(work)
    except Exception as error:  # whatever a part dies of is its result
        work.say(traceback.format_exc())
        outcome = Outcome(good=False, lines=(_last_words(error),))
        work.keep("spent", work.elapsed())
    else:
        outcome = replace(outcome, short=_short(asked.part, work))
        _ended(work, outcome, before)
    write(Result(asked.name, asked.part.SAYS, datetime.now(UTC), (before + work.elapsed()) / 60, outcome))
    return outcome


def _short(part: Part, work: Work) -> str:
    """How much of its own length a part was given, where what it saw is the less for it; else ""."""
    if work.minutes >= part.MINUTES or getattr(part, "COUNTED", False):
        return ""
    return f"for {work.minutes:g} of {part.MINUTES:g} minutes"


def _last_words(error: Exception) -> str:
    """What a part died of, with its notes: they name the seed."""
    notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
    return f"ended by {type(error).__name__}: {error}{notes}"


def _ended(work: Work, outcome: Outcome, before: float) -> None:
    if outcome.unfinished:
        work.keep("before", before + work.elapsed())
        work.keep("spent", 0.0)
    else:
        _put_aside(work.folder)


def _work(asked: Asked, tell: Callable[[str], object]) -> Work:
    folder = asked.kept / asked.name
    folder.mkdir(parents=True, exist_ok=True)
    minutes = asked.part.MINUTES if asked.minutes is None else asked.minutes
    return Work(folder, minutes, Work(folder, minutes).kept("spent", 0.0), tell)


def _put_aside(folder: Path) -> None:
    last = folder.with_name(f"{folder.name}.last")
    if last.exists():
        shutil.rmtree(last)
    folder.replace(last)
