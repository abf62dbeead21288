"""A new case's title, description and priority from the mail (B10)."""

from typing import Final

import regex

from mailcase.cases.numbers import Mask
from mailcase.message import Email

_PREFIXES: Final = (
    "re", "aw", "antw", "sv", "vs", "ref", "odp", "res", "rif", "ynt", "atb", "bls", "回复", "回覆", "答复", "返信",
    "fwd", "fw", "wg", "tr", "rv", "enc", "doorst", "vb", "vl", "ilt", "pd", "転送", "转发", "轉寄",
)  # fmt: skip
_PREFIX: Final = regex.compile(rf"\s*(?:{'|'.join(_PREFIXES)})\s?(?:\[\d{{1,3}}\]|\(\d{{1,3}}\))?\s?[:：]", regex.I)
_BLANKS: Final = regex.compile(r"\s+")
_EMPTY_BRACKETS: Final = regex.compile(r"\[\s*\]|\(\s*\)|\{\s*\}")
_LONGEST_SUBJECT: Final = 4096  # characters that are looked at
_WINDOW: Final = 64  # code points before the limit in which a grapheme's start is looked for

_IMPORTANCE: Final = {"high": "High", "urgent": "High", "low": "Low", "non-urgent": "Low"}
_X_PRIORITY: Final = {"1": "High", "2": "High", "4": "Low", "5": "Low"}


def base_subject(subject: str) -> str:
    """The subject without Re/Fwd prefixes of any shipped language, blanks folded."""
    rest = subject[:_LONGEST_SUBJECT]
    while found := _PREFIX.match(rest):
        rest = rest[found.end() :]
    return str(_BLANKS.sub(" ", rest)).strip()


def is_reply_or_forward(subject: str) -> bool:
    """Whether the subject starts with a Re/Fwd prefix."""
    return _PREFIX.match(subject[:_LONGEST_SUBJECT]) is not None


def title(subject: str, masks: tuple[Mask, ...], limit: int, empty: str) -> str:
    """The case's title: no prefixes, no case numbers, at most `limit` characters on a grapheme."""
    rest = base_subject(subject)
    for mask in masks:
        rest = mask.pattern.sub(" ", rest)
    rest = base_subject(_EMPTY_BRACKETS.sub(" ", rest)).strip(" -–:|")
    return cut(rest, limit) or empty


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
