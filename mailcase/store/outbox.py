"""Reading the outbox: what is due, how much left of late, and the list for people."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.life.changes import StoredFile
from mailcase.ports import OutboxMail, SendCounts
from mailcase.sharing import EVERYTHING, Portion
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow, is_sqlite

_O, _C = t.outbox.c, t.case.c
_LEFT: Final = ("sending", "sent", "uncertain", "bounced")  # states of mail that left or is under way
_HOUR: Final = timedelta(hours=1)
_WEEK: Final = timedelta(days=7)
_WITH_CASE = sa.outerjoin(t.outbox, t.case, _C.running == _O.case_id)
#: What the limits and the breaker count (ports.OutboxMail.limited).
_LIMITED = sa.and_(_O.automatic.is_(True), _O.audience == "customer")
_QUEUED = sa.and_(_LIMITED, _O.state != "suppressed")


def due(conn: Connection, now: datetime, limit: int, of: Portion = EVERYTHING) -> list[OutboxMail]:
    """Pending rows of these mailboxes whose time has come, oldest first."""
    return [_mail(row) for row in conn.execute(due_statement(now, limit, of))]


def due_statement(now: datetime, limit: int, of: Portion) -> sa.Select[Any]:
    """Ordered by id alone first: a sort of whole rows would carry the texts of everything that is due."""
    ids = sa.select(_O.id).where(_waits(of), _O.next_attempt_at <= now).order_by(_O.id).limit(limit)
    return sa.select(t.outbox, _C.number).select_from(_WITH_CASE).where(_O.id.in_(ids)).order_by(_O.id)


def is_claimed(conn: Connection, row: int, owner: str) -> bool:
    """Whether that owner is still sending it."""
    found = sa.select(_O.id).where(_O.id == row, _O.state == "sending", _O.owner == owner)
    return conn.execute(found).scalar_one_or_none() is not None


def _waits(of: Portion) -> sa.ColumnElement[bool]:
    pending = _O.state == "pending"
    if of == EVERYTHING:
        return pending
    return sa.and_(pending, _O.mailbox.not_in(of.mailboxes) if of.but else _O.mailbox.in_(of.mailboxes))


def _mail(row: AnyRow) -> OutboxMail:
    return OutboxMail(
        id=row.id, kind=row.kind, mailbox=row.mailbox, group=row.group_name, case=row.number or "", to=row.to,
        to_name=row.to_name, cc=tuple(row.cc), subject=row.subject, text=row.text, html=row.html,
        headers=tuple((name, value) for name, value in row.headers), from_name=row.from_name,
        from_address=row.from_address, message_id=row.message_id or "", automatic=row.automatic,
        attempts=row.attempts, created_at=row.created_at, expires_at=row.expires_at, audience=row.audience,
        files=tuple(StoredFile(**one) for one in row.files), still_to=tuple(row.still_to),
        last_error=row.last_error,
    )  # fmt: skip


def counts(conn: Connection, now: datetime, total_window_s: float, domain_window_s: float) -> SendCounts:
    """What left within the windows, and what was queued an hour, suppressed mail left out; a copy is a mail."""
    mails = _mails(conn)
    last_hour = sa.select(mails).where(_QUEUED, _O.created_at > now - _HOUR)
    return SendCounts(
        total=conn.execute(sa.select(mails).where(_left_since(now, total_window_s))).scalar_one(),
        per_domain=_per_domain(conn, _left_since(now, domain_window_s)),
        last_hour=conn.execute(last_hour).scalar_one(),
    )


def _per_domain(conn: Connection, left: sa.ColumnElement[bool]) -> dict[str, int]:
    rows = conn.execute(sa.select(_O.to_domain, sa.func.count()).where(left).group_by(_O.to_domain))
    found = Counter({row[0]: row[1] for row in rows})
    copies = conn.execute(sa.select(_O.cc).where(left, _copies(conn) > 0)).scalars()
    found.update(key_of(one).rpartition("@")[2] for cc in copies for one in cc)
    return dict(found)


def _mails(conn: Connection) -> sa.ColumnElement[int]:
    """How many mails rows stand for: one each, and one for each copy (K9)."""
    return sa.func.coalesce(sa.func.sum(1 + _copies(conn)), 0)


def _copies(conn: Connection) -> sa.ColumnElement[int]:
    length = sa.func.json_array_length if is_sqlite(conn) else sa.func.jsonb_array_length
    return length(_O.cc, type_=sa.Integer())


def busiest_hour(conn: Connection, now: datetime) -> int:
    """The most that was queued in one hour of the last week, the last hour left out; reads the whole week."""
    hours = (
        sa.select(_mails(conn).label("mails"))
        .where(_QUEUED, _O.created_at > now - _WEEK, _O.created_at <= now - _HOUR)
        .group_by(_O.created_hour)
        .subquery()
    )
    return conn.execute(sa.select(sa.func.max(hours.c.mails))).scalar_one() or 0


def _left_since(now: datetime, window_s: float) -> sa.ColumnElement[bool]:
    since = now - timedelta(seconds=window_s)
    return sa.and_(_LIMITED, _O.claimed_at > since, _O.state.in_(_LEFT))


def next_due(conn: Connection, now: datetime, of: Portion = EVERYTHING) -> datetime | None:
    """When the earliest pending row of these mailboxes is due; one that is overdue is due now."""
    first = sa.select(_O.next_attempt_at).where(_waits(of)).order_by(_O.next_attempt_at).limit(1)
    found: datetime | None = conn.execute(first).scalar_one_or_none()
    return max(found, now) if found is not None else None


_LISTED = (
    _O.id, _O.kind, _C.number.label("case"), _O.to, _O.cc, _O.subject, _O.state, _O.reason, _O.attempts,
    _O.next_attempt_at, _O.last_error, _O.message_id, _O.in_reply_to, _O.created_at, _O.sent_at,
)  # fmt: skip


def listing(conn: Connection) -> list[dict[str, Any]]:
    """All rows, oldest first, with the keys of contract.md, and `cc`: who gets a copy."""
    return [dict(row) for row in conn.execute(sa.select(*_LISTED).select_from(_WITH_CASE).order_by(_O.id)).mappings()]
