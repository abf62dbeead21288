"""A store that knows everything that a mail asks for: each id is a stored mail, each number a case."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from mailcase.message import Email
from mailcase.snapshot import AccountView, Acked, CaseView, ContactView, KnownMessage, Lookup, Snapshot

_STATUSES: Final = ("New", "In progress", "Waiting for response", "Resolved", "Reopened", "Closed", "Canceled")
_OPEN: Final = 7  # a case of the sender's that is always there
_MOST: Final = 40  # cases and mails that are answered: no mail names more in earnest


def busy(lookup: Lookup, now: datetime, email: Email) -> Snapshot:
    """The answers of a busy store; which statuses, people and marks is chosen by the mail's digest alone."""
    dice = hashlib.sha256(email.sha256.encode()).digest()
    numbers = [*sorted(lookup.case_numbers)[:_MOST], _OPEN, _OPEN + 1]
    cases = {number: _case(lookup, number, dice[number % 32], now) for number in numbers}
    ids = lookup.named_ids
    named = {one: (_message(lookup, one, at, dice[at % 32], now),) for at, one in enumerate(ids, 1)}
    own = lookup.message_id
    citing = {own: (_message(lookup, own + "x", 90, dice[3], now),)} if own and dice[4] % 2 else {}
    again = dice[5] % 16 == 0
    return Snapshot(
        lookup=lookup,
        now=now,
        same=(_message(lookup, own or "", 91, dice[6], now),) if again else (),
        messages=named,
        citing=citing,
        cases=cases,
        contact=ContactView(1, "Erin Example", 2, "de") if dice[7] % 2 else None,
        account=AccountView(2, "Visitor Ltd") if lookup.account_domain else None,
        open_cases=(_OPEN,),
        suppressed="hard_bounce" if dice[8] % 8 == 0 else "",
        acks=(Acked(now - timedelta(minutes=5), "another", lookup.group),),
        agent=dice[9] % 8 == 0,
    )


def _case(lookup: Lookup, number: int, dice: int, now: datetime) -> CaseView:
    return CaseView(
        running=number,
        number=f"SR-{number}",
        group=lookup.group,
        status=_STATUSES[dice % len(_STATUSES)],
        category="Incident",
        title="An earlier case",
        contact_id=1,
        account_id=2,
        participants=frozenset({lookup.sender_key} if dice % 3 else {"else@other.example"}),
        merged_into=_OPEN if dice % 11 == 0 and number != _OPEN else None,
        followers=(_OPEN + 1,) if dice % 5 == 0 and number < _OPEN else (),
        assignee="jane" if dice % 2 else "",
        version=1,
        created_at=now - timedelta(days=1, seconds=number % 1000),
        first_kind="person",
    )


def _message(lookup: Lookup, message_id: str, pk: int, dice: int, now: datetime) -> KnownMessage:
    ours = bool(dice % 2)
    return KnownMessage(
        pk=pk,
        message_id=message_id,
        direction="out" if ours else "in",
        automatic=dice % 4 == 1,
        identity=f"stored {pk}",
        date_key="",
        fingerprint=f"stored {pk}",
        sender_key="support@helpdesk.example" if ours else lookup.sender_key,
        participants=lookup.participant_keys if dice % 3 else frozenset({"else@other.example"}),
        account_id=None,
        cases=(_OPEN,) if dice % 7 else (),
        received_at=now - timedelta(hours=pk),
        outcome="" if ours else "created",
        reason="",
        erased=dice % 29 == 0,
    )
