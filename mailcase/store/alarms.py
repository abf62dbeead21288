"""Alarms that begin and end, and the mails to the administrators, written in one transaction (F40, F41)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.health.conditions import Condition
from mailcase.health.notices import KINDS, Notice, WayOut
from mailcase.health.situation import NO_WAY_OUT
from mailcase.intake.addresses import key_of
from mailcase.intake.texts import clean_text
from mailcase.store import tables as t
from mailcase.store.dialect import insert_new
from mailcase.store.edit import set_flag, swap_flag
from mailcase.store.late import count_late

_A, _O = t.alarm.c, t.outbox.c
_LIVES: Final = timedelta(days=4)  # as a reply: longer than a week-end's outage
_TURN: Final = "alarm_turn"  # whoever changes alarms writes this row first: daemons on one store take turns


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """What one look changes: all of it, or nothing."""

    seen: frozenset[int]  # ids of the alarms that were open when it was planned
    begin: Sequence[Condition]
    ended: Collection[int]
    told: Collection[int]  # open ones that a notice tells of
    told_begin: bool  # whether a notice tells of those that begin
    notices: Sequence[Notice]


def change(conn: Connection, change: AlarmChange, now: datetime) -> bool:
    """Write alarms and notices; False where another daemon was faster: then nothing is written."""
    set_flag(conn, _TURN, now.isoformat())
    found = conn.execute(sa.select(_A.id).where(_A.ended_at.is_(None))).scalars()
    if frozenset(found) != change.seen:
        return False
    told_at = now if change.told_begin else None
    rows = [
        {
            "condition": one.key, "event": one.word, "mailbox": one.mailbox, "text": clean_text(one.detail),
            "since": one.since, "told_at": told_at, "ended_at": None,
        }
        for one in change.begin
    ]  # fmt: skip
    if rows:
        conn.execute(sa.insert(t.alarm), rows)
    conn.execute(sa.update(t.alarm).where(_A.id.in_(change.told)).values(told_at=now))
    conn.execute(sa.update(t.alarm).where(_A.id.in_(change.ended)).values(ended_at=now))
    for notice in change.notices:
        queue(conn, notice, now)
    return True


def queue(conn: Connection, notice: Notice, now: datetime) -> bool:
    """One mail to an administrator, due at once, at least once (R3); False where it is in the outbox already."""
    key = key_of(notice.to)
    row: dict[str, Any] = {
        "dedup": notice.dedup, "kind": notice.kind, "state": "pending", "reason": "", "case_id": None,
        "delivery_id": None, "message_pk": None, "to_key": key, "to_domain": key.rpartition("@")[2], "to": notice.to,
        "to_name": "", "cc": [], "automatic": False, "attempts": 0, "created_at": now,
        "created_hour": int(now.timestamp() // 3600), "next_attempt_at": now, "expires_at": now + _LIVES,
        "claimed_at": None, "sent_at": None, "owner": "", "content_key": "", "in_reply_to": None,
        "message_id": notice.message_id, "last_error": "", "subject": clean_text(notice.subject),
        "text": clean_text(notice.text), "html": "",
        **_by(notice.way),
    }  # fmt: skip
    return conn.execute(insert_new(conn, t.outbox, "dedup").returning(_O.id), row).one_or_none() is not None


def _by(way: WayOut) -> dict[str, Any]:
    return {
        "mailbox": way.mailbox, "group_name": way.group, "from_name": "mailcase", "from_address": way.address,
        "headers": [list(one) for one in way.headers],
    }  # fmt: skip


def reroute(conn: Connection, way: WayOut, now: datetime) -> int:
    """Notices that wait for a relay that does not work go another way, at once; returns how many."""
    stuck = (_O.state == "pending", _O.kind.in_(KINDS), _O.reason.in_(NO_WAY_OUT), _O.mailbox != way.mailbox)
    values = {**_by(way), "reason": "", "next_attempt_at": now}
    return conn.execute(sa.update(t.outbox).where(*stuck).values(values)).rowcount


def queue_digest(
    conn: Connection, was: str | None, becomes: str, notices: Sequence[Notice], now: datetime, late: int
) -> bool:
    """The day's digest, with the flag that says so; False where another daemon has done it."""
    if not swap_flag(conn, DIGEST_FLAG, was, becomes):
        return False
    count_late(conn, -late)
    for notice in notices:
        queue(conn, notice, now)
    return True


DIGEST_FLAG: Final = "digest"  # the day of the last digest, and until when it told
