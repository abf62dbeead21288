"""Possible duplicates, and which case a second mail joins (B12)."""

from datetime import timedelta

from mailcase.cases.duplicates import case_to_join, possible_duplicates
from mailcase.snapshot import ContactView
from tests.builders import NOW, make_cases, make_policy, make_snapshot
from tests.unit.test_linking import case

LINK = make_policy(cases=make_cases(duplicates="link", duplicate_days=7))
MINE, COLLEAGUES = 1, tuple(range(2, 9))
CASES = {number: case(number, contact_id=number, account_id=7) for number in (MINE, *COLLEAGUES)}
SNAPSHOT = make_snapshot(cases=CASES, open_cases=tuple(reversed(CASES)), contact=ContactView(MINE, "Jo", 7, ""))


def test_at_most_five_are_recorded_newest_first() -> None:
    found = possible_duplicates(SNAPSHOT, "Incident", LINK, frozenset({8}))
    assert [one.running for one in found] == [7, 6, 5, 4, 3]


def test_the_contacts_own_case_is_joined_however_many_colleagues_have_newer_ones() -> None:
    found = case_to_join(SNAPSHOT, "Incident", LINK, frozenset())
    assert found is not None
    assert found.running == MINE


def test_an_old_case_another_category_or_the_setting_off_joins_nothing() -> None:
    old = make_snapshot(
        cases={1: case(1, contact_id=1, created_at=NOW - timedelta(days=8))},
        open_cases=(1,),
        contact=ContactView(1, "Jo", None, ""),
    )
    assert case_to_join(old, "Incident", LINK, frozenset()) is None
    assert case_to_join(SNAPSHOT, "Request", LINK, frozenset()) is None
    assert case_to_join(SNAPSHOT, "Incident", make_policy(), frozenset()) is None
