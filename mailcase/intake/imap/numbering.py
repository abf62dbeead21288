"""UIDVALIDITY and UIDNEXT of a SELECT: without a sound numbering no mail can be told from another; pure."""

import re
from collections.abc import Sequence

from mailcase.intake.imap.failures import Refused, readable
from mailcase.intake.imap.grammar import LARGEST_UID, Piece, number_of

_SAID = re.compile(rb"\bUIDVALIDITY ([^\]\s]{1,40})", re.IGNORECASE)


class NoNumbering(Refused):
    """The server numbers a folder's mails in no way that a client can keep; only its makers or owners can mend that."""


def uidvalidity_of(lines: Sequence[Piece], where: str) -> int:
    """The last UIDVALIDITY told, 1 to `LARGEST_UID`; NoNumbering names `where` (server and folder) for any other."""
    number = _last_valid(b"UIDVALIDITY", lines)
    if number is not None:
        return number
    said = [found[1] for line in lines if (found := _SAID.search(line))]
    told = f"gives UIDVALIDITY {readable(said[-1])}, not 1 to {LARGEST_UID}" if said else "gives no UIDVALIDITY"
    raise NoNumbering(f"{where}: the server {told} (RFC 9051 2.3.1.1), so its mails cannot be told apart")


def uidnext_of(lines: Sequence[Piece]) -> int | None:
    """The last UIDNEXT told; None where there is none, or one that no UID can be."""
    return _last_valid(b"UIDNEXT", lines)


def _last_valid(name: bytes, lines: Sequence[Piece]) -> int | None:
    found = (number_of(name, line) for line in reversed(lines))
    number = next((one for one in found if one is not None), None)
    return number if number is not None and 1 <= number <= LARGEST_UID else None
