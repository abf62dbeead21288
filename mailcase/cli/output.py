"""Printing: aligned tables for people, JSON for scripts, and nothing from a mail that could steer a terminal."""

import json
import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import accumulate
from typing import Any, Final

_SHOWN_AS: Final = "\N{REPLACEMENT CHARACTER}"
#: Cc: control characters; Cf: bidirectional overrides and other invisible ones; Cs, Co: not for a terminal.
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_MARKS: Final = 8  # characters that share a column: letters with combining marks
_JOINERS: Final = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"


def safe(text: object) -> str:
    """One line that a terminal shows as it is: white space is one blank, control characters are visible."""
    flat = " ".join(str(text).split())
    return "".join(char if _harmless(char) else _SHOWN_AS for char in flat)


def safe_lines(text: str) -> list[str]:
    """The lines of a text, tabs as blanks, control characters visible."""
    return ["".join(char if _harmless(char) else _SHOWN_AS for char in line.expandtabs(4)) for line in text.split("\n")]


def _harmless(char: str) -> bool:
    return char in _JOINERS or unicodedata.category(char) not in _UNSAFE


def width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining ones none."""
    return sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or char in _JOINERS:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def padded(text: str, columns: int) -> str:
    """Filled up with blanks; longer text stays whole."""
    return text + " " * max(0, columns - width(text))


def counted(count: int, thing: str, things: str = "") -> str:
    """`no mails`, `1 mail`, `2 mails`; `things` where an s behind `thing` does not make the plural."""
    return f"{count or 'no'} {thing if count == 1 else things or thing + 's'}"


def cut(text: str, columns: int) -> str:
    """At most so wide, with … where something was cut."""
    start = text[: _MARKS * columns]  # no more is looked at, however long a stranger's subject is
    widths = list(accumulate(map(_columns, start)))
    if len(start) == len(text) and (not widths or widths[-1] <= columns):
        return text
    return start[: bisect_right(widths, columns - 1)].rstrip() + "…"


def say(text: str = "") -> None:
    """One line on standard output."""
    print(text)


def note(text: str) -> None:
    """One line for people beside the data."""
    print(text, file=sys.stderr)


def print_json(data: object) -> None:
    """The data of a command: nothing else goes to standard output."""
    print(json.dumps(data, ensure_ascii=False, indent=1, default=plain))


def plain(value: object) -> object:
    """What JSON has no form for: times are ISO 8601 in UTC."""
    match value:
        case datetime():
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case set() | frozenset() | tuple():
            return list(value)
    return str(value)


def print_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, int], empty: str) -> None:
    """An aligned table.

    Args:
        rows: the entries.
        columns: keys in order, each with its greatest width.
        empty: what to say when there are no rows.
    """
    if not rows:
        say(empty)
        return
    cells = [[cut(_cell(row.get(key)), most) for key, most in columns.items()] for row in rows]
    heads = [key.replace("_", " ") for key in columns]
    widths = [max(width(line[place]) for line in [heads, *cells]) for place in range(len(heads))]
    for line in (heads, *cells):
        say(aligned(line, widths))


def aligned(cells: Iterable[str], widths: Iterable[int]) -> str:
    """Cells side by side, two blanks between them."""
    return "  ".join(padded(cell, columns) for cell, columns in zip(cells, widths, strict=True)).rstrip()


def _cell(value: object) -> str:
    match value:
        case None | "":
            return "–"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case list() | tuple():
            return safe(", ".join(map(str, value)))
    return safe(value)
