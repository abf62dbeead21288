"""Texts for headers and templates: one line, no controls, no bidi tricks, cut between graphemes."""

import unicodedata
from typing import Final

import regex

_LOOK_AT: Final = 4000  # characters of a text that are looked at
_DROPPED: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_BROKEN: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_NEAR: Final = 256  # characters: a word without a blank for so long is counted from the beginning
_GRAPHEME: Final = regex.compile(r"\X")


def printable(text: str) -> str:
    """The text with controls, line separators and lone surrogates as blanks, without direction marks.

    Marks that turn the writing direction could hide the case number. reliability.md "Headers", F30, F38.
    """
    if text.isprintable():  # almost every text: nothing of all that is in it
        return text
    kept = (char for char in text if char not in _DROPPED)
    return "".join(" " if unicodedata.category(char) in _BROKEN else char for char in kept)


def one_line(text: str, limit: int) -> str:
    """The printable text on one line of at most `limit` characters, blanks joined, cut between graphemes."""
    return cut(" ".join(printable(text[:_LOOK_AT]).split()), limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, cut between graphemes, with an ellipsis where something is gone."""
    if len(text) <= limit:
        return text
    end = _last_blank(text, limit - 1)
    for found in _GRAPHEME.finditer(text, end):
        if found.end() > limit - 1:
            break
        end = found.end()
    return text[:end].rstrip() + "…"


def _last_blank(text: str, before: int) -> int:
    """Where a word ends shortly before, and with it a grapheme: those of a long text are not all counted."""
    if before <= _NEAR:
        return 0
    return max(0, *(text.rfind(blank, before - _NEAR, before) for blank in " \n"))
