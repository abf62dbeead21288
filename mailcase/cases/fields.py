"""A new case's title, description and priority from the mail (B10)."""

from typing import Final

import regex

from mailcase.cases.numbers import Mask
from mailcase.message import Email
from mailcase.subjects import base_subject

_BLANKS: Final = regex.compile(r"\s+")
_EMPTY_BRACKETS: Final = regex.compile(r"\[\s*\]|\(\s*\)|\{\s*\}")
_WINDOW: Final = 64  # code points before the limit in which a grapheme's start is looked for

_IMPORTANCE: Final = {"high": "High", "urgent": "High", "low": "Low", "non-urgent": "Low"}
_X_PRIORITY: Final = {"1": "High", "2": "High", "4": "Low", "5": "Low"}


def title(subject: str, masks: tuple[Mask, ...], limit: int, empty: str) -> str:
    """The case's title: no prefixes, no case numbers, at most `limit` characters on a grapheme."""
    rest = base_subject(subject).text
    for mask in masks:
        rest = mask.pattern.sub(" ", rest)
    rest = base_subject(_EMPTY_BRACKETS.sub(" ", rest)).text
    return cut(_BLANKS.sub(" ", rest).strip(" -–:|"), limit) or empty


def description(email: Email, limit: int) -> str:
    """The visible body, quotes kept, at most `limit` characters; the message keeps it all."""
    return cut(email.text.strip(), limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` code points, never through a grapheme."""
    if len(text) <= limit:
        return text
    start = max(0, limit - _WINDOW)
    end = start
    for found in regex.finditer(r"\X", text[start : limit + _WINDOW]):
        if start + found.end() > limit:
            break
        end = start + found.end()
    return text[:end].rstrip()


def priority(email: Email) -> str:
    """High, Medium or Low from Importance, X-Priority or Priority; Critical is never the mail's word."""
    for name in ("Importance", "Priority", "X-MSMail-Priority"):
        value = (email.header(name) or "").strip().lower()
        if value in _IMPORTANCE:
            return _IMPORTANCE[value]
    return _X_PRIORITY.get((email.header("X-Priority") or "").strip()[:1], "Medium")
