"""Which of the cases that followed a closed one goes on with it (B9)."""

from typing import Any

import pytest

from mailcase.cases.statuses import StatusTable
from mailcase.cases.transitions import open_follower
from mailcase.snapshot import CaseView
from tests.builders import NOW

BOB, BEA = "bob@visitor.example", "bea@else.example"


def case(running: int, **over: Any) -> CaseView:
    plain: dict[str, Any] = {
        "running": running, "number": f"SR-{running}", "group": "default", "status": "New", "category": "Incident",
        "title": "Printer", "contact_id": None, "account_id": None, "participants": frozenset[str](),
        "merged_into": None, "followers": (), "assignee": "", "version": 1, "created_at": NOW, "first_kind": "person",
    }  # fmt: skip
    return CaseView(**{**plain, **over})


def found(closed: dict[str, Any], people: frozenset[str] | None, *followers: dict[str, Any]) -> int | None:
    later = {at: case(at, **over) for at, over in enumerate(followers, 2)}
    first = case(1, status="Closed", followers=tuple(sorted(later, reverse=True)), **closed)
    follower = open_follower(first, {1: first, **later}, StatusTable(), people)
    return follower.running if follower else None


@pytest.mark.parametrize(
    ("closed", "follower", "leads"),
    [
        ({}, {}, True),
        ({"contact_id": 1}, {}, True),
        ({}, {"contact_id": 1}, False),
        ({}, {"account_id": 1}, False),
        ({"contact_id": 1}, {"contact_id": 1}, True),
        ({"contact_id": 1}, {"contact_id": 2}, False),
        ({"account_id": 1}, {"account_id": 1}, True),
        ({"account_id": 1}, {"account_id": 2}, False),
        ({"contact_id": 1}, {"account_id": 1}, False),
        ({"contact_id": 1, "account_id": 3}, {"contact_id": 2, "account_id": 3}, True),
        ({}, {"contact_id": 1, "participants": frozenset({BOB})}, True),
        ({"participants": frozenset({BEA})}, {"contact_id": 1, "participants": frozenset({BEA})}, False),
    ],
)
def test_a_follower_is_nobody_elses_or_has_the_sender_among_its_people(
    closed: dict[str, Any], follower: dict[str, Any], leads: bool
) -> None:
    assert (found(closed, frozenset({BOB}), follower) == 2) is leads
    assert found(closed, None, follower) == 2


def test_the_newest_of_those_is_taken_and_others_are_passed_by() -> None:
    mine = {"contact_id": 1}
    assert found(mine, frozenset({BOB}), mine, mine, {"contact_id": 2}) == 3
    assert found(mine, frozenset({BOB}), mine, {**mine, "status": "Closed"}) == 2
    assert found(mine, frozenset({BOB}), {"contact_id": 2, "status": "Closed"}) is None


def test_a_follower_of_the_senders_account_is_his_though_nobody_is_its_contact() -> None:
    """With `create_contacts` off a stranger's own follower had neither: each of his mails made another case."""
    first, second = case(1, status="Closed", contact_id=1, followers=(2,)), case(2, account_id=5)
    views = {1: first, 2: second}
    assert open_follower(first, views, StatusTable(), frozenset({BOB}), 5) is second
    assert open_follower(first, views, StatusTable(), frozenset({BOB}), 6) is None
    assert open_follower(first, views, StatusTable(), frozenset({BOB})) is None
