"""What people did by hand since a moment, out of the histories of cases: statuses, categories, merges, new cases."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.life.notice_rules import ACKNOWLEDGEMENTS
from mailcase.store import tables as t
from mailcase.store.tables_cases import STATUS_LINES
from mailcase.verdict import BY_AGENT

_A, _C, _CO, _D, _E, _L, _M, _R = (
    t.contact_address.c, t.case.c, t.contact.c, t.delivery_outcome.c, t.case_event.c, t.case_message.c, t.message.c,
    t.message_alias.c,
)  # fmt: skip
#: Events by which a person changes a column that deciding reads; the other ones of a status are a mail's.
_CHANGES: Final = {"status": "status", "status_set": "status", "category": "category"}
#: Columns of a message that deciding never reads, and what stands there instead.
NO_TEXT: Final[Mapping[str, Any]] = {
    "sender_name": "", "sender_address": "", "raw_sha256": None, "in_reply_to": [], "subject": "",
    "recipients": [], "references": [], "text": "", "new_text": "", "html_clean": "", "html": "", "headers": [],
}  # fmt: skip
#: Columns of a case made by hand that are as they were at its beginning, or that no decision reads.
_BLANK: Final = {
    "parent_id": None, "merged_into_id": None, "resolved_at": None, "closed_at": None, "status_before": "",
    "description": "", "solution": "", "article": "", "version": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Changed:
    """A person set a status or a category."""

    at: datetime
    running: int
    column: str
    value: str
    actor: str


@dataclass(frozen=True, slots=True)
class Given:
    """A person gave a case another contact, or another account; "" is none."""

    at: datetime
    running: int
    contact: str  # the address that was named
    account: str  # its name


@dataclass(frozen=True, slots=True)
class Merged:
    """A case was merged into another one."""

    at: datetime
    running: int
    into: int


@dataclass(frozen=True, slots=True)
class Made:
    """A person made a case by hand, or split it off another one."""

    at: datetime
    case: Mapping[str, Any]  # its row, as it was made
    contact: Mapping[str, Any] | None  # its row, for where there is none with one of the addresses
    addresses: Mapping[str, str]  # of the contact: key -> address
    split_from: int | None = None
    delivery: int | None = None  # whose mail went along


@dataclass(frozen=True, slots=True)
class Told:
    """Agents were told of a case: their answers prove by that mail whose they are (B8).

    Or an act wrote to a customer, and a relay renamed the mail: his answer finds the case by nothing else.
    """

    at: datetime
    running: int
    message: Mapping[str, Any]  # its row, without what it says
    how: str  # it stands on the case


@dataclass(frozen=True, slots=True)
class Hired:
    """Somebody became an agent."""

    at: datetime
    agent: Mapping[str, Any]  # his row, as it is now


@dataclass(frozen=True, slots=True)
class Renamed:
    """It became known which Message-ID a relay had given a mail of ours."""

    at: datetime
    group: str
    ours: str
    other: str
    source: str


Act = Changed | Given | Merged | Made | Hired | Told | Renamed


def acts_since(conn: Connection, since: datetime) -> Iterator[Act]:
    """All of them, each kind in its order."""
    for row in conn.execute(sa.select(t.agent).where(t.agent.c.created_at >= since)).mappings():
        yield Hired(row["created_at"], dict(row))
    yield from _made(conn, since)
    yield from _changed(conn, since)
    for line in conn.execute(_GIVEN.where(_E.at >= since)):
        yield Given(line.at, line.case_id, line.data["to"], line.data["to_account"])
    yield from merges(conn, _E.at >= since)
    yield from _told(conn, since)
    columns = (_R.at, _M.group_name, _M.message_id, _R.msgid, _R.source)
    renamed = sa.select(*columns).join(t.message, _M.id == _R.message_pk).where(_R.at >= since)
    yield from (Renamed(*found) for found in conn.execute(renamed))


_GIVEN: Final = sa.select(_E.at, _E.case_id, _E.data).where(_E.event == "contact").order_by(_E.id)


def customers_before(conn: Connection, *when: sa.ColumnElement[bool]) -> dict[int, tuple[str, str]]:
    """case -> the address of its contact and the name of its account, of those to which another was given then."""
    found: dict[int, tuple[str, str]] = {}
    for row in conn.execute(_GIVEN.where(*when)):
        found.setdefault(row.case_id, (row.data["from"], row.data["from_account"]))
    return found


def customer_columns(conn: Connection, contact: str, account: str) -> dict[str, int | None]:
    """The columns of a case of that contact and account, as this store has them."""
    his = sa.select(_A.contact_id).where(_A.key == key_of(contact))
    its = sa.select(t.account.c.id).where(t.account.c.name == account)
    return {"contact_id": conn.execute(his).scalar(), "account_id": conn.execute(its).scalar()}


def _told(conn: Connection, since: datetime) -> Iterator[Told]:
    """Notices to agents, also those that mails decided again will make again: they are there already then.

    And what acts sent, where a relay gave it another id.
    """
    columns = [column for column in t.message.c if column.name not in {"id", *NO_TEXT}]
    joined = sa.join(t.message, t.case_message, _L.message_pk == _M.id)
    wanted = sa.select(*columns, _L.case_id.label("of_case"), _L.how.label("how")).select_from(joined)
    by_act = sa.and_(_M.reason.not_in(ACKNOWLEDGEMENTS), _M.id.in_(sa.select(_R.message_pk)))
    late = (sa.or_(_L.how == "notified", by_act), _M.direction == "out", _M.received_at >= since)
    for row in conn.execute(wanted.where(*late).order_by(_M.id)).mappings():
        mail = {name: value for name, value in row.items() if name not in ("of_case", "how")}
        told = {**NO_TEXT, **mail, "contact_id": None, "account_id": None}
        yield Told(row["received_at"], row["of_case"], told, row["how"])


def _changed(conn: Connection, since: datetime) -> Iterator[Changed]:
    """Without what an agent's mail did: it does that again when it is decided again."""
    mails = sa.select(_D.case_id, _D.at).where(_D.reason.in_(BY_AGENT), _D.at >= since)
    by_mail = {(row.case_id, row.at) for row in conn.execute(mails)}
    wanted = sa.select(_E.at, _E.case_id, _E.event, _E.data, _E.actor).where(_E.event.in_(_CHANGES), _E.at >= since)
    for row in conn.execute(wanted.order_by(_E.id)):
        if (row.case_id, row.at) in by_mail:
            continue
        yield Changed(row.at, row.case_id, _CHANGES[row.event], row.data["to"], row.actor)


def merges(conn: Connection, when: sa.ColumnElement[bool]) -> Iterator[Merged]:
    """Cases that were merged into another one then, in order; a merge is never taken back, and is one a case."""
    of_case = sa.join(t.case, t.case_event, _C.running == _E.case_id)
    wanted = sa.select(_E.at, _E.case_id, _C.merged_into_id).select_from(of_case)
    told = (_C.merged_into_id.is_not(None), _E.event == "merged", _E.data["into"].as_string().is_not(None))
    for row in conn.execute(wanted.where(*told, when).order_by(_E.id)):
        yield Merged(row.at, row.case_id, row.merged_into_id)


def _made(conn: Connection, since: datetime) -> Iterator[Made]:
    """Cases that no mail made, nor one that was erased since."""
    by_hand = (_C.created_at >= since, _C.origin_pk.is_(None))
    for row in conn.execute(sa.select(t.case).where(*by_hand).order_by(_C.running)).mappings().all():
        running = row["running"]
        case = {**row, **_BLANK, **_first(conn, running), **_first_customer(conn, running)}
        contact = case["contact_id"]
        mine = sa.select(_A.key, _A.address).where(_A.contact_id == contact)
        people = conn.execute(sa.select(t.contact).where(_CO.id == contact)).mappings().one_or_none()
        keys = {one.key: one.address for one in conn.execute(mine)}
        yield Made(row["created_at"], case, dict(people) if people else None, keys, *_split(conn, running))


def _first(conn: Connection, running: int) -> dict[str, str]:
    """Status and category that it was made with, where they changed since: the first line says from what."""
    found: dict[str, str] = {}
    lines = sa.select(_E.event, _E.data).where(_E.case_id == running, sa.or_(STATUS_LINES, _E.event == "category"))
    for row in conn.execute(lines.order_by(_E.id)):
        found.setdefault(_CHANGES.get(row.event, "status"), row.data["from"])
    return found


def _first_customer(conn: Connection, running: int) -> Mapping[str, int | None]:
    """Contact and account that it was made with, where others were given to it since."""
    before = customers_before(conn, _E.case_id == running)
    return customer_columns(conn, *before[running]) if running in before else {}


def _split(conn: Connection, running: int) -> tuple[int | None, int | None]:
    """The case that it was split off, and the delivery whose mail went along."""
    split = (_E.event == "split", _E.data["from"].as_string().is_not(None))
    line = sa.select(_E.data).where(_E.case_id == running, *split)
    data = conn.execute(line.order_by(_E.id).limit(1)).scalar_one_or_none()
    if data is None:
        return None, None
    origin = conn.execute(sa.select(_C.running).where(_C.number == data["from"])).scalar_one_or_none()
    mail = sa.select(_M.delivery_id).where(_M.id == data.get("message"))
    return origin, conn.execute(mail).scalar_one_or_none()
