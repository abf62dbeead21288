"""Is the mail to us, and to which of our mailboxes (B4)."""

from collections.abc import Iterator
from typing import Final

from mailcase.intake.addresses import without_tag
from mailcase.message import Address, Email
from mailcase.policy import MailboxPolicy

_MOST: Final = 10_000  # addresses of one header that are looked at: all that are read
_NAMED: Final = 3  # addresses that the evidence of a miss names


def _fields(email: Email) -> Iterator[tuple[str, tuple[Address, ...]]]:
    """The headers that count, in the order in which they name the mailbox."""
    yield "To", email.to
    yield "Cc", email.cc
    yield "Resent-To", email.resent_to
    yield "Resent-Cc", email.resent_cc
    yield "Delivered-To", email.delivered_to  # with X-Original-To and Envelope-To


def _matches(one: Address, mailbox: MailboxPolicy) -> bool:
    """The address itself, or a sub-address of it (support+x@ counts as support@)."""
    return one.key in mailbox.keys or without_tag(one.key) in mailbox.keys


def registered(email: Email, mailbox: MailboxPolicy) -> tuple[bool, str]:
    """Whether one of the mailbox's addresses is a recipient, with the address and header that show it.

    Where none is: False and the addresses seen, as candidates for an alias.
    """
    seen: dict[str, None] = {}
    for header, found in _fields(email):
        for one in found[:_MOST]:
            if _matches(one, mailbox):
                return True, f"{one.address} in {header}"
            seen[one.address] = None
    named = ", ".join(list(seen)[:_NAMED]) + (" …" if len(seen) > _NAMED else "")
    return False, f"none of ours among {named}" if seen else "no recipient header names anyone"


def receiving_mailbox(email: Email, mailboxes: tuple[MailboxPolicy, ...], delivered: MailboxPolicy) -> MailboxPolicy:
    """Of the group's mailboxes the one that is named first, whichever delivery is decided first.

    `mailboxes` are those of the group; where none is named it is `delivered`, the delivering one.
    """
    for _, found in _fields(email):
        for one in found[:_MOST]:
            hit = next((box for box in mailboxes if _matches(one, box)), None)
            if hit:
                return hit
    return delivered
