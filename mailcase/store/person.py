"""Everything that the store holds of one person: found once, for erasure and for export (GDPR)."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import Permanent
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.verdict import BY_AGENT

_M, _D, _C, _L, _O = t.message.c, t.delivery.c, t.case.c, t.case_message.c, t.outbox.c
_A, _P, _S, _E = t.contact_address.c, t.case_participant.c, t.suppression.c, t.case_event.c
#: Reports of mail servers: of no person, but about an address that they name.
_REPORTS: Final = ("bounce", "delay", "delivered", "receipt", "complaint")
_SLICE: Final = 500  # values of one IN


@dataclass(frozen=True, slots=True)
class Person:
    """Row ids; every list is sorted."""

    keys: tuple[str, ...]  # the address asked for, and the contact's others
    contacts: tuple[int, ...]
    cases: tuple[int, ...]  # of the contact, or made by the person's mail
    seen_on: tuple[int, ...]  # other cases where the person wrote or takes part
    written: tuple[int, ...]  # messages that the person sent
    reports: tuple[int, ...]  # bounces and other reports on the address; of no case too where the caller found them
    sent: tuple[int, ...]  # messages of ours to the person
    outbox: tuple[int, ...]
    deliveries: tuple[int, ...]  # of the messages above
    suppressed: bool
    of_agents: tuple[int, ...] = ()  # messages that agents sent to the person's cases

    @property
    def messages(self) -> tuple[int, ...]:
        """Written, reports, sent and what agents wrote."""
        return tuple(sorted({*self.received, *self.sent}))

    @property
    def received(self) -> tuple[int, ...]:
        """Those that came to us."""
        return tuple(sorted({*self.written, *self.reports, *self.of_agents}))

    @property
    def all_cases(self) -> tuple[int, ...]:
        """The person's and those where he is seen."""
        return tuple(sorted({*self.cases, *self.seen_on}))


def keys_of(conn: Connection, key: str) -> tuple[str, ...]:
    """The address, and the contact's others."""
    return key, *(one for one in _of_contacts(conn, _contacts(conn, key)) if one != key)


def find(conn: Connection, key: str, more: Sequence[int] = ()) -> Person:
    """What there is of an address key, with `more` reports of `unmatched`; Permanent if there is nothing."""
    contacts, keys = _contacts(conn, key), keys_of(conn, key)
    written = _written(conn, keys)
    outbox = list(chunked(conn, _O.id, _O.to_key, keys))
    sent = set(chunked(conn, _O.message_pk, _O.id, outbox))
    cases = {*chunked(conn, _C.running, _C.contact_id, contacts), *chunked(conn, _C.running, _C.origin_pk, written)}
    seen = {*chunked(conn, _P.case_id, _P.key, keys), *chunked(conn, _L.case_id, _L.message_pk, written)}
    around = _around(conn, cases, seen - cases, keys)
    reports = {*more, *(pk for pk, way in around if way == "in")}
    sent |= {pk for pk, way in around if way == "out"}
    sent.discard(None)
    of_agents = _by_agents(conn, cases, keys).difference(written, reports)
    mails = sorted({*written, *reports, *sent, *of_agents})
    person = Person(
        keys=keys,
        contacts=contacts,
        cases=tuple(sorted(cases)),
        seen_on=tuple(sorted(seen - cases)),
        written=tuple(sorted(written)),
        reports=tuple(sorted(reports.difference(written))),
        sent=tuple(sorted(sent)),
        outbox=tuple(sorted({*outbox, *chunked(conn, _O.id, _O.message_pk, sorted(sent))})),
        deliveries=tuple(sorted(set(chunked(conn, _D.id, _D.message_pk, mails)))),
        suppressed=bool(_ints(conn, sa.select(sa.literal(1)).where(sa.exists().where(_S.key.in_(keys))))),
        of_agents=tuple(sorted(of_agents)),
    )
    if not (person.contacts or person.messages or person.outbox or person.all_cases or person.suppressed):
        raise Permanent(f"the store knows nothing of {key}")
    return person


def chunked(conn: Connection, wanted: Any, column: Any, values: Sequence[Any]) -> Iterator[Any]:
    """SELECT wanted WHERE column IN values, so many at a time."""
    for start in range(0, len(values), _SLICE):
        yield from conn.execute(sa.select(wanted).where(column.in_(list(values)[start : start + _SLICE]))).scalars()


def _ints(conn: Connection, statement: Any) -> tuple[int, ...]:
    return tuple(sorted(set(conn.execute(statement).scalars())))


def _contacts(conn: Connection, key: str) -> tuple[int, ...]:
    return _ints(conn, sa.select(_A.contact_id).where(_A.key == key))


def _of_contacts(conn: Connection, contacts: Sequence[int]) -> list[str]:
    return sorted(conn.execute(sa.select(_A.key).where(_A.contact_id.in_(contacts))).scalars())


def _written(conn: Connection, keys: Sequence[str]) -> list[int]:
    """By the customer's key, or by the From address that a form's mail hides."""
    mine = sa.or_(_M.sender_key.in_(keys), sa.func.lower(_M.sender_address).in_(keys))
    return list(_ints(conn, sa.select(_M.id).where(mine, _M.direction == "in", _M.erased.is_(False))))


def _around(conn: Connection, own: set[int], seen: set[int], keys: Sequence[str]) -> list[tuple[int, str]]:
    """(message, direction) of mails on these cases that are to the person, and of reports on his address.

    On his own cases that is every report: it is about a mail of ours there, and a report's text seldom names him.
    """
    columns = (_L.case_id, _M.id, _M.direction, _M.delivery_id, _M.recipients, _M.text, _M.headers)
    kinds = sa.or_(_M.direction == "out", _M.kind.in_(_REPORTS))
    told_of = _told_of(conn, sorted(own | seen), keys)
    found: list[tuple[int, str]] = []
    for row in on_cases(conn, columns, sorted(own | seen), kinds):
        if row.direction == "out":
            named = bool({one["key"] for one in row.recipients} & {*keys})
        else:
            named = row.case_id in own or row.delivery_id in told_of or mentions((row.text, row.headers), keys)
        if named:
            found.append((row.id, row.direction))
    return found


def _by_agents(conn: Connection, own: set[int], keys: Sequence[str]) -> set[int]:
    """What agents wrote by mail on the person's cases: text of the case, as their notes are.

    A mail that stands on another one's case too is of that one, unless it names the person.
    """
    columns = (_M.id, _M.subject, _M.recipients, _M.text, _M.html, _M.headers)
    his = sa.or_(_M.reason.in_(BY_AGENT), _M.sender_key.in_(sa.select(t.agent.c.key)))
    rows = {row.id: row for row in on_cases(conn, columns, sorted(own), _M.direction == "in", his)}
    others: set[int] = set()
    for start in range(0, len(rows), _SLICE):
        some = _L.message_pk.in_(sorted(rows)[start : start + _SLICE])
        links = conn.execute(sa.select(_L.message_pk, _L.case_id).where(some))
        others |= {row.message_pk for row in links if row.case_id not in own}
    return {pk for pk, row in rows.items() if pk not in others or mentions(tuple(row), keys)}


def _told_of(conn: Connection, cases: Sequence[int], keys: Sequence[str]) -> set[int]:
    """Deliveries whose event on a case names the person: `undeliverable` has the address."""
    found: set[int] = set()
    for start in range(0, len(cases), _SLICE):
        some = _E.case_id.in_(cases[start : start + _SLICE])
        rows = conn.execute(sa.select(_E.delivery_id, _E.data).where(some, _E.delivery_id.is_not(None)))
        found |= {row.delivery_id for row in rows if mentions(row.data.get("recipient", ""), keys)}
    return found


def on_cases(conn: Connection, columns: Sequence[Any], cases: Sequence[int], *where: Any) -> Iterator[AnyRow]:
    """Mails that stand on these cases and are not erased yet."""
    joined = sa.join(t.case_message, t.message, _M.id == _L.message_pk)
    for start in range(0, len(cases), _SLICE):
        some = (_L.case_id.in_(cases[start : start + _SLICE]), _M.erased.is_(False), *where)
        yield from conn.execute(sa.select(*columns).select_from(joined).where(*some))


def mentions(texts: Any, words: Sequence[str]) -> bool:
    """Whether one of the words stands anywhere in these values, whatever the case."""
    whole = repr(texts).casefold()
    return any(one.casefold() in whole for one in words)


def unmatched(conn: Connection) -> list[AnyRow]:
    """(id, raw_sha256, text, headers) of reports that stand on no case: about whom is not stored."""
    columns = (_M.id, _M.raw_sha256, _M.text, _M.headers)
    on_none = ~sa.exists().where(_L.message_pk == _M.id)
    mine = (_M.kind.in_(_REPORTS), _M.direction == "in", _M.erased.is_(False), on_none)
    return list(conn.execute(sa.select(*columns).where(*mine)).all())


def naming(keys: Sequence[str]) -> Callable[[str], bool]:
    """Whether a text has one of the addresses, as a whole: ann@x.example is not joann@x.example."""
    any_of = "|".join(re.escape(one) for one in keys)
    found = re.compile(rf"(?<![\w.+-])(?:{any_of})(?![\w-]|\.\w)", re.IGNORECASE)
    return lambda text: found.search(text) is not None


def quoting(conn: Connection, person: Person) -> int:
    """How many other people's mails on the same cases name the person."""
    mine = set(person.messages)
    columns = (_M.id, _M.sender_name, _M.recipients, _M.text, _M.html, _M.headers)
    rows = on_cases(conn, columns, person.all_cases)
    return len({row.id for row in rows if row.id not in mine and mentions(tuple(row), person.keys)})
