"""Deciding mails in the write transaction: load, decide, apply; in savepoints where one of them fails (steps 6-8)."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection

from mailcase.errors import Fenced, MailcaseError, Permanent, StoreFull
from mailcase.faults import hit
from mailcase.message import Wish
from mailcase.ports import ROW_HELD, Judge, Reading, Settled
from mailcase.store import tables as t
from mailcase.store.again import Locked, RowHeld
from mailcase.store.apart import TROUBLE, in_words
from mailcase.store.apply import apply
from mailcase.store.dialect import AnyRow
from mailcase.store.engine import Engines
from mailcase.store.hot import driver
from mailcase.store.load import load
from mailcase.store.references import note_references
from mailcase.store.work import Conflict, Later, Work

_TRIES: Final = 3  # a mail that finds its case changed, or a transaction that finds the store busy
_PAUSE_S: Final = 0.1  # at most, by chance, before the next of them
_WHOSE: Final = "another session's open transaction holds a row that this mail changes: pg_stat_activity says whose"
_BRIEFLY: Final = "SET LOCAL lock_timeout = '1s'"  # of one mail, when the others have waited for it once
_HELD_S: Final = 60.0  # so long a row counts as held: the next batches do not wait for it at length again
_NO_MAILS_FAULT: Final = (StoreFull, Fenced)
_D, _C = t.delivery.c, t.case.c
# Locked, so that two daemons never decide one delivery at once.
_LOCK = (
    sa.select(_D.id, _D.outcome, _D.reason, _D.kind, _D.case_id)
    .where(_D.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(_D.id)
    .with_for_update()
)
# Asked apart: PostgreSQL would join the case as it was before the lock was waited for.
_NUMBER = sa.select(_C.number).where(_C.running == sa.bindparam("of_case"))


def settle(
    engines: Engines,
    readings: Sequence[Reading],
    judge: Judge,
    now: datetime,
    split: Callable[[int, str], None],
) -> list[Settled]:
    """Decide a batch in one durable transaction; if that fails, one by one.

    No mail has a savepoint at first, which would be two questions more of a store for each. Where one goes wrong all
    are decided again, each in a savepoint of its own.
    `split` is told how many are done one by one, and why. Returns a Settled for each reading, in order.

    A mail that needs a row which somebody holds is left undecided (`ROW_HELD`), and the others go on without it (P4).

    Raises:
        Unavailable: the store does not answer; nothing that has no Settled was written.
        Fenced: another daemon works the mailbox of one of them; nothing was written.
    """
    if not readings:
        return []
    try:
        with suppress(_Spoilt):
            return _together(engines, readings, judge, now, _plainly)
        return _together(engines, readings, judge, now, _apart)
    except _NO_MAILS_FAULT:
        raise
    except MailcaseError as error:
        split(len(readings), str(error))
        return [_alone(engines, reading, judge, now) for reading in readings]


def _together(engines: Engines, readings: Sequence[Reading], judge: Judge, now: datetime, one: "_One") -> list[Settled]:
    with engines.write() as conn:
        if engines.is_postgres and (one is _apart or time.monotonic() - engines.row_held_at < _HELD_S):
            conn.exec_driver_sql(_BRIEFLY)
        engines.fences.mailboxes(conn, _watched(readings))
        known = {row.id: row for row in conn.execute(_LOCK, {"ids": [one.delivery.id for one in readings]})}
        later = Later()
        results: dict[int, Settled] = {}
        for reading in readings:
            delivery = reading.delivery
            if delivery.id not in results:
                row = known.get(delivery.id)
                results[delivery.id] = _unless_decided(conn, reading, row) or one(conn, reading, judge, now, later)
        later.write(conn)
        hit("before_commit")
    hit("after_commit")
    return [results[one.delivery.id] for one in readings]


def _watched(readings: Sequence[Reading]) -> Iterator[tuple[str, str]]:
    """Sources and mailboxes; what a person wants decided again is nobody's but his."""
    return ((one.delivery.source, one.delivery.mailbox) for one in readings if one.delivery.wish == Wish())


def _alone(engines: Engines, reading: Reading, judge: Judge, now: datetime) -> Settled:
    """One mail in a transaction of its own, a few times; then it is the mail's fault if the store answers."""
    for last in (False,) * (_TRIES - 1) + (True,):
        try:
            return _together(engines, (reading,), judge, now, _apart)[0]
        except RowHeld as error:
            if reading.delivery.wish != Wish():  # a person waits for it, and nobody takes it up later
                raise
            engines.row_held_at = time.monotonic()
            return replace(_failed(reading, error), reason=ROW_HELD, error=f"{error}; {_WHOSE}")
        except (*_NO_MAILS_FAULT, Locked):
            raise
        except MailcaseError as error:
            if last:
                _answers(engines)
                return _failed(reading, error)
            time.sleep(random.uniform(0.0, _PAUSE_S))  # noqa: S311 - who met must not meet again
    raise AssertionError("the last try returns or raises")


def _answers(engines: Engines) -> None:
    """Raise Unavailable unless the store takes a transaction."""
    with engines.write() as conn:
        conn.execute(sa.select(sa.literal(1)))


def _unless_decided(conn: Connection, reading: Reading, row: AnyRow | None) -> Settled | None:
    """What became of a decided delivery, unless a person wants it decided again."""
    if row is None:
        return _failed(reading, Permanent(f"there is no delivery {reading.delivery.id} in the journal"))
    if row.outcome is None or reading.delivery.wish != Wish():
        return None
    number = conn.execute(_NUMBER, {"of_case": row.case_id}).scalar_one_or_none()
    return Settled(row.id, row.outcome, row.reason, row.kind or "", number, queued=False)


class _Spoilt(Exception):
    """One mail went wrong in a transaction in which none has a savepoint."""


#: How one mail of a batch is decided and applied.
_One = Callable[[Connection, Reading, Judge, datetime, Later], Settled]


def _plainly(conn: Connection, reading: Reading, judge: Judge, now: datetime, later: Later) -> Settled:
    """As most mail goes; raises _Spoilt where it does not."""
    try:
        settled, work = _decide(conn, reading, judge, now, later)
    except TROUBLE:
        raise
    except Exception as error:
        raise _Spoilt from error
    later.take(work.later)
    return settled


def _apart(conn: Connection, reading: Reading, judge: Judge, now: datetime, later: Later) -> Settled:
    """Within its savepoint: what goes wrong with it alone leaves the others untouched (P4)."""
    lost: Exception = Conflict("the case changed each time")
    for _ in range(_TRIES):
        driver(conn, "SAVEPOINT mail")
        try:
            settled, work = _decide(conn, reading, judge, now, later)
            driver(conn, "RELEASE SAVEPOINT mail")
        except (Conflict, exc.IntegrityError) as error:
            driver(conn, "ROLLBACK TO SAVEPOINT mail")
            lost = error
        except TROUBLE:
            raise
        except Exception as error:
            driver(conn, "ROLLBACK TO SAVEPOINT mail")
            return _failed(reading, error)
        else:
            later.take(work.later)
            return settled
    return _failed(reading, lost)


def _decide(conn: Connection, reading: Reading, judge: Judge, now: datetime, earlier: Later) -> tuple[Settled, Work]:
    lookup = judge.look(reading.email, reading.delivery)
    note_references(conn, lookup)
    snapshot = load(conn, lookup, now)
    decision = judge.decide(reading.email, snapshot, reading.delivery)
    work = Work(conn, reading.email, reading.delivery, judge, lookup, snapshot, decision, earlier=earlier)
    return apply(work), work


def _failed(reading: Reading, error: Exception) -> Settled:
    """What is not known to be hopeless counts as transient; the caller counts the attempts."""
    return Settled(
        reading.delivery.id, "", "", "", None, queued=False, error=in_words(error),
        transient=not isinstance(error, Permanent),
    )  # fmt: skip
