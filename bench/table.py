"""Tables for people, and their place in docs/performance.md."""

import platform
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from bench.tree import MB
from soak.results import version

PAGE: Final = Path(__file__).parents[1] / "docs" / "performance.md"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A Markdown table that can be read as it is: the first column to the left, the others to the right."""
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return [_line(row, widths) for row in (cells[0], rule, *cells[1:])]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = row
    aligned = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
    return f"| {' | '.join(aligned)} |"


def conditions(what: str) -> str:
    """When, of which commit, on what kind of machine, and how busy that was: without names."""
    busy = psutil.getloadavg()[0]
    cores = len(psutil.Process().cpu_affinity() or [1])
    memory = round(psutil.virtual_memory().total / MB / 1024)
    return (
        f"{what}; {datetime.now(UTC):%Y-%m-%d}, {version()}, {cores} cores, {memory} GB, "
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}; "
        f"load at the end {busy:.1f}."
    )


def keep(part: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Put the lines between the markers of that part; ValueError if the page has none."""
    begin, end = f"<!-- bench {part} -->", f"<!-- /bench {part} -->"
    text = page.read_text()
    place = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not place.search(text):
        raise ValueError(f"{page.name} has no place for {part}: {begin} … {end}")
    filled = "\n".join((begin, *lines, end))
    page.write_text(place.sub(lambda _: filled, text))
