"""Results of the soak in docs/testing.md: each part has its own markers and leaves all other text as it is."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from mailcase import __version__
from soak.part import Outcome

ROOT: Final = Path(__file__).parents[1]
DOCUMENT: Final = ROOT / "docs" / "testing.md"


@dataclass(frozen=True)
class Result:
    """What is written of one run: the part, what it says, when it ended (UTC), the minutes it took, what it gave."""

    part: str
    says: str
    ended: datetime
    minutes: float
    outcome: Outcome

    def text(self) -> str:
        """The part's piece of the document, between its markers, without a line's end at the end."""
        head = f"{self.ended:%Y-%m-%d %H:%M} UTC, {version()}, {self.minutes:.1f} minutes: **{self.outcome.verdict}**"
        points = "\n".join(map(_point, self.outcome.lines))
        middle = f"### {self.part}\n\n{self.says}\n\n{head}\n\n{points}".rstrip()
        return f"{opening(self.part)}\n{middle}\n{closing(self.part)}"


def _point(line: str) -> str:
    """One line of the outcome: a point of a list, where it is not a point, a table's row or empty already."""
    words = " ".join(line.split())
    return words if not words or words.startswith(("| ", "- ")) else f"- {words}"


def opening(part: str) -> str:
    """The marker before a part's result."""
    return f"<!-- soak:{part} -->"


def closing(part: str) -> str:
    """The marker behind a part's result."""
    return f"<!-- /soak:{part} -->"


def version(root: Path = ROOT) -> str:
    """The program's version, and the commit where git can tell it: `-dirty` where more was run than was committed.

    The documents do not count: each part writes its result into one of them.
    """
    commit = _git(root, "rev-parse", "--short", "HEAD")
    if not commit:
        return __version__
    dirty = "-dirty" if _git(root, "status", "--porcelain", "--", ".", ":!docs") else ""
    return f"{__version__} ({commit}{dirty})"


def _git(root: Path, *words: str) -> str:
    """What git says; "" where there is none, or no repository."""
    try:
        said = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
    except OSError:  # no git on this machine: the version alone is true as well
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""


def write(result: Result, document: Path = DOCUMENT) -> None:
    """Put the result between the part's markers, or with new ones at the end. Parts may write at the same time."""
    document.parent.mkdir(parents=True, exist_ok=True)
    with _alone(document):
        old = document.read_text("utf-8") if document.exists() else ""
        fresh = document.with_name(f".{document.name}.new")
        fresh.write_text(placed(old, result), "utf-8")
        fresh.replace(document)


def placed(old: str, result: Result) -> str:
    """The document's text with this result in its place."""
    first, last = opening(result.part), closing(result.part)
    if first not in old or last not in old:
        return f"{old.rstrip()}\n\n{result.text()}\n".lstrip()
    before, rest = old.split(first, 1)
    return before + result.text() + rest.split(last, 1)[1]


@contextmanager
def _alone(document: Path) -> Iterator[None]:
    """Hold the folder of the document: the document itself is replaced while it is written."""
    held = os.open(document.parent, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)
