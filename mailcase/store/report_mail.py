"""`message list` and `message show`: deliveries in the JSON shapes of contract.md."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import Permanent
from mailcase.intake.remainder import listed
from mailcase.store import tables as t

_D, _C, _M, _L, _H, _A = (
    t.delivery.c, t.case.c, t.message.c, t.case_message.c, t.delivery_outcome.c, t.attachment.c,
)  # fmt: skip
_O = t.outbox.c
_KEYS = (
    "id", "mailbox", "source", "folder", "uidvalidity", "uid", "message_id", "from", "to", "subject", "date",
    "received_at", "kind", "outcome", "reason", "linked_by", "case", "cases", "sender_unverified",
)  # fmt: skip
COLUMNS = (
    _D.id, _D.mailbox, _D.source, _D.folder, _D.uidvalidity, _D.uid, _D.message_id, _D.mail_from.label("from"),
    _D.mail_to.label("to"), _D.subject, _D.date, _D.received_at, _D.kind, _D.outcome, _D.reason, _D.linked_by,
    _C.number.label("case"), _D.sender_unverified, _D.message_pk,
)  # fmt: skip
WITH_CASE = sa.outerjoin(t.delivery, t.case, _C.running == _D.case_id)
_SHOWN = (
    _D.acknowledge, _D.acknowledge_reason, _D.error, _D.raw_sha256, _D.attempts, _D.policy_hash, _D.decided_at,
    _D.message_pk, _D.sent, _D.oversize, _D.remainder, t.raw.c.purged_at.label("raw_purged_at"),
    _D.case_id,
)  # fmt: skip
_TEXTS = (_M.text, _M.new_text, _M.html_clean.label("html"), _M.headers, _M.erased)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries; None: all."""

    since: datetime | None = None
    outcome: str | None = None
    mailbox: str | None = None
    last: int | None = None


def listing(conn: Connection, wanted: Filter) -> list[dict[str, Any]]:
    """The deliveries in journal order; mail below the baseline is not listed."""
    statement = statement_of(wanted)
    if wanted.last is not None:
        newest = conn.execute(statement.order_by(_D.id.desc()).limit(wanted.last)).mappings().all()
        return entries(conn, [dict(row) for row in reversed(newest)])
    return entries(conn, [dict(row) for row in conn.execute(statement.order_by(_D.id)).mappings()])


def statement_of(wanted: Filter) -> sa.Select[Any]:
    """What `listing` asks, without an order."""
    statement = sa.select(*COLUMNS).select_from(WITH_CASE).where(_D.reason != "before_start")
    for column, value in ((_D.outcome, wanted.outcome), (_D.mailbox, wanted.mailbox)):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.since is not None:
        # Asked apart: SQLite would rather walk the whole journal, since that is in order already.
        statement = statement.where(_D.id.in_(sa.select(_D.id).where(_D.received_at >= wanted.since)))
    return statement


def entries(conn: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of COLUMNS as entries of `message list`: all cases added, keys in the contract's order."""
    cases = cases_of(conn, {row["message_pk"] for row in rows if row["message_pk"] is not None})
    full = ({**row, "cases": cases.get(row["message_pk"], [])} for row in rows)
    return [{key: row[key] for key in _KEYS} for row in full]


def cases_of(conn: Connection, pks: set[int]) -> dict[int, list[str]]:
    """message -> numbers of its cases, oldest link first."""
    joined = sa.join(t.case_message, t.case, _C.running == _L.case_id)
    statement = sa.select(_L.message_pk, _C.number).select_from(joined).order_by(_L.at, _L.case_id)
    found: dict[int, list[str]] = {}
    ordered = sorted(pks)
    for start in range(0, len(ordered), 500):
        for pk, number in conn.execute(statement.where(_L.message_pk.in_(ordered[start : start + 500]))):
            found.setdefault(pk, []).append(number)
    return found


def show(conn: Connection, delivery_id: int) -> dict[str, Any]:
    """One delivery with texts, attachments, trace and earlier outcomes."""
    row = conn.execute(sa.select(*COLUMNS).select_from(WITH_CASE).where(_D.id == delivery_id)).mappings().one_or_none()
    if row is None:
        raise Permanent(f"there is no message {delivery_id}")
    with_raw = sa.select(*_SHOWN).join_from(t.delivery, t.raw, t.raw.c.sha256 == _D.raw_sha256)
    more = dict(conn.execute(with_raw.where(_D.id == delivery_id)).mappings().one())
    pk, case_id, remainder = more.pop("message_pk"), more.pop("case_id"), remainder_of(more)
    texts = conn.execute(sa.select(*_TEXTS).where(_M.id == pk)).mappings().one_or_none()
    history = outcomes(conn, delivery_id)
    return {
        **entries(conn, [dict(row)])[0],
        **(dict(texts) if texts is not None else {"text": "", "new_text": "", "html": "", "headers": []}),
        "attachments": _listed(conn, pk, remainder) if pk is not None else [],
        **more,
        "server_size": remainder.get("size") if remainder is not None else None,
        "direction": "out" if more["sent"] else "in",
        "erased": row["reason"] == "erased" or (texts is not None and texts["erased"]),
        "outbox": _outbox(conn, delivery_id, case_id),
        "trace": history[-1]["trace"] if history else [],
        "history": [{key: one[key] for key in one if key != "trace"} for one in history[:-1]],
    }


def _listed(conn: Connection, pk: int, remainder: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The stored message's attachments; where its first delivery was fetched in part, a later whole one says so too."""
    if remainder is None:
        first = sa.select(_D.oversize, _D.remainder).join_from(t.message, t.delivery, _M.delivery_id == _D.id)
        row = conn.execute(first.where(_M.id == pk)).mappings().one_or_none()
        remainder = remainder_of(dict(row)) if row is not None else None
    return listed(attachments(conn, {pk}).get(pk, []), remainder)


def _outbox(conn: Connection, delivery_id: int, case_id: int | None) -> dict[str, Any] | None:
    """What became of the newest mail that answers it; asked by its case, which has an index."""
    ours = sa.select(_O.id, _O.state, _O.last_error).where(_O.case_id == case_id, _O.delivery_id == delivery_id)
    row = conn.execute(ours.order_by(_O.id.desc()).limit(1)).mappings().one_or_none()
    return dict(row) if row is not None else None


def remainder_of(row: dict[str, Any]) -> dict[str, Any] | None:
    """What is left on the server, taken out of the row; None where the mail was fetched whole."""
    remainder: dict[str, Any] | None = row.pop("remainder")
    return (remainder or {}) if row["oversize"] else None


def outcomes(conn: Connection, delivery_id: int) -> list[dict[str, Any]]:
    """Every outcome that the delivery had, oldest first, with its trace."""
    columns = (_H.at, _H.outcome, _H.reason, _C.number.label("case"), _H.actor, _H.policy_hash, _H.trace)
    joined = sa.outerjoin(t.delivery_outcome, t.case, _C.running == _H.case_id)
    statement = sa.select(*columns).select_from(joined).where(_H.delivery_id == delivery_id).order_by(_H.id)
    return [dict(row) for row in conn.execute(statement).mappings()]


def attachments(conn: Connection, pks: set[int]) -> dict[int, list[dict[str, Any]]]:
    """message -> its attachments in the mail's order."""
    found: dict[int, list[dict[str, Any]]] = {}
    columns = (_A.message_pk, _A.part, _A.name, _A.type, _A.size, _A.inline, _A.content_id, _A.sha256)
    statement = sa.select(*columns).where(_A.message_pk.in_(sorted(pks)))
    for row in conn.execute(statement).mappings():
        entry = dict(row)
        found.setdefault(entry.pop("message_pk"), []).append(entry)
    return {pk: sorted(rows, key=lambda one: _part_key(one["part"])) for pk, rows in found.items()}


def _part_key(part: str) -> list[int]:
    return [int(one) if one.isdigit() else 0 for one in part.replace("/", ".").split(".")]
