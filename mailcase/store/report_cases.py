"""`case list` and `case show`: cases in the JSON shapes of contract.md."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from mailcase.cases.statuses import StatusTable
from mailcase.errors import Permanent
from mailcase.intake.remainder import listed
from mailcase.life.acts.limits import PRIORITIES
from mailcase.life.people import Agent
from mailcase.store import tables as t
from mailcase.store.aliases import of_messages
from mailcase.store.dialect import is_sqlite
from mailcase.store.life.answers import first_answered, last_asked
from mailcase.store.life.case_filter import CaseFilter, conditions, unanswered
from mailcase.store.life.case_life import NOTE, life_of, readable, visible
from mailcase.store.life.reached import address_of_case
from mailcase.store.life.standing import duplicate, suspended
from mailcase.store.life.veil import veiled
from mailcase.store.report_mail import COLUMNS, WITH_CASE, attachments, cases_of, entries, remainder_of

_C, _CO, _AC = t.case.c, t.contact.c, t.account.c
_M, _L, _D, _O, _E, _R = (
    t.message.c, t.case_message.c, t.delivery.c, t.outbox.c, t.case_event.c, t.case_relation.c,
)  # fmt: skip
# Not what was told among ourselves: notices to agents, and mails of theirs that are notes.
_COUNT = sa.select(sa.func.count()).where(_L.case_id == _C.running, _L.how.not_in(("notified", NOTE))).scalar_subquery()
_ROW = (
    _C.running, _C.number, _C.title, _C.status, _C.priority, _C.category, _C.source,
    _CO.name.label("contact_name"), address_of_case().label("contact_address"), _AC.name.label("account"), _C.assignee,
    _C.assignee_group, _C.organization, _C.closing_reason, _C.mailbox, _C.created_at, _C.updated_at,
    _COUNT.label("message_count"), _C.support_level,
)  # fmt: skip
_FROM = sa.outerjoin(sa.outerjoin(t.case, t.contact, _CO.id == _C.contact_id), t.account, _AC.id == _C.account_id)
_KEYS = (
    "number", "title", "status", "kind", "priority", "category", "source", "contact", "account", "assignee",
    "assignee_group", "organization", "closing_reason", "mailbox", "created_at", "updated_at", "message_count",
    "support_level", "suspended", "possible_duplicate",
)  # fmt: skip
#: What `case show` has besides.
_LIFE = (
    "description", "expected_at", "first_response_at", "resolved_at", "closed_at", "solution",
    "article",
)  # fmt: skip
_SHOWN = (
    *_ROW, _C.description, _C.expected_at, first_answered().label("first_response_at"),
    _C.resolved_at, _C.closed_at, _C.solution, _C.article,
)  # fmt: skip
_RELATED = (_C.number, _C.category, _C.status, _C.contact_id, _C.account_id, _R.relation)
# How a relation reads from its other end; the rest read alike.
_INVERSE = {"follows": "followed_by", "split_from": "split_into"}


def listing(conn: Connection, statuses: StatusTable, wanted: CaseFilter) -> list[dict[str, Any]]:
    """The cases of the filter, whose names are as `case_filter.named` gives them; oldest first."""
    which = conditions(wanted, statuses, lite=is_sqlite(conn))
    first = sa.case((unanswered(statuses), 0), else_=1) if wanted.mine is not None else sa.literal(0)
    columns = (
        *_ROW,
        *_standing(statuses, wanted.organizations),
        last_asked().label("last_mail_at"),
        first.label("first"),
    )
    statement = sa.select(*columns).select_from(_FROM).where(*which).order_by(_C.running.desc()).limit(wanted.last)
    rows = conn.execute(statement).mappings().all()
    return [
        {**_entry(dict(row), statuses), "last_mail_at": row["last_mail_at"]}
        for row in sorted(rows, key=lambda row: (row["first"], *_SORTS[wanted.sort](row), row["running"]))
    ]


#: By what a list is sorted before the age of its cases: one without a mail counts as from its beginning.
_SORTS: Mapping[str, Callable[[RowMapping], tuple[Any, ...]]] = {
    "opened": lambda _row: (),
    "last-mail": lambda row: (row["last_mail_at"] or row["created_at"],),
    "priority": lambda row: (-PRIORITIES.index(row["priority"]) if row["priority"] in PRIORITIES else 0,),
}


def _standing(statuses: StatusTable, organizations: tuple[str, ...] | None) -> tuple[sa.ColumnElement[Any], ...]:
    same = duplicate(statuses, organizations)
    return suspended(statuses).label("suspended"), same.label("possible_duplicate")


def running_of(conn: Connection, number: str, organizations: tuple[str, ...] | None) -> int:
    """The running number of a case; Permanent if there is none, or none of these organizations."""
    seen = [_C.organization.in_(organizations or ("",))] if organizations is not None else []
    found = conn.execute(sa.select(_C.running).where(_C.number == number, *seen)).scalar_one_or_none()
    if found is None:
        raise Permanent(f"there is no case {number}")
    return int(found)


def first_number(conn: Connection, spellings: Sequence[str]) -> str:
    """The first of these that is a case's number; "" where none is."""
    known = set(conn.execute(sa.select(_C.number).where(_C.number.in_(spellings))).scalars())
    return next((one for one in spellings if one in known), "")


def _entry(row: dict[str, Any], statuses: StatusTable) -> dict[str, Any]:
    name, address = row["contact_name"], row["contact_address"]
    contact = f"{name} <{address}>" if name and address and name != address else address or name
    marks = {name: bool(row[name]) for name in ("suspended", "possible_duplicate")}
    full = {**row, **marks, "kind": statuses.kind(row["status"]).value, "contact": contact}
    return {key: full[key] for key in _KEYS}


def show(
    conn: Connection,
    number: str,
    statuses: StatusTable,
    viewer: Agent | None,
    organizations: tuple[str, ...] | None,
) -> dict[str, Any]:
    """One case with its mails, history and relations; for what the last two do, see `ReadingDoor.case_show`."""
    columns = (*_SHOWN, *_standing(statuses, organizations))
    row = conn.execute(sa.select(*columns).select_from(_FROM).where(_C.number == number)).mappings().one_or_none()
    if row is None or (organizations is not None and row["organization"] not in (organizations or ("",))):
        raise Permanent(f"there is no case {number}")
    running = row["running"]
    found = {
        **_entry(dict(row), statuses),
        **{key: row[key] for key in _LIFE},
        "messages": _messages(conn, running, readable(row["assignee"], viewer)),
        "events": visible(_events(conn, running), row["assignee"], viewer),
        "related": _related(conn, running, statuses),
        **life_of(conn, running),
    }
    return veiled(conn, found, organizations)


def _events(conn: Connection, running: int) -> list[dict[str, Any]]:
    statement = sa.select(_E.at, _E.event, _E.actor, _E.data).where(_E.case_id == running).order_by(_E.id)
    return [dict(row) for row in conn.execute(statement).mappings()]


def _related(conn: Connection, running: int, statuses: StatusTable) -> list[dict[str, Any]]:
    """Relations of both directions, each read from this case, with what the two cases share."""
    own = conn.execute(sa.select(_C.contact_id, _C.account_id).where(_C.running == running)).mappings().one()
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for other, this, inverse in ((_R.other_id, _R.case_id, {}), (_R.case_id, _R.other_id, _INVERSE)):
        joined = sa.join(t.case_relation, t.case, _C.running == other)
        statement = sa.select(*_RELATED).select_from(joined).where(this == running).order_by(_C.running)
        for row in conn.execute(statement).mappings():
            relation = inverse.get(row["relation"], row["relation"])
            found.setdefault((row["number"], relation), _relative(row, relation, own, statuses))
    return list(found.values())


def _relative(row: RowMapping, relation: str, own: RowMapping, statuses: StatusTable) -> dict[str, Any]:
    """`same` says what both cases have: contact, account, or neither ("")."""
    shared = (key for key in ("contact_id", "account_id") if row[key] is not None and row[key] == own[key])
    same = next(shared, "").removesuffix("_id")
    more = {"category": row["category"], "status": row["status"], "kind": statuses.kind(row["status"]).value}
    return {"number": row["number"], "relation": relation, "same": same, **more}


def _messages(conn: Connection, running: int, which: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    """Both directions in the order they came to the store."""
    columns = (
        _M.id, _M.direction, _M.delivery_id, _M.message_id, _M.sender_name, _M.sender_address, _M.subject, _M.date,
        _M.received_at, _M.recipients, _M.text, _M.new_text, _L.how, _L.linked_by, _L.verified,
    )  # fmt: skip
    joined = sa.join(t.case_message, t.message, _M.id == _L.message_pk)
    statement = sa.select(*columns).select_from(joined).where(_L.case_id == running, which).order_by(_M.id)
    rows = [dict(row) for row in conn.execute(statement).mappings()]
    pks = {row["id"] for row in rows}
    deliveries = _deliveries(conn, {row["delivery_id"] for row in rows if row["delivery_id"] is not None})
    left = _left(conn, set(deliveries))
    sent, files, cases = _sent(conn, pks), attachments(conn, pks), cases_of(conn, pks)
    others = of_messages(conn, sorted(pks))
    return [
        {
            **(deliveries.get(row["delivery_id"]) or _outgoing(row, cases.get(row["id"], []), sent.get(row["id"], {}))),
            "direction": row["direction"], "how": row["how"], "verified": row["verified"], "text": row["text"],
            "new_text": row["new_text"], "stored_at": row["received_at"],
            "attachments": _files(sent.get(row["id"]), files.get(row["id"], []), left.get(row["delivery_id"])),
            "message": row["id"], "other_ids": others.get(row["id"], []),
        }
        for row in rows
    ]  # fmt: skip


def _files(
    sent: Mapping[str, Any] | None, received: Sequence[dict[str, Any]], left: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """Those of a mail that came, or those that a mail of ours takes along."""
    return [_along(one) for one in (sent or {}).get("files", ())] or listed(received, left)


def _along(file: Mapping[str, Any]) -> dict[str, Any]:
    """A file of a reply as one of a mail that came; of a part of an agent's mail the hash is the whole mail's."""
    part = file.get("part", "")  # what an older version stored has none
    known = {"part": part, **{key: file[key] for key in ("name", "type", "size")}}
    return {**known, "inline": False, "content_id": "", "sha256": "" if part else file["sha256"], "taken": True}


def _deliveries(conn: Connection, ids: set[int]) -> dict[int, dict[str, Any]]:
    statement = sa.select(*COLUMNS).select_from(WITH_CASE).where(_D.id.in_(sorted(ids))).order_by(_D.id)
    rows = [dict(row) for row in conn.execute(statement).mappings()]
    return {entry["id"]: entry for entry in entries(conn, rows)}


def _left(conn: Connection, ids: set[int]) -> dict[int, dict[str, Any]]:
    """What is left on the server of those that are oversize."""
    statement = sa.select(_D.id, _D.oversize, _D.remainder).where(_D.id.in_(sorted(ids)), _D.oversize.is_(True))
    rows = [dict(row) for row in conn.execute(statement).mappings()]
    return {row["id"]: remainder_of(row) or {} for row in rows}


def _sent(conn: Connection, pks: set[int]) -> dict[int, dict[str, Any]]:
    columns = (
        _O.message_pk, _O.mailbox, _O.kind, _O.state, _O.reason, _O.created_at, _O.sent_at, _O.files, _C.number,
    )  # fmt: skip
    joined = sa.outerjoin(t.outbox, t.case, _C.running == _O.case_id)
    statement = sa.select(*columns).select_from(joined).where(_O.message_pk.in_(sorted(pks)))
    return {row["message_pk"]: dict(row) for row in conn.execute(statement).mappings()}


def _outgoing(row: dict[str, Any], cases: list[str], sent: dict[str, Any]) -> dict[str, Any]:
    """A mail of ours in the shape of `message list`; it has no delivery, hence no id."""
    to = ", ".join(one["address"] for one in row["recipients"] if one["field"] == "to")
    name, address = row["sender_name"], row["sender_address"]
    return {
        "id": None, "mailbox": sent.get("mailbox"), "source": "outbox", "folder": "", "uidvalidity": None,
        "uid": None, "message_id": row["message_id"], "from": f"{name} <{address}>" if name else address,
        "to": to, "subject": row["subject"], "date": row["date"], "received_at": row["received_at"],
        "kind": "own", "outcome": None, "reason": "", "linked_by": row["linked_by"], "case": sent.get("number"),
        "cases": cases, "sender_unverified": False, "rule": sent.get("kind", ""), "state": sent.get("state", ""),
        "state_reason": sent.get("reason", ""), "created_at": sent.get("created_at"), "sent_at": sent.get("sent_at"),
    }  # fmt: skip
