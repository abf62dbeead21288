"""Stored mail decided again under other rules, in a scratch store as it was then; what differs (P6)."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from mailcase.bench import Bench
from mailcase.errors import Permanent
from mailcase.intake.reader import ReadFailure
from mailcase.message import Email
from mailcase.store.replay_door import Rehearsal
from mailcase.store.replay_past import Decide, Step
from mailcase.store.store import Store

_SLICE: Final = 50  # mails that are read together
Read = dict[int, Email | ReadFailure | str]  # by delivery; a text says why there is nothing to read
ReadMany = Callable[[Sequence[bytes]], Awaitable[Sequence[Email | ReadFailure]]]
_COMPARED: Final = ("outcome", "reason", "case_id", "linked_by", "acknowledge")


@dataclass(frozen=True, slots=True)
class Difference:
    """A mail of which something else would become."""

    id: int  # of the delivery
    mailbox: str
    subject: str
    received_at: datetime
    was: dict[str, Any]  # outcome, reason, kind, case, linked_by, acknowledge, acknowledge_reason, trace
    would: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found."""

    since: datetime
    mails: int  # decided again
    differences: tuple[Difference, ...]
    left_out: dict[int, str]  # delivery -> why it could not be decided again


async def replay(store: Store, bench: Bench, since: datetime, mailbox: str | None, read: ReadMany) -> Replayed:
    """Decide again what was decided since then, in the same order and at the same moments; writes nothing.

    Args:
        store: the real store; it is read once, in one consistent look, and the raw mails as they are needed.
        bench: the rules to be tried.
        since: decided at that moment or later.
        mailbox: tell only of this one's mail; what came to the others is decided again all the same.
        read: as Reader.read_many.
    """
    policy = bench.policy
    with store.rehearsal(since, policy.mailboxes.keys(), policy.own_keys) as rehearsal:
        left_out = {one: why for one, why in rehearsal.past.given.items() if why}
        for steps in _slices(rehearsal.past.steps):
            emails = await _read(store, [one for one in steps if isinstance(one, Decide)], read)
            for step in steps:
                _take(rehearsal, step, emails, bench, left_out)
        return _compared(rehearsal, mailbox, left_out)


def _slices(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    for start in range(0, len(steps), _SLICE):
        yield steps[start : start + _SLICE]


async def _read(store: Store, steps: Sequence[Decide], read: ReadMany) -> Read:
    """The mails of these steps by delivery; a text says why one cannot be read."""
    found: Read = {}
    raws: dict[int, bytes] = {}
    for step in steps:
        try:
            raws[step.delivery.id] = store.raw(step.sha256)
        except Permanent as error:
            found[step.delivery.id] = str(error)
    emails = await read(list(raws.values()))
    return found | dict(zip(raws, emails, strict=True))


def _take(rehearsal: Rehearsal, step: Step, emails: Read, bench: Bench, left_out: dict[int, str]) -> None:
    """One step of the past."""
    if not isinstance(step, Decide):
        rehearsal.scratch.by_hand(step)
        return
    email = emails[step.delivery.id]
    if isinstance(email, str):
        left_out[step.delivery.id] = email
    elif isinstance(email, ReadFailure):
        rehearsal.scratch.unreadable(step, "unreadable")
    elif rehearsal.scratch.decide(step, email, bench):
        rehearsal.scratch.unreadable(step, "undecidable")


def _compared(rehearsal: Rehearsal, mailbox: str | None, left_out: dict[int, str]) -> Replayed:
    would, found = rehearsal.would(), []
    shown = [one for one, was in rehearsal.real.items() if mailbox in (None, was["mailbox"])]
    for one in shown:
        was, then = rehearsal.real[one], would[one]
        if one in rehearsal.past.given or one in left_out or all(was[name] == then[name] for name in _COMPARED):
            continue
        subject, received_at = rehearsal.subjects[one]
        known = {row["case_id"] for row in rehearsal.real.values()}
        found.append(Difference(one, was["mailbox"], subject, received_at, was, _named(then, known)))
    mails = sum(1 for one in shown if one not in left_out and one not in rehearsal.past.given)
    kept = {one: why for one, why in left_out.items() if one in shown}
    return Replayed(rehearsal.past.since, mails, tuple(found), kept)


def _named(then: dict[str, Any], known: set[Any]) -> dict[str, Any]:
    """The number of a case that was never made in truth means nothing."""
    new = then["outcome"] in ("created", "followed", "junk_case") and then["case_id"] not in known
    return {**then, "case": "a new case"} if new else then
