"""`contact export` and `contact list`: what the store holds of people, as plain rows."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store import tables as t
from mailcase.store.aliases import of_messages
from mailcase.store.life.erasure import export_work
from mailcase.store.person import Person
from mailcase.store.report_mail import attachments, cases_of

_CO, _A, _AC, _C, _M, _O, _S, _E = (
    t.contact.c, t.contact_address.c, t.account.c, t.case.c, t.message.c, t.outbox.c, t.suppression.c, t.case_event.c,
)  # fmt: skip
_CASE = (
    _C.number, _C.title, _C.description, _C.status, _C.priority, _C.category, _C.source, _C.organization,
    _C.closing_reason, _C.solution, _C.article, _C.mailbox, _C.created_at, _C.updated_at,
)  # fmt: skip
_MESSAGE = (
    _M.id, _M.direction, _M.message_id, _M.kind, _M.sender_name, _M.sender_address, _M.date, _M.received_at,
    _M.outcome, _M.reason, _M.subject, _M.recipients, _M.in_reply_to, _M.references, _M.text, _M.html, _M.headers,
    _M.raw_sha256, _M.delivery_id,
)  # fmt: skip
_OUTBOX = (
    _O.kind, _C.number.label("case"), _O.to, _O.to_name, _O.cc, _O.state, _O.reason, _O.created_at, _O.sent_at,
    _O.message_id, _O.subject, _O.text, _O.html,
)  # fmt: skip


def export(conn: Connection, person: Person, key: str) -> dict[str, Any]:
    """See `EraseDoor.export_contact`."""
    columns = (_CO.id, _CO.name, _CO.language, _CO.timezone, _CO.created_at, _AC.name.label("account"))
    contacts = sa.select(*columns).select_from(sa.outerjoin(t.contact, t.account, _AC.id == _CO.account_id))
    named = _rows(conn, contacts, _CO.id, person.contacts)
    joined = sa.outerjoin(t.outbox, t.case, _C.running == _O.case_id)
    return {
        "address": key,
        "contacts": [{**one, "addresses": _addresses(conn, one["id"])} for one in named],
        "cases": _rows(conn, sa.select(*_CASE), _C.running, person.cases),
        **export_work(conn, person),
        "messages": _messages(conn, person),
        "outbox": _rows(conn, sa.select(*_OUTBOX).select_from(joined), _O.id, person.outbox),
        "suppression": _rows(conn, sa.select(_S.key, _S.reason, _S.at, _S.until), _S.key, person.keys),
    }  # fmt: skip


def _messages(conn: Connection, person: Person) -> list[dict[str, Any]]:
    pks = {*person.messages}
    files, numbers, others = attachments(conn, pks), cases_of(conn, pks), of_messages(conn, sorted(pks))
    return [
        {
            **one,
            "other_ids": others.get(one["id"], []),
            "cases": numbers.get(one["id"], []),
            "attachments": files.get(one["id"], []),
        }
        for one in _rows(conn, sa.select(*_MESSAGE), _M.id, person.messages)
    ]


def _rows(conn: Connection, statement: Any, column: Any, values: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows with these values, in their order."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(values), 500):
        some = statement.where(column.in_(values[start : start + 500])).order_by(column)
        found += [dict(row) for row in conn.execute(some).mappings()]
    return found


def _addresses(conn: Connection, contact: int) -> list[str]:
    return sorted(conn.execute(sa.select(_A.address).where(_A.contact_id == contact)).scalars())


def contacts(conn: Connection) -> list[dict[str, Any]]:
    """`contact list`."""
    cases = sa.select(sa.func.count()).where(_C.contact_id == _CO.id).scalar_subquery()
    columns = (
        _CO.id, _CO.name, _CO.language, _CO.timezone, _AC.name.label("account"), _CO.active, cases.label("cases"),
        _CO.created_at,
    )  # fmt: skip
    joined = sa.outerjoin(t.contact, t.account, _AC.id == _CO.account_id)
    addresses: dict[int, list[str]] = {}
    for row in conn.execute(sa.select(_A.contact_id, _A.address).order_by(_A.address)):
        addresses.setdefault(row.contact_id, []).append(row.address)
    rows = conn.execute(sa.select(*columns).select_from(joined).order_by(_CO.id)).mappings()
    return [{**row, "addresses": addresses.get(row["id"], [])} for row in rows]
