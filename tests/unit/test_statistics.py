"""What a report counts: each number by a small life, and what must hold of any."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.cases.statuses import StatusKind
from mailcase.errors import Permanent
from mailcase.life.statistics import (
    AGES,
    OPEN,
    Backlog,
    By,
    CaseFact,
    Facts,
    Line,
    Move,
    Period,
    age_of,
    percentile,
    report,
)

ACTIVE, PAUSED, RESOLVED, FINAL = StatusKind
DAY0 = datetime(2026, 11, 2, tzinfo=UTC)
WEEK = Period(DAY0, DAY0 + timedelta(days=7), ZoneInfo("UTC"))
HOUR = timedelta(hours=1)


def at(day: float) -> datetime:
    return DAY0 + timedelta(days=day)


def case(day: float, kind: StatusKind = ACTIVE, running: int = 1, **over: Any) -> CaseFact:
    return CaseFact(running, at(day), kind, **over)


def moves(*steps: tuple[float, StatusKind, StatusKind], running: int = 1) -> tuple[Move, ...]:
    return tuple(Move(running, at(day), before, after) for day, before, after in steps)


def total(one: CaseFact, *steps: tuple[float, StatusKind, StatusKind]) -> Line:
    return report(Facts((one,), moves(*steps)), WEEK, By.MAILBOX).total


COUNTS: list[tuple[str, CaseFact, list[tuple[float, StatusKind, StatusKind]], tuple[int, int, int, int, int]]] = [
    # created, resolved, closed, reopened, open
    ("new", case(1), [], (1, 0, 0, 0, 1)),
    ("made before, still open", case(-40, PAUSED), [], (0, 0, 0, 0, 1)),
    ("the first moment counts", case(0), [], (1, 0, 0, 0, 1)),
    ("the last moment does not", case(7), [], (0, 0, 0, 0, 0)),
    ("resolved", case(1, RESOLVED), [(2, ACTIVE, RESOLVED)], (1, 1, 0, 0, 0)),
    ("resolved and closed", case(1, FINAL), [(2, ACTIVE, RESOLVED), (3, RESOLVED, FINAL)], (1, 1, 1, 0, 0)),
    ("closed at once", case(1, FINAL), [(2, PAUSED, FINAL)], (1, 0, 1, 0, 0)),
    ("closed twice over", case(1, FINAL), [(2, ACTIVE, FINAL), (3, FINAL, FINAL)], (1, 0, 1, 0, 0)),
    ("reopened", case(1), [(2, ACTIVE, RESOLVED), (3, RESOLVED, ACTIVE)], (1, 1, 0, 1, 1)),
    ("an answer that was waited for", case(1), [(2, ACTIVE, PAUSED), (3, PAUSED, ACTIVE)], (1, 0, 0, 0, 1)),
    ("restarted", case(-9), [(3, FINAL, ACTIVE)], (0, 0, 0, 1, 1)),
    ("closed after the period: open at its end", case(1, FINAL), [(8, ACTIVE, FINAL)], (1, 0, 0, 0, 1)),
    ("reopened after the period: not open at its end", case(1), [(2, ACTIVE, FINAL), (9, FINAL, ACTIVE)],
     (1, 0, 1, 0, 0)),
]  # fmt: skip


def test_by_day_the_lines_begin_with_the_first_case_and_have_an_end() -> None:
    long = replace(WEEK, since=datetime(1, 1, 1, tzinfo=UTC))
    found = report(Facts((case(1),), began=at(1)), long, By.DAY)
    assert [one.name for one in found.lines] == [f"2026-11-0{day}" for day in range(3, 9)]
    assert (
        len(report(Facts(began=at(-9)), WEEK, By.DAY).lines) == len(report(Facts(began=at(9)), WEEK, By.DAY).lines) == 7
    )
    assert report(Facts((case(0),), began=at(1)), WEEK, By.DAY).lines[0].created == 1  # the clock was put back
    with pytest.raises(Permanent, match=r"3,660 lines at most, not 739,\d+: name a later --from"):
        report(Facts(), long, By.DAY)
    assert report(Facts((case(1),)), long, By.MAILBOX).total.created == 1


def test_what_nobody_had_can_come_back_too() -> None:
    steps = moves((2, ACTIVE, RESOLVED), (3, RESOLVED, ACTIVE))
    (line,) = report(Facts((case(1),), steps), WEEK, By.ASSIGNEE).lines
    assert (line.name, line.reopen_rate) == ("", 1.0)


@pytest.mark.parametrize(("name", "one", "steps", "counts"), COUNTS, ids=[name for name, *_ in COUNTS])
def test_what_is_counted(
    name: str, one: CaseFact, steps: list[tuple[float, StatusKind, StatusKind]], counts: tuple[int, ...]
) -> None:
    found = total(one, *steps)
    assert (found.created, found.resolved, found.closed, found.reopened, found.open) == counts, name


@pytest.mark.parametrize(
    ("one", "steps", "resolution", "rate"),
    [
        (case(1, RESOLVED), [(2, ACTIVE, RESOLVED)], timedelta(days=1), 0.0),
        (case(1, FINAL), [(2, ACTIVE, RESOLVED), (5, RESOLVED, FINAL)], timedelta(days=1), 0.0),
        (case(1, FINAL), [(2, ACTIVE, RESOLVED), (3, RESOLVED, ACTIVE), (4, ACTIVE, FINAL)], timedelta(days=3), 1.0),
        (case(1), [(2, ACTIVE, RESOLVED), (3, RESOLVED, ACTIVE)], None, 1.0),
        (case(1, FINAL, canceled=True), [(2, ACTIVE, FINAL)], None, 0.0),
        (case(1), [], None, None),
    ],
)
def test_times_of_resolution_and_the_share_that_came_back(
    one: CaseFact,
    steps: list[tuple[float, StatusKind, StatusKind]],
    resolution: timedelta | None,
    rate: float | None,
) -> None:
    found = total(one, *steps)
    assert (found.resolution.median, found.reopen_rate) == (resolution, rate)


@pytest.mark.parametrize(
    ("created", "answered", "told"),
    [(1, 1.5, timedelta(hours=12)), (1, None, None), (1, 8, None), (-1, 1, None), (1, 0.5, timedelta(0))],
)
def test_the_first_response_counts_for_cases_of_the_period(
    created: float, answered: float | None, told: timedelta | None
) -> None:
    one = case(created, first_response_at=None if answered is None else at(answered))
    assert total(one).first_response.median == told


def test_days_are_those_of_the_zone_each_with_a_line() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 24, tzinfo=berlin).astimezone(UTC)  # the clocks go back on the 25th: 25 hours
    period = Period(start, datetime(2026, 10, 27, tzinfo=berlin).astimezone(UTC), berlin)
    late = datetime(2026, 10, 25, 22, 30, tzinfo=UTC)
    facts = Facts((CaseFact(1, late, ACTIVE), CaseFact(2, late + HOUR, ACTIVE)))
    found = report(facts, period, By.DAY)
    assert [(one.name, one.created) for one in found.lines] == [
        ("2026-10-24", 0), ("2026-10-25", 1), ("2026-10-26", 1),
    ]  # fmt: skip


def test_what_happened_stands_on_its_own_day_and_what_was_made_on_its() -> None:
    facts = Facts((case(0, RESOLVED), case(-3, running=2)), moves((2, ACTIVE, RESOLVED)))
    found = report(facts, WEEK, By.DAY)
    assert [(one.created, one.resolved, one.open) for one in found.lines[:3]] == [(1, 0, 0), (0, 0, 0), (0, 1, 0)]
    assert (found.total.created, found.total.resolved, found.total.open) == (1, 1, 1)


def test_sums_of_what_was_open_before_stand_in_the_line_of_all_and_in_their_own() -> None:
    some = (Backlog(3, 5, mailbox="a"), Backlog(2, 1, mailbox="b"))
    found = report(Facts((case(1, mailbox="a"),), (), some), WEEK, By.MAILBOX)
    assert [(one.name, one.open) for one in (*found.lines, found.total)] == [("a", 4), ("b", 2), ("all", 6)]
    assert found.total.ages == (0, 2, 1, 0, 0, 3)
    days = report(Facts((), (), some), WEEK, By.DAY)
    assert (len(days.lines), {one.open for one in days.lines}, days.total.open) == (7, {0}, 5)


@pytest.mark.parametrize("by", [By.MAILBOX, By.CATEGORY, By.ASSIGNEE, By.GROUP])
def test_lines_are_what_a_case_has(by: By) -> None:
    names: tuple[dict[str, Any], ...] = tuple({by.value: name} for name in ("b", "a", "", "a"))
    cases = tuple(case(1, running=running, **one) for running, one in enumerate(names, 1))
    found = report(Facts(cases), WEEK, by)
    assert [(one.name, one.created) for one in found.lines] == [("", 1), ("a", 2), ("b", 1)]


PERCENTILES = [
    ([], 0.5, None), ([3], 0.9, 3), ([1, 2], 0.5, 1.5), ([3, 1, 2], 0.5, 2), ([1, 2, 3, 4], 0.5, 2.5),
    ([*range(11)], 0.9, 9), ([0, 10], 0.9, 9),
]  # fmt: skip


@pytest.mark.parametrize(("hours", "share", "told"), PERCENTILES)
def test_percentiles_lie_between_neighbours(hours: list[int], share: float, told: float | None) -> None:
    assert percentile([HOUR * one for one in hours], share) == (None if told is None else HOUR * told)


@pytest.mark.parametrize(
    ("days", "age"), [(0, 0), (0.99, 0), (1, 1), (2.99, 1), (3, 2), (7, 3), (29, 3), (30, 4), (90, 5), (9999, 5)]
)
def test_ages(days: float, age: int) -> None:
    assert age_of(timedelta(days=days)) == age


@given(st.lists(st.integers(0, 10**6).map(lambda one: timedelta(seconds=one)), min_size=1))
def test_a_median_has_as_many_on_either_side_and_nine_in_ten_are_no_slower(values: list[timedelta]) -> None:
    median, slow = percentile(values, 0.5), percentile(values, 0.9)
    assert median is not None
    assert slow is not None
    assert min(values) <= median <= slow <= max(values)
    assert sum(one <= median for one in values) * 2 >= len(values) <= sum(one >= median for one in values) * 2
    assert sum(one > slow for one in values) <= len(values) / 10 + 1  # few values: one may be the slowest


@st.composite
def lives(draw: st.DrawFn) -> Facts:
    """Cases that each change from the kind they have to another one, before, in and after the week."""
    cases: list[CaseFact] = []
    made: list[Move] = []
    for running in range(draw(st.integers(0, 6))):
        day, kind = draw(st.floats(-20, 6.9)), ACTIVE
        cases.append(case(day, running=running, mailbox=draw(st.sampled_from("ab"))))
        for step in sorted(draw(st.lists(st.floats(0, 20), max_size=6))):
            after = draw(st.sampled_from([one for one in StatusKind if one is not kind]))
            if (when := max(0.0, day + step)) >= 0:
                made.append(Move(running, at(when), kind, after))
            kind = after
        cases[-1] = replace(cases[-1], kind=kind)
    return Facts(tuple(cases), tuple(sorted(made, key=lambda one: one.at)))


@given(lives())
def test_the_lines_add_up_and_what_came_is_gone_or_still_there(facts: Facts) -> None:
    found = report(facts, WEEK, By.MAILBOX)
    for what in ("created", "resolved", "closed", "reopened", "open"):
        assert sum(getattr(one, what) for one in found.lines) == getattr(found.total, what)
    by_day = report(facts, WEEK, By.DAY)
    for what in ("created", "resolved", "closed", "reopened"):
        assert sum(getattr(one, what) for one in by_day.lines) == getattr(found.total, what)
    for one in (*found.lines, found.total):
        assert sum(one.ages) == one.open
        assert one.reopen_rate is None or 0 <= one.reopen_rate <= 1
    assert len(found.total.ages) == len(AGES)
    before = [one for one in facts.cases if one.created_at < WEEK.since]
    ended = sum(one.ends for one in facts.moves if one.at < WEEK.until)
    back = sum(one.reopens for one in facts.moves if one.at < WEEK.until)
    # A case that was made before may have moved before: it was open where its first move here says so.
    first = {one.case: one.before for one in reversed(facts.moves)}
    open_then = sum(first.get(one.running, one.kind) in OPEN for one in before)
    assert found.total.open == open_then + found.total.created - ended + back
