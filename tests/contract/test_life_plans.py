"""What every mail, `case show` and `report` ask of cases is found in an index, not by a look at each row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.cases.statuses import StatusKind, StatusTable
from mailcase.life.assignment import AssignmentRule
from mailcase.store.life.assign import chosen
from mailcase.store.life.case_filter import CaseFilter
from mailcase.store.life.case_life import life_of
from mailcase.store.life.statistics import facts
from mailcase.store.outbox_state import take_back
from mailcase.store.report_cases import listing
from mailcase.store.store import Store
from tests.builders import NOW
from tests.contract.notice_kit import Bureau


def listed(conn: Connection, **which: Any) -> object:
    return listing(conn, StatusTable(), CaseFilter(**which))


LEAST = AssignmentRule("it", group="First line", pick="least_loaded", open=("New", "Reopened"))
#: PostgreSQL takes these by how many rows there are, and here are few.
BY_NUMBERS = {"ix_case_status", "ix_case_event_case_id"}
#: What asks, and the indexes that it must use.
ASKED: tuple[tuple[str, Callable[[Connection], object], set[str]], ...] = (
    ("a new case", lambda conn: chosen(conn, LEAST, ""), {"ix_case_assignee"}),
    ("case show", lambda conn: life_of(conn, 1), {"ix_case_parent_id", "ix_case_merged_into_id"}),
    (
        "report", lambda conn: facts(conn, StatusTable(), NOW, NOW + timedelta(days=1)),
        {"ix_case_event_status", "ix_case_status", "ix_case_event_case_id"},
    ),
    ("case list of a kind", lambda conn: listed(conn, kind=StatusKind.ACTIVE), {"ix_case_status"}),
    ("case list unanswered", lambda conn: listed(conn, unanswered=True), {"ix_case_status"}),
    ("case list of an agent", lambda conn: listed(conn, assignee="a@x.example"), {"ix_case_assignee"}),
    ("a mail is taken back", lambda conn: take_back(conn, 0, 0, "gone"), {"ix_message_reference_message_pk"}),
)  # fmt: skip


@contextmanager
def listening(conn: Connection) -> Iterator[list[tuple[str, Any]]]:
    """The SELECTs and UPDATEs that are sent meanwhile, also those that begin with a WITH."""
    found: list[tuple[str, Any]] = []

    def hear(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "WITH", "UPDATE")):
            found.append((statement, parameters))

    sa.event.listen(conn, "before_cursor_execute", hear)
    yield found
    sa.event.remove(conn, "before_cursor_execute", hear)


def plan(conn: Connection, statement: str, parameters: Any) -> str:
    if conn.dialect.name == "sqlite":
        return "\n".join(row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))
    return "\n".join(conn.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())


@pytest.mark.parametrize(("ask", "wanted"), [one[1:] for one in ASKED], ids=[one[0] for one in ASKED])
def test_it_is_found_in_an_index(store: Store, ask: Callable[[Connection], object], wanted: set[str]) -> None:
    # PostgreSQL reads so few rows by any index: there it is enough that it can plan what is asked.
    asked = wanted if store._engines.writer.dialect.name == "sqlite" else wanted - BY_NUMBERS
    bureau = Bureau.of(store)
    bureau.case()
    with bureau.writes() as conn:
        if conn.dialect.name != "sqlite":  # a small table is read faster as a whole
            conn.execute(sa.text("SET LOCAL enable_seqscan = off"))
        with listening(conn) as said:
            ask(conn)
        plans = "\n".join(plan(conn, *one) for one in said)
    assert plans
    assert {name for name in asked if name in plans} == asked, plans
