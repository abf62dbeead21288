"""Agents' mails that stood on no case and come along with the mail that they belong to (B16)."""

from collections.abc import Iterator
from typing import Final

from mailcase.actions import Action, ShowMessage
from mailcase.hearing import Hearing
from mailcase.linking.thread import SEEN_FOR, shares
from mailcase.snapshot import KnownMessage

UNMATCHED: Final = "sent_unmatched"  # reason word of an agent's mail without a case
_MOST: Final = 20


def brought_along(hearing: Hearing, case: int) -> list[Action]:
    """Put them on the case: what an agent wrote first, and what he answered before we had read the question.

    `case` is a running number or actions.NEW. His addressees become the case's people, if one of them writes now.
    """
    found = {one.pk: one for one in _belonging(hearing)}
    actions: list[Action] = []
    for one in sorted(found.values(), key=lambda known: known.pk)[:_MOST]:
        hearing.note("sent before", "shown", f"an agent's mail {one.message_id} stood on no case and is shown here")
        kin = shares(one, hearing.snapshot, hearing.policy)
        people = hearing.policy.not_ours(one.participants) if kin else frozenset()
        actions.append(ShowMessage(case, one.pk, people))
    return actions


def _belonging(hearing: Hearing) -> Iterator[KnownMessage]:
    """Those that the mail names, then those that name it or an id that it names; the latter only between kin."""
    snapshot = hearing.snapshot
    for one in snapshot.lookup.thread_ids:
        yield from filter(_is_unplaced, snapshot.messages.get(one, ()))
    own = (snapshot.lookup.message_id,) if snapshot.lookup.message_id else ()
    since = snapshot.now - SEEN_FOR
    for one in (*own, *snapshot.lookup.thread_ids):
        for known in filter(_is_unplaced, snapshot.citing.get(one, ())):
            if known.received_at >= since and shares(known, snapshot, hearing.policy):
                yield known


def _is_unplaced(one: KnownMessage) -> bool:
    return one.direction == "out" and one.reason == UNMATCHED and not one.cases and not one.erased
