"""What a report counts, read from real histories on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.cases.statuses import StatusKind
from mailcase.life.statistics import Backlog, By, CaseFact, Facts, Move, Period, report
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.reading_kit import KIM, change, event, open_case, reply, running_of
from tests.contract.store_kit import NOW, STATUSES, Desk

ACTIVE, PAUSED, RESOLVED, FINAL = StatusKind
DAY = timedelta(days=1)
AFTER = NOW + 30 * DAY


def facts(store: Store, since: Any = NOW - DAY, **over: Any) -> Facts:
    return store.case_facts(STATUSES, since, AFTER, **over)


def test_a_case_and_its_changes_of_status_are_told(desk: Desk) -> None:
    number = open_case(desk, "a", status="Canceled", assignee=KIM.upper(), assignee_group="A", category="Request")
    for place, (name, before, after) in enumerate(
        (
            ("status", "New", "In progress"),
            ("status_set", "In progress", "Resolved"),
            ("reopened", "Resolved", "Reopened"),
            ("status", "Gone from the table", "Canceled"),
        )
    ):
        event(desk.store, number, name, NOW + place * DAY, **{"from": before, "to": after})
    event(desk.store, number, "priority", NOW, **{"from": "Low", "to": "High"})
    event(desk.store, number, "status", NOW)  # without data: another program's
    reply(desk.store, number, NOW + DAY)
    found = facts(desk.store)
    assert found.cases == (
        CaseFact(1, NOW, FINAL, canceled=True, mailbox="support", category="Request", assignee=KIM, group="A",
                 first_response_at=NOW + DAY),
    )  # fmt: skip
    assert [(one.before, one.after) for one in found.moves] == [
        (ACTIVE, ACTIVE), (ACTIVE, RESOLVED), (RESOLVED, ACTIVE), (ACTIVE, FINAL),
    ]  # fmt: skip
    assert found.moves[1] == Move(1, NOW + DAY, ACTIVE, RESOLVED)
    assert [one.at for one in facts(desk.store, NOW + 2 * DAY).moves] == [NOW + 2 * DAY, NOW + 3 * DAY]
    early = desk.store.case_facts(STATUSES, NOW - DAY, NOW + DAY)
    assert early.moves == found.moves  # what comes after its end tells what it was at its end


def test_a_period_may_lie_where_time_begins(desk: Desk) -> None:
    open_case(desk, "a")
    first = datetime.min.replace(tzinfo=UTC)
    found = desk.store.case_facts(STATUSES, first, first + DAY)
    assert (found.cases, found.backlog) == ((), ())
    assert found.began == facts(desk.store).cases[0].created_at
    assert desk.store.case_facts(STATUSES, NOW - DAY, AFTER, ("East",)).began is None


def test_what_the_period_did_not_touch_is_no_case_but_a_sum(desk: Desk) -> None:
    store = desk.store
    old = {"created_at": NOW - 9 * DAY}
    for name in ("open", "like that"):
        open_case(desk, name, assignee=KIM.upper(), assignee_group="A", **old)
    open_case(desk, "other", category="Request", **old)
    open_case(desk, "closed long ago", status="Closed", **old)
    moved = open_case(desk, "closed now", status="Closed", **old)
    event(store, moved, "status", NOW, **{"from": "New", "to": "Closed"})
    junk = open_case(desk, "junk")
    with store._engines.write() as conn:
        mine = t.case_message.c.case_id == running_of(store, junk)
        conn.execute(sa.update(t.case_message).where(mine).values(how="junk_case"))
    open_case(desk, "new")
    open_case(desk, "later", created_at=AFTER)
    found = facts(store)
    assert [one.running for one in found.cases] == [5, 7]
    assert sorted(found.backlog, key=lambda one: one.count) == [
        Backlog(1, 4, mailbox="support", category="Request"),
        Backlog(2, 4, mailbox="support", category="Incident", assignee=KIM, group="A"),
    ]


#: (made on this day, its status now, its changes of status: day, from, to)
LIVES: list[tuple[float, str, list[tuple[float, str, str]]]] = [
    (-40, "New", []),
    (-2.5, "In progress", [(-2, "New", "In progress")]),
    (-9, "Closed", [(-1, "New", "Closed")]),
    (-9, "Closed", [(3, "New", "Closed")]),  # open at the end of the period
    (-9, "Closed", [(3, "New", "In progress"), (4, "In progress", "Closed")]),
    (-9, "New", [(-1, "New", "Closed"), (3, "Closed", "New")]),  # not open at its end
    (-9, "Gone from the table", []),
    (-9, "Resolved", [(1, "New", "Resolved"), (5, "Resolved", "New"), (6, "New", "Resolved")]),
    (0.5, "Closed", [(1, "New", "Closed")]),
    (1, "Closed", [(3, "New", "Closed")]),
    (5, "New", []),
]


def test_sums_count_as_the_cases_do_that_they_stand_for(desk: Desk) -> None:
    """The same report out of everything, each case by itself."""
    for place, (day, status, steps) in enumerate(LIVES):
        number = open_case(desk, f"n{place}", status=status, created_at=NOW + day * DAY, category=f"C{place % 2}")
        for moved, before, after in steps:
            event(desk.store, number, "status", NOW + moved * DAY, **{"from": before, "to": after})
    period = Period(NOW, NOW + 2 * DAY, UTC)
    some = desk.store.case_facts(STATUSES, period.since, period.until)
    every = desk.store.case_facts(STATUSES, NOW - 99 * DAY, period.until)
    assert (len(some.cases), sum(one.count for one in some.backlog)) == (3, 5)
    assert (len(every.cases), every.backlog) == (10, ())
    for by in By:
        assert report(some, period, by) == report(every, period, by)
    assert report(some, period, By.DAY).total.open == 6


@pytest.mark.parametrize(("organizations", "told"), [(None, [1, 2]), ((), [2]), (("East",), [1]), (("West",), [])])
@pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
def test_only_cases_of_the_organizations_that_are_asked_for(
    desk: Desk, organizations: tuple[str, ...] | None, told: list[int]
) -> None:
    for name, organization in (("a", "East"), ("b", "")):
        number = open_case(desk, name, organization=organization)
        event(desk.store, number, "status", NOW, **{"from": "New", "to": "Closed"})
    found = facts(desk.store, organizations=organizations)
    assert ([one.running for one in found.cases], [one.case for one in found.moves]) == (told, told)


@pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
def test_the_first_answer_is_the_first_mail_that_went_whatever_an_act_keeps(desk: Desk) -> None:
    number = open_case(desk, "a")
    reply(desk.store, number, NOW + timedelta(hours=1), state="bounced")
    change(desk.store, number, first_response_at=NOW + timedelta(hours=1))
    assert facts(desk.store).cases[0].first_response_at is None
    reply(desk.store, number, NOW + DAY)
    assert facts(desk.store).cases[0].first_response_at == NOW + DAY
