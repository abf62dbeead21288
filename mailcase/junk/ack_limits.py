"""K9 and K10: the limit per address, and loops judged by their cause."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from mailcase.junk.ack_question import AckQuestion, No, Yes, moment
from mailcase.snapshot import KnownMessage
from mailcase.tokens import verify

_MOST_HOPS: Final = 30
_MOST_OWN_IDS: Final = 4
_NEWEST: Final = 32  # ids of the thread that are looked at, as in a Lookup
_LOOP_WINDOW: Final = timedelta(hours=24)
_SAME_WINDOW: Final = timedelta(minutes=60)


def under_the_limit(q: AckQuestion) -> No | Yes:
    """K9: `per_address`. The limits per domain, in total and the breaker delay a mail: the drain's business."""
    limit = q.policy.acknowledge.per_address
    sent = sum(1 for one in q.snapshot.acks if one.at > q.now - limit.window)
    seen = f"{sent} of {limit.count} within {limit.window}"
    return No("address_limit", seen) if sent >= limit.count else Yes(seen)


def few_hops(q: AckQuestion) -> No | Yes:
    """K10: fewer than 30 Received fields (S6)."""
    hops = sum(1 for _ in q.email.header_all("Received"))
    return No("received_loop", f"{_MOST_HOPS} Received or more") if hops >= _MOST_HOPS else Yes(f"{hops} Received")


def no_thread_of_ours(q: AckQuestion) -> No | Yes:
    """K10: fewer than four automatic mails of ours of the last 24 hours among the ids it names."""
    ids = dict.fromkeys((*q.email.in_reply_to, *q.email.references[-_NEWEST:]))
    own = sum(1 for one in ids if _own_automatic(q, one))
    seen = f"{own} automatic mails of ours in References"
    return No("reference_loop", seen) if own >= _MOST_OWN_IDS else Yes(seen)


def _own_automatic(q: AckQuestion, message_id: str) -> bool:
    """Known: by its date. Signed by us but not known any more: it counts, its age cannot be told."""
    known = [one for one in q.snapshot.messages.get(message_id, ()) if one.direction == "out"]
    if known:
        return any(_recent(q, known))
    mark = verify(q.policy.keys, q.policy.groups, message_id)
    return mark is not None and mark.automatic


def _recent(q: AckQuestion, known: list[KnownMessage]) -> Iterator[bool]:
    return (one.automatic and q.now - one.received_at < _LOOP_WINDOW for one in known)


def something_new(q: AckQuestion) -> No | Yes:
    """K10: not the same subject, sender, text and attachments as a mail that this group just acknowledged (B4)."""
    mine = (one for one in q.snapshot.acks if one.group == q.mailbox.group)
    same = (one for one in mine if one.content_key == q.email.content_key)
    recent = next((one for one in same if q.now - one.at <= _SAME_WINDOW), None)
    if recent:
        return No("same_content", f"the same was acknowledged at {moment(recent.at)}")
    return Yes("nothing like it was acknowledged within 60 minutes")
