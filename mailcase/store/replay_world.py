"""A store as it was at a moment, as far as it is recorded: copied into another, without the mails' texts.

Rows that came later are left out; what changed later is taken back by the histories that say what was before.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store import tables as t
from mailcase.store.relink_state import link_rows
from mailcase.store.replay_acts import NO_TEXT, customer_columns, customers_before, merges
from mailcase.store.replay_hand import take_along
from mailcase.store.replay_past import Past, slices
from mailcase.store.tables_cases import STATUS_LINES

_D, _H, _E, _C, _M, _R, _L = (
    t.delivery.c, t.delivery_outcome.c, t.case_event.c, t.case.c, t.message.c, t.relink.c, t.case_message.c,
)  # fmt: skip
#: Columns that deciding never reads: not copied, so that the copy is small and holds no text.
_EMPTY: Final[dict[str, dict[str, Any]]] = {
    "message": {**NO_TEXT},
    "case": {"description": ""},
    "outbox": {
        "to": "", "to_name": "", "last_error": "", "subject": "", "headers": [], "text": "", "html": "",
        "from_name": "", "from_address": "",
    },
    "delivery": {"error": "", "mail_from": None, "mail_to": None, "subject": None},
}  # fmt: skip
_BATCH: Final = 1000

Row = dict[str, Any]


@dataclass(slots=True)
class Copier:
    """One copy being made."""

    source: Connection
    target: Connection
    past: Past
    contacts: set[int] = field(default_factory=set)
    messages: set[int] = field(default_factory=set)
    cases: set[int] = field(default_factory=set)

    def run(self) -> None:
        """Copy everything that was there, in the order in which rows need each other."""
        self._every(t.account)
        self._every(t.account_domain)
        given, since = self.past.given_messages, self.past.since
        self._copy(t.agent, [t.agent.c.created_at < since], dict)
        self._copy(t.message, [_M.received_at < since, *_one_of(_M.id, given)], dict, self.messages)
        self._copy(t.case, [_C.created_at < since, *_one_of(_C.origin_pk, given)], dict, self.cases)
        self._copy(t.contact, [t.contact.c.created_at < since, *self._contacts_of_given()], dict, self.contacts)
        self._copy(t.contact_address, [sa.true()], self._if_contact)
        self._links()
        self._participants()
        self._copy(t.case_relation, [t.case_relation.c.at < self.past.since], self._if_both)
        self._copy(t.citation, [sa.true()], self._if_message)
        self._copy(t.message_alias, [t.message_alias.c.at < since], self._if_message)
        self._copy(t.outbox, [t.outbox.c.created_at < self.past.since, *self._answers()], dict)
        self._copy(t.suppression, [t.suppression.c.at < self.past.since], dict)
        self._copy(t.delivery, _one_of(_D.id, self.past.deliveries), self._delivery())

    def _every(self, table: sa.Table) -> None:
        self._copy(table, [sa.true()], dict)

    def _copy(
        self,
        table: sa.Table,
        wheres: Iterable[sa.ColumnElement[bool]],
        change: Callable[[Row], Row | None],
        kept: set[int] | None = None,
    ) -> None:
        """Rows that one of the conditions names, each once; `change` leaves out a row by returning None."""
        empty = _EMPTY.get(table.name, {})
        columns = [column for column in table.c if column.name not in empty]
        key = next(iter(table.primary_key.columns)).name
        for where in wheres:
            statement = sa.select(*columns).where(where).execution_options(yield_per=_BATCH)
            rows = self.source.execute(statement).mappings()
            changed = (change({**empty, **row}) for row in rows if kept is None or row[key] not in kept)
            for some in _batches(row for row in changed if row is not None):
                if kept is not None:
                    kept.update(row[key] for row in some)
                self.target.execute(sa.insert(table), some)

    def _contacts_of_given(self) -> list[sa.ColumnElement[bool]]:
        mine = slices(sorted(self.past.given_messages), lambda some: self.source.execute(
            sa.select(_M.contact_id).where(_M.id.in_(some), _M.contact_id.is_not(None))
        ).scalars())  # fmt: skip
        return _one_of(t.contact.c.id, mine)

    def _answers(self) -> list[sa.ColumnElement[bool]]:
        mine = _one_of(t.outbox.c.delivery_id, self.past.given)
        return [sa.and_(one, t.outbox.c.created_at >= self.past.since) for one in mine]

    def _if_contact(self, row: Row) -> Row | None:
        return row if row["contact_id"] in self.contacts else None

    def _if_message(self, row: Row) -> Row | None:
        return row if row["message_pk"] in self.messages else None

    def _if_both(self, row: Row) -> Row | None:
        return row if {row["case_id"], row["other_id"]} <= self.cases else None

    def _links(self) -> None:
        """Links of that time; those of a mail that was relinked since, as they were before."""
        moved = moved_since(self.source, self.past.since)
        origins = {row.origin_pk: row.running for row in self.source.execute(sa.select(_C.origin_pk, _C.running))}

        def link(row: Row) -> Row | None:
            pk, case = row["message_pk"], row["case_id"]
            if pk not in self.messages or case not in self.cases or pk in moved:
                return None
            if row["at"] < self.past.since or pk in self.past.given_messages:
                return row
            # A mail that made its case stood on it from the beginning: it was junk and was accepted since.
            return {**row, "how": "junk_case", "at": self.past.since} if origins.get(pk) == case else None

        self._copy(t.case_message, [sa.true()], link)
        back = [row for state in moved.values() for row in link_rows(state) if row["message_pk"] in self.messages]
        if back:
            self.target.execute(sa.insert(t.case_message), back)

    def _participants(self) -> None:
        """Those of verified mails that were there, and that count as the case's people now (B8)."""
        joined = sa.join(t.case_message, t.message, _M.id == _L.message_pk)
        people = sa.select(_L.case_id, _M.participants).select_from(joined).where(_L.verified.is_(True))
        then = {(row.case_id, key) for row in self.target.execute(people) for key in row.participants}
        self._copy(t.case_participant, [sa.true()], lambda row: row if (row["case_id"], row["key"]) in then else None)
        for merged in merges(self.source, _E.at < self.past.since):
            if {merged.running, merged.into} <= self.cases:
                take_along(self.target, merged.running, merged.into)

    def _delivery(self) -> Callable[[Row], Row]:
        """Undecided; one that was decided before has the outcome of that time."""
        earlier = last_outcomes(self.source, self.past)

        def change(row: Row) -> Row:
            before = earlier.get(row["id"])
            if row["id"] in self.past.given:
                return row
            if before is None or before.outcome in ("retried", "quarantined"):
                return {**row, "outcome": None, "reason": "", "case_id": None, "message_pk": None, "linked_by": ""}
            return {**row, "outcome": before.outcome, "reason": before.reason, "case_id": before.case_id}

        return change


def _one_of(column: Any, ids: Iterable[int]) -> list[sa.ColumnElement[bool]]:
    return [column.in_(some) for some in _batches(sorted(set(ids)), 500)]


def _batches(values: Iterable[Any], size: int = _BATCH) -> Iterator[list[Any]]:
    source = iter(values)
    while some := list(islice(source, size)):
        yield some


def rewind(source: Connection, target: Connection, past: Past) -> None:
    """Take back in the copy what changed in rows that were there already: cases and outcomes."""
    for running, values in _before(source, past.since).items():
        there = (_C.running == running, _C.created_at < past.since)
        target.execute(sa.update(t.case).where(*there).values(values))
    target.execute(sa.update(t.case).where(_C.contact_id.not_in(sa.select(t.contact.c.id))).values(contact_id=None))
    for delivery, row in last_outcomes(source, past).items():
        values = {"outcome": row.outcome, "reason": row.reason}
        target.execute(sa.update(t.message).where(_M.delivery_id == delivery).values(values))


def _before(source: Connection, since: datetime) -> Mapping[int, Row]:
    """case -> status, category, customer and that it was not merged yet, of those where that changed since."""
    found: dict[int, Row] = defaultdict(dict)
    changed = sa.or_(STATUS_LINES, _E.event == "category")
    lines = sa.select(_E.case_id, _E.event, _E.data).where(changed, _E.at >= since)
    for row in source.execute(lines.order_by(_E.id)):
        found[row.case_id].setdefault("category" if row.event == "category" else "status", row.data["from"])
    for merged in merges(source, _E.at >= since):
        found[merged.running]["merged_into_id"] = None
    for running, was in customers_before(source, _E.at >= since).items():
        found[running] |= customer_columns(source, *was)
    return found


def last_outcomes(conn: Connection, past: Past) -> Mapping[int, Any]:
    """The outcome of these deliveries before the moment, of those that had one."""
    columns = (_H.delivery_id, _H.outcome, _H.reason, _H.case_id)
    before = sa.select(*columns).where(_H.at < past.since).order_by(_H.id)
    rows = slices(past.deliveries, lambda some: conn.execute(before.where(_H.delivery_id.in_(some))))
    return {row.delivery_id: row for row in rows}


def moved_since(conn: Connection, since: datetime) -> dict[int, list[Row]]:
    """message -> its links and those of our answers at that moment, of mails that were relinked since.

    The first thing that happened since tells: before a relinking stands what was, before an undoing what it undid.
    """
    acts: list[tuple[datetime, int, list[Row]]] = []
    for row in conn.execute(sa.select(_R.message_pk, _R.at, _R.undone_at, _R.before, _R.after)):
        if row.at >= since:
            acts.append((row.at, row.message_pk, row.before["links"]))
        elif row.undone_at is not None and row.undone_at >= since:
            acts.append((row.undone_at, row.message_pk, row.after["links"]))
    found: dict[int, list[Row]] = {}
    for _, _, links in sorted(acts, key=lambda act: act[0], reverse=True):
        for pk in {one["message_pk"] for one in links}:
            found[pk] = [one for one in links if one["message_pk"] == pk]
    return found
