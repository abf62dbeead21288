"""A part of the soak: what it says of itself, what it works with, and how it is found by its module's name."""

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, TypeVar, cast

HERE: Final = Path(__file__).parent
T = TypeVar("T")
#: Modules of this package that are the frame, not parts.
FRAME: Final = frozenset({"__init__", "__main__", "part", "results", "running"})


@dataclass(frozen=True)
class Outcome:
    """What a part found: whether all that it looked at held, and the lines that are written into docs/testing.md.

    One that is `unfinished` ran out of time: its lines say how far it came, and the next run goes on from there.
    """

    good: bool
    lines: tuple[str, ...]
    unfinished: bool = False
    short: str = ""  # "for 10 of 60 minutes": how much of the part's own length it was given

    @property
    def held(self) -> bool:
        """Whether all was looked at, and held."""
        return self.good and not self.unfinished

    @property
    def verdict(self) -> str:
        """The one word for it."""
        if not self.good:
            return "FAILED"
        return "not finished" if self.unfinished else f"held {self.short}".rstrip()


@dataclass(frozen=True)
class Work:
    """What a part works with. It may be interrupted at any moment: what it wants to keep it keeps in `folder`.

    `folder` is the same until the part has returned an outcome, so that an interrupted part goes on where it was;
    `minutes` is the whole length asked for, `spent` what interrupted runs have used of it (seconds).
    """

    folder: Path
    minutes: float
    spent: float = 0.0
    tell: Callable[[str], object] = sys.stdout.write
    began: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """Tell whoever watches; keeps the time spent so far, too."""
        self.tell(f"{text}\n")
        self.keep("spent", self.elapsed())

    def elapsed(self) -> float:
        """Seconds that this part has run, with those of interrupted runs."""
        return self.spent + time.monotonic() - self.began

    def left(self) -> float:
        """Seconds that are left of the length asked for, never below 0."""
        return max(0.0, self.minutes * 60 - self.elapsed())

    def keep(self, name: str, value: object) -> None:
        """Keep a value (of JSON) for the run that goes on after an interruption; whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f"{name}.json.new"
        fresh.write_text(json.dumps(value), "utf-8")
        fresh.replace(self.folder / f"{name}.json")

    def kept(self, name: str, otherwise: T) -> T:
        """What an interrupted run has kept under this name; `otherwise` if there is nothing."""
        file = self.folder / f"{name}.json"
        if not file.exists():
            return otherwise
        value: T = json.loads(file.read_text("utf-8"))
        return value


class Part(Protocol):
    """A module of this package: one sentence, the length in minutes, and the work itself.

    One that has so much to do, and is finished when that is done, has `COUNTED = True`: of each other one a run
    that was given less than MINUTES is told as a short one.
    """

    SAYS: str
    MINUTES: float

    def run(self, work: Work) -> Outcome:
        """Do it; raises whatever goes wrong, which counts as a failure."""


def names(folder: Path = HERE) -> list[str]:
    """The parts there are, by the names of their modules; a folder with __init__.py is a part as well."""
    found = {file.stem for file in folder.glob("*.py")}
    found |= {file.parent.name for file in folder.glob("*/__init__.py")}
    return sorted(name for name in found - FRAME if not name.startswith("_"))


def load(name: str) -> Part:
    """The part of that name. Raises ImportError if there is none, AttributeError if it is none."""
    module = importlib.import_module(f"soak.{name}")
    for needed in ("SAYS", "MINUTES", "run"):
        getattr(module, needed)
    return cast(Part, module)


def sentences(found: list[str]) -> Iterator[str]:
    """One line a part; one that cannot be loaded says why and does not hide the others."""
    for name in found:
        try:
            part = load(name)
        except Exception as error:  # any module of somebody's may be broken in any way
            yield f"{name:<12} broken: {type(error).__name__}: {error}"
            continue
        yield f"{name:<12} {part.SAYS} ({part.MINUTES:g} min)"
