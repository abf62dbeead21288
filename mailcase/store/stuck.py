"""Mail that the store holds and nobody goes on with (`mailcase audit`): found by the indexes of its states."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.health.situation import GONE_AFTER
from mailcase.soundness import MAY_BE_BEHIND, RELAY_MAY_TAKE, WHILE_OTHERS_LEAVE, Finding
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow, is_sqlite
from mailcase.store.engine import PRESENCE

_D, _O, _C = t.delivery.c, t.outbox.c, t.case.c
_DELIVERIES: Final = sa.select(
    _D.id, _D.mailbox, _D.journalled_at, _D.decided_at, _D.attempts, _D.reason, _D.error
).order_by(_D.id)
_ROWS: Final = (
    sa.select(
        _O.id, _O.mailbox, _O.delivery_id, _O.owner, _O.claimed_at, _O.created_at, _O.next_attempt_at, _O.expires_at,
        _O.reason, _O.last_error, _C.number,
    )
    .select_from(sa.outerjoin(t.outbox, t.case, _C.running == _O.case_id))
    .order_by(_O.id)
)  # fmt: skip
#: Few rows: automatic mail and the others are one index, over the time at which they were claimed.
_SENT: Final = (
    sa.select(_O.mailbox)
    .where(
        _O.automatic.in_((True, False)),
        _O.claimed_at >= sa.bindparam("claimed"),
        _O.sent_at >= sa.bindparam("sent"),
    )
    .distinct()
)
_NAMED: Final = 5  # of the mails of a mailbox that are overdue
# Asked of the list of locks: a lock of ours would keep a daemon of that name from joining again.
_LIVING: Final = sa.text("""
    SELECT owner FROM (SELECT DISTINCT owner FROM outbox WHERE state = 'sending') AS senders
    WHERE EXISTS (
        SELECT 1 FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock' AND objsubid = 2
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND classid::bigint = :presence AND objid::bigint = hashtext(owner)::bigint & 4294967295
    )
""").bindparams(presence=PRESENCE)


def stuck(conn: Connection, now: datetime, after: timedelta) -> list[Finding]:
    """What waits for longer than `after`, in the order of `soundness.RULES`; quarantine however long it does."""
    return [*_undecided(conn, now - after), *_sending(conn, now, after), *_overdue(conn, now, after), *_shunted(conn)]


def _undecided(conn: Connection, until: datetime) -> Iterator[Finding]:
    for row in conn.execute(_DELIVERIES.where(_D.outcome.is_(None), _D.journalled_at <= until)):
        yield Finding("undecided", row.journalled_at, row.mailbox, (row.id,), detail=_said(_tries(row), row.error))


def _shunted(conn: Connection) -> Iterator[Finding]:
    for row in conn.execute(_DELIVERIES.where(_D.outcome == "quarantined")):
        at = row.decided_at or row.journalled_at
        yield Finding("quarantined", at, row.mailbox, (row.id,), detail=_said(_tries(row), row.reason, row.error))


def _sending(conn: Connection, now: datetime, after: timedelta) -> Iterator[Finding]:
    """A daemon that lives may wait for its relay; of one that is gone the others take it over within a lease."""
    rows = conn.execute(_ROWS.where(_O.state == "sending")).all()
    living = _living(conn, now) if rows else frozenset()
    for row in rows:
        alive, since = row.owner in living, row.claimed_at or row.created_at
        if since <= now - after - (RELAY_MAY_TAKE if alive else timedelta(0)):
            yield _of_outbox("sending", row, since, f"by {row.owner}, which {'lives' if alive else 'is gone'}")


def _living(conn: Connection, now: datetime) -> frozenset[str]:
    """The owners of rows under way that are there: by their lock, on SQLite by what they last told."""
    if not is_sqlite(conn):
        return frozenset(conn.execute(_LIVING).scalars())
    told = sa.select(t.daemon.c.owner).where(t.daemon.c.seen_at > now - GONE_AFTER)
    return frozenset(conn.execute(told).scalars())


def _overdue(conn: Connection, now: datetime, after: timedelta) -> Iterator[Finding]:
    """By mailbox. Held by a limit, the breaker or a relay, or not: who holds it says until when."""
    late = sa.or_(_O.next_attempt_at <= now - after, _O.expires_at <= now - after)
    by_mailbox: dict[str, list[tuple[datetime, AnyRow]]] = defaultdict(list)
    for row in conn.execute(_ROWS.where(_O.state == "pending", late)):
        since = min(one for one in (row.next_attempt_at, row.expires_at) if one is not None)
        by_mailbox[row.mailbox].append((since, row))
    leaving = _leaving(conn, now, after) if by_mailbox else frozenset()
    for mailbox, rows in by_mailbox.items():
        behind = [one for one in rows if mailbox not in leaving or one[0] <= now - MAY_BE_BEHIND]
        if behind:
            yield _late(mailbox, sorted(behind, key=lambda one: one[0]), others_leave=mailbox in leaving)


def _leaving(conn: Connection, now: datetime, after: timedelta) -> frozenset[str]:
    """The mailboxes from which a daemon that lives sends, or sent within that time."""
    at_it = conn.execute(sa.select(_O.mailbox, _O.owner).where(_O.state == "sending").distinct()).all()
    living = _living(conn, now) if at_it else frozenset()
    sent = conn.execute(_SENT, {"claimed": now - after - RELAY_MAY_TAKE, "sent": now - after}).scalars()
    return frozenset([*(row.mailbox for row in at_it if row.owner in living), *sent])


def _late(mailbox: str, rows: Sequence[tuple[datetime, AnyRow]], *, others_leave: bool) -> Finding:
    """All of one mailbox, the oldest by name."""
    named = [row for _, row in rows[:_NAMED]]
    count = f"{len(rows)} mails" + (", these the oldest" if len(rows) > _NAMED else "") if len(rows) > 1 else ""
    return Finding(
        "overdue",
        rows[0][0],
        mailbox,
        tuple(dict.fromkeys(row.delivery_id for row in named if row.delivery_id is not None)),
        tuple(dict.fromkeys(row.number for row in named if row.number)),
        tuple(row.id for row in named),
        _said(count, WHILE_OTHERS_LEAVE if others_leave else "", named[0].reason, named[0].last_error),
    )


def _of_outbox(word: str, row: AnyRow, at: datetime, detail: str) -> Finding:
    cases = (row.number,) if row.number else ()
    messages = (row.delivery_id,) if row.delivery_id is not None else ()
    return Finding(word, at, row.mailbox, messages, cases, (row.id,), detail)


def _tries(row: AnyRow) -> str:
    return f"{row.attempts} tries" if row.attempts else ""


def _said(*parts: Any) -> str:
    return ": ".join(str(one) for one in parts if one)
