"""Is it a mail that the group knows already (B2), whether it was received or sent (B16)?"""

from collections.abc import Callable

from mailcase.hearing import Hearing
from mailcase.message import Email
from mailcase.snapshot import KnownMessage


def known_copy(hearing: Hearing, *, but: Callable[[KnownMessage], bool] = lambda _: False) -> KnownMessage | None:
    """The stored message that is the same mail, or None.

    The same identity; where the content decides and one of them was fetched in part, the same beginning; between
    a received and a sent copy the same content too, for a relay may give what it takes from an agent another
    Message-ID. Outgoing mails of which `but` is true are left out.
    """
    email = hearing.email
    for one in hearing.snapshot.same:
        sent = one.direction == "out"
        if sent and but(one):
            continue
        if one.identity == email.identity or is_other_part(hearing, one):
            return one
        if (sent or hearing.delivery.sent) and one.fingerprint == email.fingerprint:
            return one
    return None


def is_other_part(hearing: Hearing, one: KnownMessage) -> bool:
    """Whether one of them is the whole mail of which the other is the beginning."""
    return one.beginning != "" and one.beginning in hearing.snapshot.lookup.beginnings


def stored_beginning(email: Email, *, oversize: bool) -> str:
    """`Email.beginning` with whether more was fetched; two whole mails that begin alike are two mails."""
    return f"{'part' if oversize else 'whole'}:{email.beginning}" if email.beginning else ""
