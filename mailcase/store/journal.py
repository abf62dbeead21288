"""The journal: raw bytes and delivery rows, stored before anything is decided (B1)."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.clock import utcnow
from mailcase.errors import Permanent
from mailcase.faults import hit
from mailcase.message import Delivery, Wish
from mailcase.ports import Arrival, Cursor, Journalled
from mailcase.store import restored
from mailcase.store import tables as t
from mailcase.store.again import again
from mailcase.store.dialect import AnyRow, insert_or_set, is_sqlite, new_statement
from mailcase.store.engine import Engines
from mailcase.store.hot import Hot
from mailcase.store.late import count_late
from mailcase.store.raw import RawPlace

_D = t.delivery.c
_C = t.mailbox_cursor.c
_FACTS = (
    _D.id, _D.mailbox, _D.source, _D.folder, _D.key, _D.uidvalidity, _D.uid, _D.received_at,
    _D.backlog, _D.no_ack, _D.oversize, _D.sent, _D.raw_sha256, _D.outcome, _D.attempts,
)  # fmt: skip
_CURSOR = (
    _C.source, _C.folder, _C.mailbox, _C.uidvalidity, _C.last_uid, _C.baseline_uid, _C.baseline_at,
    _C.start, _C.compared_at,
)  # fmt: skip
_INSERT = {
    lite: Hot(new_statement(t.delivery, ("source", "folder", "key"), lite=lite).returning(_D.id))
    for lite in (True, False)
}
_MARK = Hot(sa.update(t.delivery).where(_D.id == sa.bindparam("b_id")).values(marked=True))
_INBOX = ("", "INBOX")  # a Maildir's only folder has no name
_BY_KEY = sa.select(*_FACTS).where(
    _D.source == sa.bindparam("at_source"), _D.folder == sa.bindparam("at_folder"), _D.key == sa.bindparam("at_key")
)


def keep(engines: Engines, place: RawPlace, arrivals: Sequence[Arrival]) -> list[str]:
    """Before the journal's transaction: raw bytes that go elsewhere are durable there (R1). Returns their hashes.

    It may wait for another server: not in the thread that writes.
    """
    hashes = [hashlib.sha256(one.raw).hexdigest() for one in arrivals]
    place.keep(engines, {sha256: one.raw for sha256, one in zip(hashes, arrivals, strict=True)})
    hit("after_raw")
    return hashes


@again
def journal(
    engines: Engines, place: RawPlace, arrivals: Sequence[Arrival], cursor: Cursor | None, hashes: Sequence[str]
) -> list[Journalled]:
    """Store what arrived and the cursor in one durable transaction, after `keep` (R1).

    Returns one Journalled an arrival, in order; `new` is False where the key was known. Raises Fenced.
    """
    now = utcnow()
    names = [(one.source, one.mailbox) for one in arrivals]
    if cursor is not None:
        names.append((cursor.source, cursor.mailbox))
    with engines.write() as conn:
        engines.fences.mailboxes(conn, names)
        place.put(conn, {sha256: one.raw for sha256, one in zip(hashes, arrivals, strict=True)})
        taken = restored.held_back(conn, arrivals)
        kept = [_insert(conn, one, sha256, now) for one, sha256 in zip(taken, hashes, strict=True)]
        count_late(conn, sum(row.new and one.late for row, one in zip(kept, taken, strict=True)))
        if cursor is not None:
            save_cursor(conn, cursor)
    return kept


def _insert(conn: Connection, arrival: Arrival, sha256: str, now: datetime) -> Journalled:
    """One row in arrival order, so that ids are the journal's order."""
    new = _INSERT[is_sqlite(conn)].run(conn, _row(arrival, sha256, now))
    if new:
        return Journalled(_delivery_of(arrival, new[0].id), sha256, new=True, outcome=None, attempts=0)
    where = {"at_source": arrival.source, "at_folder": arrival.folder, "at_key": arrival.key}
    return _journalled(conn.execute(_BY_KEY, where).one())


def _row(arrival: Arrival, sha256: str, now: datetime) -> dict[str, Any]:
    return {
        "mailbox": arrival.mailbox, "source": arrival.source, "folder": arrival.folder, "key": arrival.key,
        "uidvalidity": arrival.uidvalidity, "uid": arrival.uid, "received_at": arrival.received_at,
        "journalled_at": now, "raw_sha256": sha256, "size": len(arrival.raw), "attempts": 0,
        "backlog": arrival.backlog, "no_ack": arrival.no_ack, "oversize": arrival.oversize, "sent": arrival.sent,
        "remainder": asdict(arrival.remainder) if arrival.remainder else None, "marked": False,
        "reason": "", "linked_by": "", "sender_unverified": False, "acknowledge": False,
        "acknowledge_reason": "", "policy_hash": "", "error": "",
    }  # fmt: skip


def _delivery_of(arrival: Arrival, row: int) -> Delivery:
    return Delivery(
        row, arrival.mailbox, arrival.source, arrival.folder, arrival.key, arrival.uidvalidity, arrival.uid,
        arrival.received_at, arrival.backlog, arrival.no_ack, arrival.oversize, arrival.sent,
    )  # fmt: skip


def _journalled(row: AnyRow, wish: Wish | None = None) -> Journalled:
    found = Delivery(
        row.id, row.mailbox, row.source, row.folder, row.key, row.uidvalidity, row.uid, row.received_at,
        row.backlog, row.no_ack, row.oversize, row.sent, wish or Wish(),
    )  # fmt: skip
    return Journalled(found, row.raw_sha256, new=False, outcome=row.outcome, attempts=row.attempts)


def cursor(conn: Connection, source: str, folder: str) -> Cursor | None:
    """The cursor of that folder."""
    row = conn.execute(sa.select(*_CURSOR).where(_C.source == source, _C.folder == folder)).one_or_none()
    return Cursor(*row) if row is not None else None


def moved_cursor(conn: Connection, mailbox: str, folder: str) -> Cursor | None:
    """The newest cursor that this mailbox name has for such a folder; a Maildir is the INBOX of a mailbox."""
    same = _C.folder.in_(_INBOX if folder in _INBOX else (folder,))
    statement = sa.select(*_CURSOR).where(_C.mailbox == mailbox, same).order_by(_C.saved_at.desc())
    row = conn.execute(statement.limit(1)).one_or_none()
    return Cursor(*row) if row is not None else None


def save_cursor(conn: Connection, cursor: Cursor) -> None:
    """Insert or replace."""
    names = ("mailbox", "uidvalidity", "last_uid", "baseline_uid", "baseline_at", "start", "compared_at")
    row = {name: getattr(cursor, name) for name in ("source", "folder", *names)}
    row["saved_at"] = utcnow()
    conn.execute(insert_or_set(conn, t.mailbox_cursor, *names, "saved_at"), row)


def known_uids(conn: Connection, source: str, folder: str, uidvalidity: int) -> frozenset[int]:
    """All UIDs of that folder in the journal."""
    statement = sa.select(_D.uid).where(
        _D.source == source, _D.folder == folder, _D.uidvalidity == uidvalidity, _D.uid.is_not(None)
    )
    return frozenset(conn.execute(statement).scalars())


def received(conn: Connection, source: str, folder: str, uidvalidities: range) -> dict[int, datetime]:
    """When each UID was received; of two of one number the later uidvalidity's. They may be too many to be listed."""
    first, end, step = uidvalidities.start, uidvalidities.stop, uidvalidities.step
    statement = (
        sa.select(_D.uid, _D.received_at)
        .where(_D.source == source, _D.folder == folder, _D.uid.is_not(None))
        .where(_D.uidvalidity >= first, _D.uidvalidity < end, (_D.uidvalidity - first) % step == 0)
        .order_by(_D.uidvalidity)
    )
    return {row.uid: row.received_at for row in conn.execute(statement)}


def unmarked(
    conn: Connection, source: str, folder: str, uidvalidity: int, ours: Callable[[str], bool]
) -> list[tuple[int, int]]:
    """(delivery id, uid) that the server is still to be told of; never what B1 leaves alone.

    What the same account brought under another mailbox's name is told by the daemon that works that one.
    """
    statement = (
        sa.select(_D.id, _D.uid, _D.mailbox)
        .where(_D.source == source, _D.folder == folder, _D.uidvalidity == uidvalidity, _D.marked.is_(False))
        .where(_D.uid.is_not(None), _D.outcome.is_not(None), _D.outcome != "quarantined")
        .where(_D.oversize.is_(False), _D.reason != "before_start")
        .order_by(_D.id)
    )
    return [(row.id, row.uid) for row in conn.execute(statement) if ours(row.mailbox)]


def set_marked(conn: Connection, delivery_ids: Sequence[int]) -> None:
    """Remember that the server was told."""
    _MARK.many(conn, [{"b_id": one} for one in delivery_ids])


def undecided(conn: Connection, limit: int, after: int) -> list[Journalled]:
    """Deliveries that wait for their decision, oldest first."""
    statement = sa.select(*_FACTS).where(_D.outcome.is_(None), _D.id > after).order_by(_D.id).limit(limit)
    return [_journalled(row) for row in conn.execute(statement)]


def delivery(conn: Connection, delivery_id: int, wish: Wish) -> Journalled:
    """One row; Permanent if there is none."""
    row = conn.execute(sa.select(*_FACTS).where(_D.id == delivery_id)).one_or_none()
    if row is None:
        raise Permanent(f"there is no message {delivery_id}")
    return _journalled(row, wish)


def count_attempt(conn: Connection, delivery_ids: Sequence[int], by: int) -> dict[int, int]:
    """attempts + `by` of those that are undecided; returns id -> attempts."""
    if not delivery_ids:
        return {}
    mine = sa.and_(_D.id.in_(delivery_ids), _D.outcome.is_(None), _D.attempts + by >= 0)
    statement = sa.update(t.delivery).where(mine).values(attempts=_D.attempts + by)
    return {row.id: row.attempts for row in conn.execute(statement.returning(_D.id, _D.attempts))}
