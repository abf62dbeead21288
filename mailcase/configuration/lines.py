"""On which line of a TOML text a key stands: tomllib does not say."""

import re
import tomllib
from typing import Any, Final

Path = tuple[str | int, ...]

_TABLE: Final = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\"' -]+?)\s*\]\]?\s*(?:#.*)?$")
_AT: Final = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)")
_TWICE: Final = re.compile(r"Cannot declare \('(.*?)',?\) twice")
_KEY: Final = re.compile(r"\s*([A-Za-z0-9_.\"'-]+(?:\s*\.\s*[A-Za-z0-9_\"'-]+)*)\s*=")


def line_of(text: str, path: Path) -> int | None:
    """The line (from 1) of the key, else of the nearest table around it; None where neither is found."""
    places = _places(text)
    for length in range(len(path), 0, -1):
        if path[:length] in places:
            return places[path[:length]]
    return None


def not_toml(text: str, error: str) -> tuple[int, str]:
    """The line (from 1) where the text is no TOML, and what is wrong there, from what tomllib says; never a value."""
    if text.startswith("\ufeff"):
        return 1, "it begins with a byte order mark: save it as UTF-8 without one"
    rows = text.rstrip().splitlines()
    if (found := _AT.fullmatch(error)) is None:
        return len(rows), error
    line = min(int(found[2] or len(rows)), len(rows))
    if found[1] == "Cannot overwrite a value":
        key = _KEY.match(rows[line - 1]) or _TABLE.match(rows[line - 1])
        return line, f"{key[key.lastindex or 0] if key else 'a key'} is given twice"
    if twice := _TWICE.fullmatch(found[1]):
        return line, f"[{twice[1].replace(chr(39), '').replace(', ', '.')}] stands twice, or once as [[…]]"
    return line, f"{found[1]}{f' (column {found[3]})' if found[3] else ''}"


def table(text: str, name: str) -> dict[str, Any]:
    """A top-level table of single values, also where the rest of the text is no TOML; {} where it is missing.

    Raises:
        tomllib.TOMLDecodeError: the table itself is wrong.
    """
    inside, mine = False, []
    for line in text.splitlines():
        if found := _TABLE.match(line):
            inside = found[1] == "[" and found[2] == name
        elif inside:
            mine.append(line)
    return tomllib.loads("\n".join(mine))


def _places(text: str) -> dict[Path, int]:
    places: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if found := _TABLE.match(line):
            table = _enter(_split(found[2]), found[1] == "[[", counts)
            places.setdefault(table, number)
            if isinstance(table[-1], int):
                places.setdefault(table[:-1], number)  # the list as a whole begins with its first table
        elif found := _KEY.match(line):
            places.setdefault((*table, *_split(found[1])), number)
    return places


def _split(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def _enter(names: list[str], repeated: bool, counts: dict[Path, int]) -> Path:
    """The path of a table header: tables inside [[mailbox]] belong to the last one begun."""
    path: Path = ()
    for position, name in enumerate(names):
        path = (*path, name)
        if repeated and position == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
