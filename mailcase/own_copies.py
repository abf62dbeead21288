"""Copies of our own mail under another Message-ID: in the sent folder, or in a report that carries one (decision 022).

A relay may replace the Message-ID. That a copy is ours is proved by the signed mark in its loop header alone.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from mailcase.actions import LearnId
from mailcase.hearing import Hearing
from mailcase.message import Delivery, Email
from mailcase.outbox.relay_ids import is_foreign
from mailcase.policy import MailboxPolicy
from mailcase.snapshot import KnownMessage, OwnCopy
from mailcase.tokens import LOOP_HEADER, TokenKeys, message_id, signed
from mailcase.verdict import OWN_MAIL

_MOST: Final = 4  # copies of one mail
_WHERE: Final = {"sent_folder": "it lies in the sent folder", "report": "the report carries it"}


def copies_in(email: Email, delivery: Delivery, boxes: tuple[MailboxPolicy, ...], keys: TokenKeys) -> list[OwnCopy]:
    """The copies that a mail of the sent folder is, or that any other mail carries, of what these mailboxes sent."""
    found: list[OwnCopy] = []
    for copy, header in islice(_marked(email, delivery), _MOST):
        if mark := signed(keys, (boxes[0].group,), header):
            ours = tuple(dict.fromkeys(message_id(mark, box.id_domain) for box in boxes))
            if copy not in ours:
                found.append(OwnCopy(copy, ours))
    return found


def _marked(email: Email, delivery: Delivery) -> Iterator[tuple[str, str]]:
    """Message-ID and loop header of each."""
    if not delivery.sent:
        yield from email.carried_marks
    elif email.message_id and (header := email.header(LOOP_HEADER)):
        yield email.message_id, header


def original(hearing: Hearing, copy: OwnCopy) -> KnownMessage | None:
    """Our mail as it is stored."""
    stored = (known for one in copy.ours for known in hearing.snapshot.messages.get(one, ()))
    return next((one for one in stored if one.direction == "out" and not one.erased), None)


def learned(hearing: Hearing, source: str) -> tuple[LearnId, ...]:
    """What the copies teach: other ids of our mails; `source` is sent_folder or report."""
    found: list[LearnId] = []
    for copy in hearing.snapshot.lookup.copies:
        ours = original(hearing, copy)
        if ours is None or not is_foreign(copy.message_id):
            continue
        if known := _others(hearing, copy.message_id, ours):
            hearing.note(
                "other id", "not learned", f"{copy.message_id} is {known}, though {_WHERE[source]} with our mark"
            )
            continue
        told = f"{copy.message_id} is our mail {ours.message_id}: {_WHERE[source]}, with our mark"
        hearing.note("other id", "learned", told)
        found.append(LearnId(ours.pk, copy.message_id, source))
    return tuple(found)


def _others(hearing: Hearing, wanted: str, ours: KnownMessage) -> str:
    """Whose the id is already, in words; "" where it is free or our mail's."""
    named = hearing.snapshot.messages.get(wanted, ())
    if any(one.message_id == wanted and one.reason != OWN_MAIL for one in (*named, *hearing.snapshot.same)):
        return "a mail of its own"
    others = (one for one in named if one.message_id != wanted and one.pk != ours.pk)
    return next((f"our mail {one.message_id}" for one in others), "")
