"""What a FETCH response brought: facts, a whole body, or a beginning; pure."""

import re
from collections.abc import Iterable
from typing import TypeVar

from mailcase.intake.imap.grammar import Piece, Response, fetched_uid, internal_date, number_of
from mailcase.intake.imap.ports import MailFact

T = TypeVar("T")
_BODY_LITERAL = re.compile(rb"BODY\[\] \{(\d+)\}\Z", re.IGNORECASE)
_BODY_QUOTED = re.compile(rb'BODY\[\] "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_BODY_BEHIND = re.compile(rb'BODY\[\]<\d+> (?:\{0*[1-9]\d*\}\Z|"[^"])', re.IGNORECASE)
_FACT = re.compile(rb"\b(?:RFC822\.SIZE|INTERNALDATE)\b", re.IGNORECASE)
_PART = re.compile(rb"BODY\[(HEADER|TEXT)\](?:<\d+>)? \{\d+\}\Z", re.IGNORECASE)
_PART_QUOTED = re.compile(rb'BODY\[(HEADER|TEXT)\](?:<\d+>)? "((?:[^"\\]|\\.)*)"', re.IGNORECASE)


def mail_fact(response: Response) -> MailFact | None:
    """UID, size and INTERNALDATE, None for what cannot be read of them: they are hints, and no mail is left for them.

    None for another session's FETCH that only tells flags (bug 15).
    """
    uid, lines = fetched_uid(response), response[::2]
    if uid is None or not any(_FACT.search(line) for line in lines):
        return None
    sizes, dates = (number_of(b"RFC822.SIZE", line) for line in lines), map(internal_date, lines)
    return MailFact(uid, _first(sizes), _first(dates))


def completed(fact: MailFact, before: MailFact | None) -> MailFact:
    """A fact with what an earlier answer to the same UID said and this one does not."""
    if before is None:
        return fact
    size = before.size if fact.size is None else fact.size
    return MailFact(fact.uid, size, fact.received_at or before.received_at)


def _first(found: Iterable[T | None]) -> T | None:
    return next((one for one in found if one is not None), None)


def body_of(response: Response) -> bytes | None:
    """The raw mail: a literal, or a quoted string as RFC 3501 also allows; None for NIL and what was not kept."""
    for line, literal in zip(response[::2], response[1::2], strict=False):
        if opened := _BODY_LITERAL.search(line):
            return literal if len(literal) == int(opened[1]) else None
    found = _BODY_QUOTED.search(response[0])
    return _unescaped(found[1]) if found else None


def has_octets_there(response: Response) -> bool:
    """Whether a BODY[]<n> of the mail has octets: what it begins behind is not its end (RFC 3501 6.4.5)."""
    return any(_BODY_BEHIND.search(line) for line in response[::2])


def header_and_text(response: Response) -> bytes | None:
    """BODY[HEADER] and the beginning of BODY[TEXT] as one mail; None where neither came, or both are empty."""
    parts: dict[bytes, bytes] = {}
    for index, line in enumerate(response[::2]):
        for found in _PART_QUOTED.finditer(line):
            parts[found[1].upper()] = _unescaped(found[2])
        opened = _PART.search(line)
        if opened:
            parts[opened[1].upper()] = response[2 * index + 1]
    if not any(parts.values()):
        return None
    header = parts.get(b"HEADER", b"")
    # a header that was cut must not swallow the text
    blank = b"" if header.endswith(b"\r\n\r\n") else b"\r\n\r\n"
    return header + blank + parts.get(b"TEXT", b"")


def _unescaped(quoted: Piece) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", quoted)
