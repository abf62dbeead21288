"""The states of an outbox row and the only ways between them (R3)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import Permanent
from mailcase.health.situation import NO_WAY_OUT
from mailcase.intake.texts import clean_text
from mailcase.life.notice import MARKS
from mailcase.life.notice_rules import DELAYED
from mailcase.outbox.breaker import FLAG
from mailcase.store import tables as t
from mailcase.store.aliases import forget
from mailcase.store.dialect import AnyRow
from mailcase.store.edit import set_flag
from mailcase.store.fences import DAEMON
from mailcase.store.outbox_gone import AGENT_GONE, ASKED, gone, without
from mailcase.store.tenure_absence import is_gone

_O, _C = t.outbox.c, t.case.c
_AS_IT_IS = sa.select(
    _C.status,
    _C.category,
    _C.assignee,
    _C.assignee_group,
    _C.contact_id,
    _C.merged_into_id.is_not(None).label("merged"),
)
CONDITION_GONE: Final = "condition_gone"
_AGAIN: Final = ("failed", "expired", "uncertain")  # what a person may send once more
_ENDED: Final = ("sent", "failed", "expired", "uncertain")


def claim(conn: Connection, row: int, owner: str, now: datetime) -> bool:
    """pending -> sending; on PostgreSQL a row that another sender is just taking is left to it.

    One whose case is no longer what a delayed rule wants it to be is suppressed instead (L6). So is a notice to agents
    who may not be told any more; where others of a group may, the row stays pending and names them alone.
    """
    asked = sa.select(_O.id, _O.only_while, _O.case_id, _O.message_pk, *ASKED)
    free = asked.where(_O.id == row, _O.state == "pending").with_for_update(skip_locked=True)
    found = conn.execute(free).one_or_none()
    if found is None:
        return False
    if found.only_while and not _is_still(conn, found.case_id, found.only_while):
        take_back(conn, row, found.message_pk, CONDITION_GONE)
        return False
    if away := gone(conn, found):
        _leave_out(conn, found, away, now)
        return False
    values = {"state": "sending", "owner": owner, "claimed_at": now, "attempts": _O.attempts + 1}
    conn.execute(sa.update(t.outbox).where(_O.id == row).values(values))
    return True


def _leave_out(conn: Connection, row: AnyRow, away: Sequence[str], now: datetime) -> None:
    """Not to these agents; where others of their group have it already and nobody else waits, it is sent."""
    if without(conn, row, away):
        return
    if row.still_to:
        finish(conn, row.id, "sent", now, "", f"not to {', '.join(away)}: {AGENT_GONE}")
    else:
        take_back(conn, row.id, row.message_pk, AGENT_GONE)


def _is_still(conn: Connection, case: int | None, wanted: Mapping[str, object]) -> bool:
    """Whether the case is what the row waits for (Notice.only_while)."""
    now = conn.execute(_AS_IT_IS.where(_C.running == case)).mappings().one_or_none()
    return now is not None and all(now.get(name) == value for name, value in wanted.items() if name not in MARKS)


def take_back(conn: Connection, row: int, message_pk: int | None, reason: str) -> None:
    """A mail that waits is suppressed and leaves its case: nobody has it, and nothing can answer it."""
    ended = {"state": "suppressed", "reason": reason, "next_attempt_at": None, "message_pk": None}
    conn.execute(sa.update(t.outbox).where(_O.id == row).values(ended))
    unsent = t.message_reference.c.message_pk == message_pk
    conn.execute(sa.update(t.message_reference).where(unsent).values(message_pk=None))
    conn.execute(sa.delete(t.case_message).where(t.case_message.c.message_pk == message_pk))
    forget(conn, [] if message_pk is None else [message_pk])
    conn.execute(sa.delete(t.message).where(t.message.c.id == message_pk))


def finish(conn: Connection, row: int, state: str, now: datetime, reason: str, error: str, owner: str = "") -> bool:
    """sending (or pending, for what expires unsent) -> an end; a mail that was sent is dated. False: it had ended.

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
    return conn.execute(sa.update(t.outbox).where(_O.id == row, _is_open(owner)).values(values)).rowcount == 1


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


def partly(
    conn: Connection, row: int, at: datetime, still_to: Sequence[str], reason: str, error: str, owner: str = ""
) -> None:
    """As `postpone` after a try, for those of a group who do not have it yet."""
    conn.execute(sa.update(t.outbox).where(_O.id == row, _is_open(owner)).values(still_to=list(still_to)))
    postpone(conn, row, at, reason, error, tried=True, owner=owner)


def hold(conn: Connection, rows: Sequence[int], until: datetime, reason: str, error: str) -> None:
    """Pending rows wait until then; one that somebody claimed or ended meanwhile is left to them."""
    # A group's says who was refused when others had it.
    told = sa.case((sa.cast(_O.still_to, sa.Text) == "[]", clean_text(error)), else_=_O.last_error)
    values = {"next_attempt_at": until, "reason": reason, "last_error": told}
    conn.execute(sa.update(t.outbox).where(_O.id.in_(rows), _O.state == "pending").values(values))


def free_stranded(conn: Connection, mailboxes: Collection[str], now: datetime) -> int:
    """What waits for the way out of these mailboxes is due now; the reason stays until it left, so `status` tells it.

    What a limit or the breaker holds, or one mail's own back-off, has other reasons and waits on.
    """
    waits = (_O.state == "pending", _O.reason.in_(NO_WAY_OUT), _O.next_attempt_at > now, _O.mailbox.in_(mailboxes))
    return conn.execute(sa.update(t.outbox).where(*waits).values(next_attempt_at=now)).rowcount


def settle_orphans(conn: Connection, owner: str, now: datetime, lease_s: float) -> list[tuple[int, str]]:
    """What a daemon that is gone left `sending`: never twice for automatic mail, never not at all for others.

    Its fence is raised first: should it be frozen only, it can neither claim nor record anything under the old one.
    """
    others = sa.select(_O.owner).where(_O.state == "sending", _O.owner != owner).distinct()
    gone = [name for name in conn.execute(others).scalars().all() if _is_gone(conn, name, owner, lease_s)]
    left = sa.select(_O.id, _O.automatic).where(_O.state == "sending", _O.owner.in_(gone)).order_by(_O.id)
    rows = conn.execute(left.with_for_update()).all() if gone else []
    settled = [(row.id, "uncertain" if row.automatic else "pending") for row in rows]
    for row, state in settled:
        due = None if state == "uncertain" else now
        values = {"state": state, "reason": "interrupted", "next_attempt_at": due}
        conn.execute(sa.update(t.outbox).where(_O.id == row).values(values))
    return settled


def _is_gone(conn: Connection, owner: str, me: str, lease_s: float) -> bool:
    """Whether nobody of that name lives; it waits for a claim of his that is under way."""
    if not is_gone(conn, owner, me, lease_s):
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
    held = sa.update(t.outbox).where(_O.state == "pending", _O.reason.not_in(("", DELAYED)), _O.next_attempt_at > now)
    return conn.execute(held.values(next_attempt_at=now)).rowcount
