"""The states of an outbox row and the only ways between them (R3)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import Permanent
from mailcase.health.situation import NO_WAY_OUT
from mailcase.intake.texts import clean_text
from mailcase.outbox.breaker import FLAG
from mailcase.store import tables as t
from mailcase.store.edit import set_flag
from mailcase.store.engine import presence_free
from mailcase.store.fences import DAEMON

_O = t.outbox.c
_AGAIN: Final = ("failed", "expired", "uncertain")  # what a person may send once more
_ENDED: Final = ("sent", "failed", "expired", "uncertain")


def claim(conn: Connection, row: int, owner: str, now: datetime) -> bool:
    """pending -> sending; on PostgreSQL a row that another sender is just taking is left to it."""
    free = sa.select(_O.id).where(_O.id == row, _O.state == "pending").with_for_update(skip_locked=True)
    if conn.execute(free).scalar_one_or_none() is None:
        return False
    values = {"state": "sending", "owner": owner, "claimed_at": now, "attempts": _O.attempts + 1}
    conn.execute(sa.update(t.outbox).where(_O.id == row).values(values))
    return True


def finish(conn: Connection, row: int, state: str, now: datetime, reason: str, error: str, owner: str = "") -> None:
    """sending (or pending, for what expires unsent) -> an end; a mail that was sent is dated.

    Of several daemons `owner` touches no row that another one is sending: it was taken from him meanwhile.

    A bounce that came back before the sending was recorded is not covered up.
    """
    if state not in _ENDED:
        raise ValueError(f"{state!r} is not an end of an outbox row")
    values: dict[str, Any] = {
        "state": state,
        "reason": reason,
        "last_error": clean_text(error),
        "next_attempt_at": None,
    }
    if state == "sent":
        values["sent_at"] = now
        _date_message(conn, row, now)
    conn.execute(sa.update(t.outbox).where(_O.id == row, _is_open(owner)).values(values))


def _is_open(owner: str) -> sa.ColumnElement[bool]:
    """Not ended, and nobody else's."""
    under_way = _O.state == "sending"
    return sa.or_(_O.state == "pending", sa.and_(under_way, _O.owner == owner) if owner else under_way)


def _date_message(conn: Connection, row: int, now: datetime) -> None:
    mail = sa.select(_O.message_pk).where(_O.id == row).scalar_subquery()
    conn.execute(sa.update(t.message).where(t.message.c.id == mail).values(date=now))


def postpone(
    conn: Connection, row: int, at: datetime, reason: str, error: str, *, tried: bool, owner: str = ""
) -> None:
    """Back to pending, due at `at`; a claim that led to no try is not counted. `owner` as in `finish`."""
    values: dict[str, Any] = {
        "state": "pending",
        "next_attempt_at": at,
        "reason": reason,
        "last_error": clean_text(error),
    }
    if not tried:
        was_claimed = sa.and_(_O.state == "sending", _O.attempts > 0)
        values["attempts"] = sa.case((was_claimed, _O.attempts - 1), else_=_O.attempts)
    values["owner"] = ""
    conn.execute(sa.update(t.outbox).where(_O.id == row, _is_open(owner)).values(values))


def hold(conn: Connection, rows: Sequence[int], until: datetime, reason: str, error: str) -> None:
    """Pending rows wait until then; one that somebody claimed or ended meanwhile is left to them."""
    values = {"next_attempt_at": until, "reason": reason, "last_error": clean_text(error)}
    conn.execute(sa.update(t.outbox).where(_O.id.in_(rows), _O.state == "pending").values(values))


def free_stranded(conn: Connection, mailboxes: Collection[str], now: datetime) -> int:
    """What waits for the way out of these mailboxes is due now; the reason stays until it left, so `status` tells it.

    What a limit or the breaker holds, or one mail's own back-off, has other reasons and waits on.
    """
    waits = (_O.state == "pending", _O.reason.in_(NO_WAY_OUT), _O.next_attempt_at > now, _O.mailbox.in_(mailboxes))
    return conn.execute(sa.update(t.outbox).where(*waits).values(next_attempt_at=now)).rowcount


def settle_orphans(conn: Connection, owner: str, now: datetime) -> list[tuple[int, str]]:
    """What a daemon that is gone left `sending`: never twice for automatic mail, never not at all for others.

    Its fence is raised first: should it be frozen only, it can neither claim nor record anything under the old one.
    """
    others = sa.and_(_O.state == "sending", _O.owner != owner)
    gone = [
        name for name in conn.execute(sa.select(_O.owner).where(others).distinct()).scalars() if _is_gone(conn, name)
    ]
    left = sa.select(_O.id, _O.automatic).where(_O.state == "sending", _O.owner.in_(gone)).order_by(_O.id)
    rows = conn.execute(left.with_for_update()).all() if gone else []
    settled = [(row.id, "uncertain" if row.automatic else "pending") for row in rows]
    for row, state in settled:
        due = None if state == "uncertain" else now
        values = {"state": state, "reason": "interrupted", "next_attempt_at": due}
        conn.execute(sa.update(t.outbox).where(_O.id == row).values(values))
    return settled


def _is_gone(conn: Connection, owner: str) -> bool:
    """Whether nobody of that name lives; it waits for a claim of his that is under way."""
    if not presence_free(conn, owner):
        return False
    raised = sa.update(t.tenure).where(t.tenure.c.name == DAEMON + owner)
    conn.execute(raised.values(fence=t.tenure.c.fence + 1))
    return True


def retry(conn: Connection, row: int, now: datetime, lifetime_s: float) -> None:
    """A person wants it sent once more: pending, due now, with a new life.

    Its row is locked first: whoever claims it meanwhile sends it, and it is not put back under his hands.
    """
    state = conn.execute(sa.select(_O.state).where(_O.id == row).with_for_update()).scalar_one_or_none()
    if state is None:
        raise Permanent(f"there is no mail {row} in the outbox")
    if state not in _AGAIN and state != "pending":
        raise Permanent(f"mail {row} is {state}; only {', '.join(_AGAIN)} and pending mail can be sent again")
    values: dict[str, Any] = {"state": "pending", "next_attempt_at": now, "reason": "", "owner": ""}
    if state != "pending":
        values |= {"attempts": 0, "expires_at": now + timedelta(seconds=lifetime_s)}
    conn.execute(sa.update(t.outbox).where(_O.id == row).values(values))


def release(conn: Connection, now: datetime) -> int:
    """Clear the breaker and make what it (or a limit) held due; limits hold again what is over them."""
    set_flag(conn, FLAG, None)
    held = sa.update(t.outbox).where(_O.state == "pending", _O.reason != "", _O.next_attempt_at > now)
    return conn.execute(held.values(next_attempt_at=now)).rowcount
