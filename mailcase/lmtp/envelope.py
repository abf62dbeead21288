"""One mail as it is handed in: whom it is for, and the trace lines of a final delivery (RFC 5321 4.4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiosmtpd.smtp import Envelope

from mailcase.intake.addresses import key_of, without_tag
from mailcase.policy import MailboxPolicy

NULL: Final = "<>"  # the null sender, as aiosmtpd names it
_CONTROLS: Final = bytes([*range(32), 127])


@dataclass(frozen=True, slots=True)
class Recipient:
    """A recipient that was accepted."""

    address: str  # as the client wrote it
    mailbox: str


class Handed(Envelope):
    """aiosmtpd's envelope with what we know of it; a new one for each mail."""

    def __init__(self) -> None:
        super().__init__()
        self.recipients: list[Recipient] = []
        self.size = 0  # bytes that the client announced; 0: it did not


def mailbox_of(address: str, mailboxes: Iterable[MailboxPolicy]) -> str | None:
    """The mailbox with this address or alias, else the one of which it is a sub-address (B4); None: nobody's."""
    boxes = tuple(mailboxes)
    key = key_of(address)
    for wanted in (key, without_tag(key)):
        for box in boxes:
            if wanted in box.keys:
                return box.name
    return None


def traces(sender: str, recipients: Sequence[Recipient]) -> Mapping[str, bytes]:
    """Mailbox -> the lines above its copy, in the order of the recipients; several of one mailbox share one.

    They hold the envelope, Return-Path and Delivered-To, so that a mail whose header names nobody (a Bcc) has its
    registered recipient (B4) and a null sender is seen (K3). Each mailbox sees its own recipients only: who else
    got a Bcc is not told to the agents of another group.
    """
    found: dict[str, list[str]] = {}
    for one in recipients:
        found.setdefault(one.mailbox, []).append(one.address)
    return {name: _trace(sender, addresses) for name, addresses in found.items()}


def _trace(sender: str, addresses: Sequence[str]) -> bytes:
    path = b"<" + _wire(sender.removeprefix("<").removesuffix(">")) + b">"
    lines = [b"Return-Path: " + path, *(b"Delivered-To: " + _wire(one) for one in dict.fromkeys(addresses))]
    return b"\r\n".join(lines) + b"\r\n"


def _wire(address: str) -> bytes:
    """The octets that came; a control character could begin a header of its own."""
    return address.encode("utf-8", "surrogateescape").translate(None, _CONTROLS)
