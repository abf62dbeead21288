"""Mail that could not be processed: kept with its raw bytes until a person decides (R4)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import Permanent
from mailcase.message import Wish
from mailcase.ports import Journalled
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.journal import delivery as journal_row

_D = t.delivery.c


@dataclass(frozen=True, slots=True)
class Facts:
    """Why a mail is put there, and what is known of it; `tries`: by this process, 0 where the row has counted them."""

    error: str
    reason: str
    policy_hash: str
    subject: str | None
    message_id: str | None
    tries: int


def put(conn: Connection, delivery_id: int, facts: Facts, now: datetime, was: str | None) -> str:
    """Outcome quarantined, with a line of history; Permanent if there is no such delivery.

    `was` is its outcome when it was taken up. One that somebody else gave it since stays: without a source that one
    daemon alone reads, two may have been at it. Returns the outcome that stands.
    """
    found = _lock(conn, delivery_id)
    if found is None:
        raise Permanent(f"there is no message {delivery_id}")
    if found.outcome not in (None, was):
        return str(found.outcome)
    values = {
        "outcome": "quarantined", "reason": facts.reason, "error": facts.error, "decided_at": now,
        "policy_hash": facts.policy_hash, "subject": facts.subject, "message_id": facts.message_id,
    } | ({"attempts": facts.tries} if facts.tries else {})  # fmt: skip
    _set(conn, delivery_id, values)
    evidence = {"test": "process", "result": facts.reason, "evidence": facts.error}
    _history(conn, delivery_id, now, "quarantined", facts.reason, "mailcase", facts.policy_hash, [evidence])
    return "quarantined"


def listing(conn: Connection) -> list[dict[str, Any]]:
    """All of them, oldest first, with the keys of contract.md."""
    columns = (_D.id, _D.mailbox, _D.message_id, _D.subject, _D.error, _D.attempts, _D.received_at)
    statement = sa.select(*columns).where(_D.outcome == "quarantined").order_by(_D.id)
    return [dict(row) for row in conn.execute(statement).mappings()]


def retry(conn: Connection, delivery_id: int | None, now: datetime, actor: str) -> list[Journalled]:
    """Undecided again, attempts from nothing; the daemon or the caller takes them up."""
    ids = [delivery_id] if delivery_id is not None else [row["id"] for row in listing(conn)]
    for one in ids:
        _must_be_quarantined(conn, one)
        _set(conn, one, {"outcome": None, "reason": "", "error": "", "attempts": 0, "decided_at": None})
        _history(conn, one, now, "retried", "quarantine_retry", actor, "", [])
    return [journal_row(conn, one, Wish()) for one in ids]


def drop(conn: Connection, delivery_id: int, now: datetime, actor: str) -> None:
    """Ignored for good; the raw bytes and the history stay."""
    _must_be_quarantined(conn, delivery_id)
    _set(conn, delivery_id, {"outcome": "ignored", "reason": "dropped", "decided_at": now})
    _history(conn, delivery_id, now, "ignored", "dropped", actor, "", [])


def _must_be_quarantined(conn: Connection, delivery_id: int) -> None:
    found = _lock(conn, delivery_id)
    if found is None or found.outcome != "quarantined":
        raise Permanent(f"message {delivery_id} is not in quarantine")


def _lock(conn: Connection, delivery_id: int) -> AnyRow | None:
    """Its outcome, which nobody changes from now on."""
    return conn.execute(sa.select(_D.outcome).where(_D.id == delivery_id).with_for_update()).one_or_none()


def _set(conn: Connection, delivery_id: int, values: dict[str, Any]) -> None:
    conn.execute(sa.update(t.delivery).where(_D.id == delivery_id).values(values))


def _history(
    conn: Connection,
    delivery_id: int,
    now: datetime,
    outcome: str,
    reason: str,
    actor: str,
    policy_hash: str,
    trace: list[dict[str, str]],
) -> None:
    row = {
        "delivery_id": delivery_id, "at": now, "outcome": outcome, "reason": reason, "case_id": None,
        "actor": actor, "policy_hash": policy_hash, "trace": trace,
    }  # fmt: skip
    conn.execute(sa.insert(t.delivery_outcome), row)
