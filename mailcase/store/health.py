"""Rows of daemons and mailboxes as they fare, and what the store counts for `status`, alarms and metrics."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.health.proof import FAILING, Proof, failing_of
from mailcase.health.proof import FLAG as PROOF_FLAG
from mailcase.health.situation import (
    GONE_AFTER,
    NO_WAY_OUT,
    REFUSED,
    WEEK,
    AlarmTold,
    DaemonTold,
    MailboxTold,
    Numbers,
    Relay,
    Told,
    Unregistered,
)
from mailcase.intake.state import MailboxState
from mailcase.intake.texts import clean_text
from mailcase.life.named import Named
from mailcase.life.notice_rules import DELAYED
from mailcase.outbox.breaker import FLAG, WATCH_FLAG, Breaker
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow, insert_or_set
from mailcase.store.edit import get_flag
from mailcase.store.health_facts import facts_of, facts_row, failed_of, holds_of, quota_of, trouble_of, withheld_of
from mailcase.store.life.named import gone
from mailcase.store.returned import returned

_D, _O, _N, _M, _A, _F = t.delivery.c, t.outbox.c, t.daemon.c, t.mailbox_health.c, t.alarm.c, t.flag.c
#: A mail that its rule delays does not wait before that.
_WAITS_SINCE: Final = sa.case((_O.reason == DELAYED, _O.next_attempt_at), else_=_O.created_at)
_OPEN_STATES: Final = ("pending", "sending")
_LIMITS: Final = ("breaker", "per_domain", "total")  # why a mail is held without anything being wrong
_NEWEST: Final = 2000  # unregistered mails of a mailbox whose recipients are read
_MOST_ADDRESSES: Final = 5
_PAUSED: Final = "paused:"
# Not the column itself: SQLite would rather walk the whole journal by its index of mailboxes.
_box_name: Final = sa.func.coalesce(_D.mailbox, "")
# Written out, since SQLite takes a partial index only where the statement repeats its condition.
_NOT_OURS: Final = sa.text("delivery.reason = 'recipient_not_registered'")


def tell(conn: Connection, daemon: DaemonTold, mailboxes: Sequence[MailboxTold]) -> None:
    """The daemon's row, and those of its mailboxes that changed."""
    values = {
        "owner": daemon.owner, "host": daemon.host, "pid": daemon.pid, "version": daemon.version,
        "started_at": daemon.started_at, "seen_at": daemon.seen_at, **facts_row(daemon.facts),
    }  # fmt: skip
    conn.execute(insert_or_set(conn, t.daemon, *(name for name in values if name != "owner")), values)
    rows = [_mailbox_row(one) for one in mailboxes]
    if rows:
        conn.execute(insert_or_set(conn, t.mailbox_health, *(name for name in rows[0] if name != "mailbox")), rows)


def _mailbox_row(one: MailboxTold) -> dict[str, Any]:
    state = one.state
    return {
        "mailbox": one.mailbox, "owner": one.owner, "source": clean_text(one.source), "connected": state.connected,
        "last_look": state.last_look, "last_mail": state.last_mail, "lag_s": state.lag_s,
        "error": clean_text(state.error), "failing_since": state.failing_since, "seen_at": one.seen_at,
    }  # fmt: skip


def last_mails(conn: Connection) -> dict[str, tuple[datetime, float]]:
    """Of each mailbox that got any: when, and its lag in seconds."""
    rows = conn.execute(sa.select(_M.mailbox, _M.last_mail, _M.lag_s).where(_M.last_mail.is_not(None)))
    return {row.mailbox: (row.last_mail, row.lag_s) for row in rows}


def newest_mails(conn: Connection, since: datetime, until: datetime) -> dict[str, datetime]:
    """Of each mailbox that got any in that time: when the newest came; not what agents sent or lay there before."""
    came = sa.and_(_D.received_at > since, _D.received_at <= until, _D.sent.is_(False), _D.backlog.is_(False))
    rows = conn.execute(sa.select(_box_name, sa.func.max(_D.received_at)).where(came).group_by(_box_name))
    return {row[0]: row[1] for row in rows}


def newest_mail_of(conn: Connection, mailboxes: Collection[str]) -> dict[str, datetime]:
    """When the mail came that each of them journalled last, as `newest_mails`, however long ago: a row by its index."""
    ours = sa.and_(_D.mailbox == sa.bindparam("name"), _D.sent.is_(False), _D.backlog.is_(False))
    newest = sa.select(_D.received_at).where(ours).order_by(_D.id.desc()).limit(1)
    found = {name: conn.execute(newest, {"name": name}).scalar_one_or_none() for name in mailboxes}
    return {name: at for name, at in found.items() if at is not None}


def tidy(conn: Connection, owner: str, configured: Collection[str], now: datetime) -> None:
    """Take away the rows of daemons that are gone, and those of mailboxes that nobody works any more."""
    conn.execute(sa.delete(t.daemon).where(_N.owner != owner, _N.seen_at < now - GONE_AFTER))
    living = sa.select(_N.owner).where(_N.owner != owner)
    conn.execute(sa.delete(t.mailbox_health).where(_M.mailbox.not_in(configured), _M.owner.not_in(living)))


def of_others(conn: Connection, owner: str) -> frozenset[str]:
    """The mailboxes of other daemons that have a row."""
    others = sa.select(_N.owner).where(_N.owner != owner)
    return frozenset(conn.execute(sa.select(_M.mailbox).where(_M.owner.in_(others))).scalars())


def held_by_others(conn: Connection, owner: str, now: datetime) -> frozenset[str]:
    """Keys of the store's conditions that hold by the configuration of another daemon that lives."""
    living = sa.select(t.daemon).where(_N.owner != owner, _N.seen_at > now - GONE_AFTER)
    return frozenset[str]().union(*(holds_of(row.facts) for row in conn.execute(living)))


def leave(conn: Connection, owner: str) -> None:
    """An orderly stop: nobody has to wait until the row is old."""
    conn.execute(sa.delete(t.daemon).where(_N.owner == owner))


def numbers(conn: Connection, named: Sequence[Named] = ()) -> Numbers:
    """What is open: journal, quarantine, outbox, breaker; who is gone; the proof. Reads indexes and open rows."""
    undecided = conn.execute(_counted(_D.outcome.is_(None), _D.journalled_at)).one()
    quarantine = conn.execute(_counted(_D.outcome == "quarantined", _D.decided_at)).one()
    counted = {**_breaker(conn), **_pair("undecided", undecided), **_pair("quarantine", quarantine)}
    proof = Proof.from_text(get_flag(conn, PROOF_FLAG))
    failing = failing_of(get_flag(conn, FAILING))
    return replace(_outbox(conn), **counted, proof=proof, audit_failing=failing, gone=gone(conn, named))


def _counted(where: sa.ColumnElement[bool], since: sa.ColumnElement[Any]) -> sa.Select[int, Any]:
    return sa.select(sa.func.count(), sa.func.min(since)).where(where)


def _pair(name: str, row: AnyRow) -> dict[str, Any]:
    return {name: row[0], f"{name}_since": row[1]}


def _breaker(conn: Connection) -> dict[str, Any]:
    if (text := get_flag(conn, FLAG)) is None:
        return {}
    watched = Breaker.from_text(get_flag(conn, WATCH_FLAG))
    return {"breaker_since": _moment(text) or watched.opened_at, "breaker_threshold": watched.threshold}


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _outbox(conn: Connection) -> Numbers:
    columns = (
        _O.state, _O.mailbox, _O.reason, sa.func.count().label("mails"), sa.func.min(_WAITS_SINCE).label("since"),
        sa.func.max(_O.last_error).label("error"),
    )  # fmt: skip
    rows = conn.execute(
        sa.select(*columns).where(_O.state.in_(_OPEN_STATES)).group_by(_O.state, _O.mailbox, _O.reason)
    ).all()
    states: Counter[str] = Counter()
    for row in rows:
        states[row.state] += row.mails
    pending = [row for row in rows if row.state == "pending"]
    held = _by_mailbox(row for row in pending if row.reason in _LIMITS)
    waiting = [row for row in pending if row.reason not in _LIMITS]
    since = min((row.since for row in waiting), default=None)
    return Numbers(
        outbox=dict(states), held=sum(held.values()), held_of=held, waiting_of=_by_mailbox(waiting),
        pending_since=since, relays=_relays(rows),
    )  # fmt: skip


def _by_mailbox(rows: Iterable[AnyRow]) -> Mapping[str, int]:
    """The mailbox with the most mails first."""
    mails: Counter[str] = Counter()
    for row in rows:
        mails[row.mailbox] += row.mails
    return dict(sorted(mails.items(), key=lambda one: (-one[1], one[0])))


def _relays(rows: Iterable[AnyRow]) -> Mapping[str, Relay]:
    """The ways out that do not work; a refused login before what may pass by itself."""
    found: dict[str, Relay] = {}
    for row in sorted(rows, key=lambda one: one.since, reverse=True):
        known = found.get(row.mailbox)
        if row.reason in NO_WAY_OUT and not (known and known.reason in REFUSED):
            found[row.mailbox] = Relay(row.reason, row.error, row.since, row.mails)
    return found


def unregistered(conn: Connection, now: datetime) -> tuple[Unregistered, ...]:
    """Mail of the last seven days that was to nobody here, with the addresses seen most (B4)."""
    since = sa.and_(_NOT_OURS, _D.received_at > now - WEEK)
    counts = conn.execute(sa.select(_box_name, sa.func.count()).where(since).group_by(_box_name).order_by(_box_name))
    return tuple(Unregistered(name, mails, _addresses(conn, name, since)) for name, mails in counts.all())


def _addresses(conn: Connection, mailbox: str, since: sa.ColumnElement[bool]) -> tuple[tuple[str, int], ...]:
    newest = sa.select(_D.mail_to).where(since, _box_name == mailbox).order_by(_D.received_at.desc()).limit(_NEWEST)
    seen = Counter(
        address for to in conn.execute(newest).scalars() for address in {one.strip() for one in (to or "").split(",")}
    )
    del seen[""]
    return tuple(sorted(seen.items(), key=lambda one: (-one[1], one[0]))[:_MOST_ADDRESSES])


def ended(conn: Connection, now: datetime) -> Mapping[str, int]:
    """Mails queued in the last seven days that are no longer open, by state."""
    week = sa.and_(_O.automatic.in_((True, False)), _O.created_at > now - WEEK)
    found = conn.execute(sa.select(_O.state, sa.func.count()).where(week).group_by(_O.state)).all()
    return {state: mails for state, mails in found if state not in _OPEN_STATES}


def open_alarms(conn: Connection) -> tuple[AlarmTold, ...]:
    """The alarms that have not ended, oldest first."""
    rows = conn.execute(sa.select(t.alarm).where(_A.ended_at.is_(None)).order_by(_A.id))
    return tuple(
        AlarmTold(row.id, row.condition, row.event, row.mailbox, row.text, row.since, row.told_at) for row in rows
    )


def told(conn: Connection, now: datetime, named: Sequence[Named] = ()) -> Told:
    """Everything that `mailcase status` shows."""
    daemons = conn.execute(sa.select(t.daemon).order_by(_N.started_at)).all()
    troubles = {row.owner: row.facts for row in daemons}
    mailboxes = conn.execute(sa.select(t.mailbox_health).order_by(_M.mailbox)).all()
    paused = conn.execute(sa.select(_F.name).where(_F.name.startswith(_PAUSED, autoescape=True))).scalars()
    return Told(
        daemons=tuple(_daemon(row) for row in daemons),
        mailboxes=tuple(_mailbox(row, troubles.get(row.owner, {})) for row in mailboxes),
        alarms=open_alarms(conn),
        numbers=replace(numbers(conn, named), returned=returned(conn, now)),
        unregistered=unregistered(conn, now),
        ended=ended(conn, now),
        paused=frozenset(name.removeprefix(_PAUSED) for name in paused),
    )


def _daemon(row: AnyRow) -> DaemonTold:
    return DaemonTold(row.owner, row.host, row.pid, row.version, row.started_at, row.seen_at, facts_of(row))


def _mailbox(row: AnyRow, facts: Mapping[str, Any]) -> MailboxTold:
    state = MailboxState(
        row.last_look, row.last_mail, row.lag_s, row.connected, trouble_of(facts, row.mailbox), row.error,
        row.failing_since, failed_of(facts, row.mailbox), quota_of(facts, row.mailbox),
        withheld_of(facts, row.mailbox),
    )  # fmt: skip
    return MailboxTold(row.mailbox, row.owner, row.source, state, row.seen_at)
