"""Where the CPU goes: a profile of one function call, by the part of the program that the time is spent in."""

import cProfile
import pstats
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")
_SHOWN: Final = 12
_OF_TYPE: Final = re.compile(r"of '(\w+)\.\w+' objects")
_OF_MODULE: Final = re.compile(r"<built-in method (\w+)\.\w+")
_KNOWN: Final = {"_sqlite3": "sqlite3", "_json": "json"}


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the program and its share of the CPU, in hundredths."""

    part: str
    share: float


def profiled(work: Callable[[], T]) -> tuple[T, list[Share]]:
    """Run it under cProfile; its result, and the parts that took most, the largest first."""
    profile = cProfile.Profile()
    result = profile.runcall(work)
    spent: Counter[str] = Counter()
    known: Any = pstats.Stats(profile)  # typeshed does not know its `stats`
    for (file, _, name), (_, _, own, _, _) in known.stats.items():
        spent[_part(file, name)] += own
    total = spent.total() or 1.0
    return result, [Share(part, 100 * own / total) for part, own in spent.most_common(_SHOWN)]


def _part(file: str, name: str) -> str:
    """A module of mailcase, a library, or what C code it is."""
    path = Path(file)
    parts = path.parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1].removesuffix(".py")
    if "mailcase" in parts:
        return ".".join(["mailcase", *path.with_suffix("").parts[len(parts) - parts[::-1].index("mailcase") :]])
    return f"python's {path.stem}" if path.suffix == ".py" else _in_c(name)


def _in_c(name: str) -> str:
    """A type's module, as sqlite3 of `<method 'execute' of 'sqlite3.Cursor' objects>`, or the function's."""
    found = _OF_TYPE.search(name) or _OF_MODULE.search(name)
    module = found[1] if found else "builtins"
    return "strings, lists and the like (C)" if module == "builtins" else f"{_KNOWN.get(module, module)} (C)"
