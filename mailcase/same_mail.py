"""Is it a mail that the group knows already (B2), whether it was received or sent (B16)?"""

from mailcase.hearing import Hearing
from mailcase.snapshot import KnownMessage


def known_copy(hearing: Hearing, *, but: frozenset[str] = frozenset()) -> KnownMessage | None:
    """The stored message that is the same mail, or None.

    The same identity; between a received and a sent copy the same content too, for a relay may give what it
    takes from an agent another Message-ID. Outgoing mails whose reason is one of `but` are left out.
    """
    email = hearing.email
    for one in hearing.snapshot.same:
        sent = one.direction == "out"
        if sent and one.reason in but:
            continue
        if one.identity == email.identity:
            return one
        if (sent or hearing.delivery.sent) and one.fingerprint == email.fingerprint:
            return one
    return None
