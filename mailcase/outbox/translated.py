"""What the rules write, in the language of who reads it: a table a language, and English where it has no line."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from mailcase.outbox import german

_NAMES: Final[Mapping[str, Mapping[str, str]]] = {"de": german.NAMES}
_LINES: Final[Mapping[str, Sequence[tuple[str, str]]]] = {"de": german.LINES}
_SUSPENDED: Final = {"de": german.SUSPENDED}
_PLACE: Final = re.compile(r"<(\w+)(\.\.\.)?>")
_LONGEST: Final = 300  # characters of a line that is looked at: a reason may quote what somebody wrote
_DEEPEST: Final = 4  # reasons within reasons


@dataclass(frozen=True, slots=True)
class _Line:
    """One of the table."""

    fixed: tuple[str, ...]  # what stands between its places, in order
    pattern: re.Pattern[str]
    into: str
    nested: frozenset[str]  # places that hold reasons, or names

    @classmethod
    def of(cls, english: str, into: str) -> "_Line":
        """Its places in <>, each of some words; those with dots are nested."""
        parts, fixed, at = list[str](), list[str](), 0
        for place in _PLACE.finditer(english):
            fixed.append(english[at : place.start()])
            parts += [re.escape(fixed[-1]), f"(?P<{place[1]}>.+?)"]
            at = place.end()
        fixed.append(english[at:])
        pattern = re.compile("".join((*parts, re.escape(fixed[-1]))))
        return cls(tuple(fixed), pattern, into, frozenset(one[1] for one in _PLACE.finditer(english) if one[2]))

    def words(self, text: str) -> Mapping[str, str] | None:
        """What stands in its places; None where it is another line, as of most is seen without a search in depth."""
        if not self._may_be(text):
            return None
        found = self.pattern.fullmatch(text)
        return found.groupdict() if found else None

    def _may_be(self, text: str) -> bool:
        """Whether it begins, goes on and ends with the fixed parts."""
        if not text.startswith(self.fixed[0]) or not text.endswith(self.fixed[-1]):
            return False
        at = 0
        for part in self.fixed:
            found = text.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return True


def name(text: str, language: str) -> str:
    """A shipped status or priority; any other name is as it was."""
    return _NAMES.get(_base(language), {}).get(text, text)


def status(text: str, language: str, *, suspended: bool) -> str:
    """A status, with a word for a case that an act suspended: its status may be that of waiting."""
    shown = name(text, language)
    return f"{shown} ({_SUSPENDED.get(_base(language), 'suspended')})" if suspended else shown


def reasons(text: str, language: str) -> str:
    """Why something is not done, line by line."""
    return "\n".join(_translated(one, _base(language), _DEEPEST) for one in text.split("\n"))


def _translated(text: str, language: str, deep: int) -> str:
    """By the first line of the table that fits; what it holds of reasons or names is translated too."""
    if not deep or len(text) > _LONGEST:
        return text
    for line in _table(language):
        if (words := line.words(text)) is not None:
            inner = {at: _translated(name(words[at], language), language, deep - 1) for at in line.nested}
            return _filled(line.into, {**words, **inner})
    return text


def _filled(into: str, words: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: words[place[1]], into)


@lru_cache(maxsize=8)
def _table(language: str) -> Sequence[_Line]:
    return [_Line.of(*one) for one in _LINES.get(language, ())]


def _base(language: str) -> str:
    """`de-AT` is German."""
    return language.lower().replace("_", "-").partition("-")[0]
