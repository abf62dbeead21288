"""What is fetched and what is left (B1)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from mailcase.intake.imap import plan
from mailcase.intake.imap.ports import MailFact, SelectedFolder
from mailcase.ports import Cursor

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SELECTED = SelectedFolder("INBOX", uidvalidity=7, uidnext=10, read_only=False, keywords=True)


def fact(uid: int, received_at: datetime = NOON) -> MailFact:
    return MailFact(uid, 100, received_at)


def cursor(start: str, **other: object) -> Cursor:
    blank = Cursor("imap:h:u", "INBOX", "support", 7, 9, 10, NOON, start)
    return replace(blank, **other)  # type: ignore[arg-type]  # fields of Cursor by name


def taken(wanted: list[plan.Wanted]) -> list[tuple[int, bool]]:
    return [(one.mail.uid, one.backlog) for one in wanted]


@pytest.mark.parametrize(
    ("uidnext", "uids", "baseline"), [(10, [1, 9], 10), (10, [1, 9, 10], 10), (None, [1, 9], 10), (None, [], 1)]
)
def test_the_baseline_is_uidnext_of_the_select(uidnext: int | None, uids: list[int], baseline: int) -> None:
    assert plan.baseline_uid(replace(SELECTED, uidnext=uidnext), uids) == baseline


@pytest.mark.parametrize(("start", "last_uid"), [("new", 9), ("all", 0), ("2026-03-01", 0)])
def test_a_first_cursor_keeps_the_newest_internaldate_below_the_baseline(start: str, last_uid: int) -> None:
    first = plan.first_cursor("imap:h:u", "support", SELECTED, 10, NOON, start)
    assert (first.baseline_uid, first.baseline_at, first.last_uid, first.start) == (10, NOON, last_uid, start)


def test_a_first_cursor_of_an_empty_folder_has_no_baseline_date() -> None:
    assert plan.first_cursor("imap:h:u", "support", SELECTED, 1, None, "new").baseline_at is None


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("new", [(10, False), (11, False)]),
        ("all", [(8, True), (9, True), (10, False), (11, False)]),
        ("2026-03-10", [(9, True), (10, False), (11, False)]),
        ("2026-03-09", [(8, True), (9, True), (10, False), (11, False)]),
        ("2026-03-11", [(10, False), (11, False)]),
    ],
)
def test_within_one_uidvalidity_the_uid_alone_decides(start: str, expected: list[tuple[int, bool]]) -> None:
    long_ago = NOON - 3000 * DAY
    mails = [fact(8, NOON - DAY), fact(9), fact(10, long_ago), fact(11, NOON + DAY)]
    assert taken(plan.by_uid(mails, cursor(start))) == expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [("new", [(3, False)]), ("all", [(1, True), (2, True), (3, False)]), ("2026-03-10", [(2, True), (3, False)])],
)
def test_after_a_reset_internaldate_up_to_the_baseline_counts_as_before(
    start: str, expected: list[tuple[int, bool]]
) -> None:
    mails = [fact(1, NOON - DAY), fact(2, NOON), fact(3, NOON + timedelta(seconds=1)), fact(4, NOON + DAY)]
    assert taken(plan.by_date(mails, cursor(start), known={4})) == expected


def test_after_a_reset_of_a_folder_that_was_empty_everything_is_new() -> None:
    mails = [fact(1, NOON - 3000 * DAY)]
    assert taken(plan.by_date(mails, cursor("new", baseline_at=None), known=())) == [(1, False)]


def test_a_restarted_cursor_keeps_baseline_date_and_start() -> None:
    old = cursor("new", uidvalidity=3, source="imap:old:u", compared_at=NOON)
    fresh = plan.restarted_cursor(old, "imap:h:u", "support", SELECTED, 10)
    assert fresh == replace(old, source="imap:h:u", uidvalidity=7, last_uid=9, baseline_uid=10, compared_at=None)


@pytest.mark.parametrize(
    ("start", "since", "expected"),
    [("new", None, [10, 12]), ("all", None, [8, 9, 10, 12]), ("2026-03-10", {9, 12}, [9, 10, 12])],
)
def test_facts_are_asked_only_of_mails_that_may_be_wanted(
    start: str, since: set[int] | None, expected: list[int]
) -> None:
    assert plan.candidates([8, 9, 10, 11, 12], {11}, cursor(start), since) == expected


@pytest.mark.parametrize(("start", "day"), [("new", None), ("all", None), ("2026-03-01", date(2026, 2, 28))])
def test_a_since_search_leaves_a_day_for_the_servers_zone(start: str, day: date | None) -> None:
    assert plan.since_day(start) == day


@pytest.mark.parametrize(("uids", "last"), [([], 9), ([4], 9), ([12, 11], 12)])
def test_a_cursor_never_moves_back(uids: list[int], last: int) -> None:
    assert plan.moved_on(cursor("new"), uids).last_uid == last


@pytest.mark.parametrize(
    ("compared_at", "due"),
    [(None, True), (NOON, False), (NOON - timedelta(seconds=900), True), (NOON + timedelta(seconds=1), True)],
)
def test_the_whole_list_is_compared_from_time_to_time(compared_at: datetime | None, due: bool) -> None:
    assert plan.compare_due(cursor("new", compared_at=compared_at), NOON, 900) is due
