"""Acts on mail that a person starts: take in files, explain a mail, accept, retry (contract.md)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailcase.bench import Bench
from mailcase.clock import utcnow
from mailcase.errors import Permanent, Transient
from mailcase.house import House
from mailcase.intake.reader import Reader, ReadFailure
from mailcase.log import Event, emit
from mailcase.message import Delivery, Email, Wish
from mailcase.ports import Arrival, Journalled, Settled
from mailcase.snapshot import Lookup, Snapshot
from mailcase.store.store import Store
from mailcase.verdict import Decision


@dataclass(frozen=True, slots=True)
class Explained:
    """A mail with the decision on it now."""

    email: Email
    delivery: Delivery
    lookup: Lookup
    decision: Decision


async def take_in(house: House, arrivals: Sequence[Arrival]) -> list[Settled]:
    """Journal mails and decide them: the same pipeline, the same promises (`mailcase ingest`).

    Returns one result an arrival, in order; one that is known by its key already keeps its outcome.

    Raises:
        Unavailable: the disk is too full; nothing was taken.
    """
    house.disk.check()
    rows = await house.call(house.store.journal, arrivals, None)
    return await decide(house, rows, arrivals)


async def decide(house: House, rows: Sequence[Journalled], arrivals: Sequence[Arrival]) -> list[Settled]:
    """Decide what was just journalled; returns as `take_in`."""
    waiting = [(row, one.raw) for row, one in zip(rows, arrivals, strict=True) if row.outcome is None]
    await house.pipeline.submit([row for row, _ in waiting], [raw for _, raw in waiting])
    return await _results(house, rows)


async def _results(house: House, rows: Sequence[Journalled]) -> list[Settled]:
    """What became of them, once nothing is under way."""
    await house.pipeline.drained()
    return [await house.call(_result, house.store, row.delivery.id) for row in rows]


def _result(store: Store, delivery_id: int) -> Settled:
    shown = store.message_show(delivery_id)
    outcome, reason, kind = (str(shown[name] or "") for name in ("outcome", "reason", "kind"))
    return Settled(delivery_id, outcome, reason, kind, shown["case"], queued=bool(shown["acknowledge"]))


def file_arrival(mailbox: str, raw: bytes, position: int, received_at: datetime, *, no_ack: bool) -> Arrival:
    """A mail of a file: known again by its bytes and its place among equal ones (behaviour.md 1)."""
    key = f"{hashlib.sha256(raw).hexdigest()}:{position}"
    return Arrival(mailbox, "file", "", key, None, None, received_at, raw, no_ack=no_ack)


async def explain(
    bench: Bench, store: Store | None, raw: bytes, mailbox: str, received_at: datetime, *, sent: bool = False
) -> Explained:
    """The decision on this mail now; writes nothing. Without a store it decides as on an empty one.

    `sent`: as if it lay in the mailbox's sent folder (B16).

    Raises:
        Permanent: the mail cannot be read.
    """
    reader = Reader(workers=1)
    try:
        (email,) = await reader.read_many([raw])
    finally:
        await reader.close()
    if isinstance(email, ReadFailure):
        raise Permanent(email.error)
    delivery = Delivery(0, mailbox, "explain", "", email.sha256, None, None, received_at, sent=sent)
    lookup = bench.look(email, delivery)
    snapshot = store.snapshot(lookup, utcnow()) if store else Snapshot(lookup=lookup, now=utcnow())
    snapshot = _without_itself(snapshot, email)
    return Explained(email, delivery, lookup, bench.decide(email, snapshot, delivery))


def _without_itself(snapshot: Snapshot, email: Email) -> Snapshot:
    """Leave out that this very mail was acknowledged before: its stored copy does not count."""
    if not any(one.identity == email.identity for one in snapshot.same):
        return snapshot
    return replace(snapshot, acks=tuple(one for one in snapshot.acks if one.content_key != email.content_key))


async def accept(house: House, delivery_id: int, wish: Wish) -> Settled:
    """Decide an ignored or junk mail again as if allowed (`mailcase message accept`).

    Raises:
        Permanent: there is no such delivery, it made or joined a case already, or it cannot be read.
    """
    row = await house.call(house.store.delivery, delivery_id, wish)
    if row.outcome not in ("ignored", "junk_case"):
        raise Permanent(
            f"delivery {delivery_id} is {row.outcome or 'not decided yet'}: only ignored and junk mail can be accepted"
        )
    raw = await house.call(house.store.raw, row.sha256)
    await house.pipeline.submit([row], [raw])
    (settled,) = await _results(house, [row])
    return settled


async def retry(house: House, delivery_id: int | None, actor: str) -> list[Settled]:
    """Take quarantined mail up again (`mailcase quarantine retry`), one or all."""
    rows = await house.call(house.store.quarantine_retry, delivery_id, utcnow(), actor)
    for row in rows:
        try:
            raw = await house.call(house.store.raw, row.sha256)
        except Permanent as error:
            await house.pipeline.quarantine(row, str(error), "raw_missing")
        except Transient as error:  # it lies undecided in the journal, and is taken up when it can be had
            emit(Event.DELIVERY_RETRY, delivery=row.delivery.id, mailbox=row.delivery.mailbox, error=str(error))
        else:
            await house.pipeline.submit([row], [raw])
    return await _results(house, rows)
