"""What a FETCH response brought: facts, a whole body, or a beginning; pure."""

import re

from mailcase.intake.imap.grammar import Piece, Response, fetched_uid, internal_date, number_of
from mailcase.intake.imap.ports import MailFact

_BODY_LITERAL = re.compile(rb"BODY\[\] \{\d+\}\Z", re.IGNORECASE)
_BODY_QUOTED = re.compile(rb'BODY\[\] "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_PART = re.compile(rb"BODY\[(HEADER|TEXT)\](?:<\d+>)? \{\d+\}\Z", re.IGNORECASE)
_PART_QUOTED = re.compile(rb'BODY\[(HEADER|TEXT)\](?:<\d+>)? "((?:[^"\\]|\\.)*)"', re.IGNORECASE)


def mail_fact(response: Response) -> MailFact | None:
    """UID, size and INTERNALDATE; None for another session's FETCH that only tells flags (bug 15)."""
    line = response[0]
    uid, received_at = fetched_uid(response), internal_date(line)
    if uid is None or received_at is None:
        return None
    return MailFact(uid, number_of(b"RFC822.SIZE", line) or 0, received_at)


def body_of(response: Response) -> bytes | None:
    """The raw mail: a literal, or a quoted string as RFC 3501 also allows; None for NIL."""
    for line, literal in zip(response[::2], response[1::2], strict=False):
        if _BODY_LITERAL.search(line):
            return literal
    found = _BODY_QUOTED.search(response[0])
    return _unescaped(found[1]) if found else None


def header_and_text(response: Response) -> bytes | None:
    """BODY[HEADER] and the beginning of BODY[TEXT] as one mail; None where neither came."""
    parts: dict[bytes, bytes] = {}
    for index, line in enumerate(response[::2]):
        for found in _PART_QUOTED.finditer(line):
            parts[found[1].upper()] = _unescaped(found[2])
        opened = _PART.search(line)
        if opened:
            parts[opened[1].upper()] = response[2 * index + 1]
    if not parts:
        return None
    header = parts.get(b"HEADER", b"")
    # a header that was cut must not swallow the text
    blank = b"" if header.endswith(b"\r\n\r\n") else b"\r\n\r\n"
    return header + blank + parts.get(b"TEXT", b"")


def _unescaped(quoted: Piece) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", quoted)
