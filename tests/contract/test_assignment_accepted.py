"""A junk case that is taken out of the junk: who gets it then, and that its history says so; on both databases."""

from typing import Any

import pytest

from mailcase.life.assignment import AssignmentRule
from mailcase.store.store import Store
from tests.builders import make_junk
from tests.contract.notice_kit import JANE, KIM, OTTO, Bureau

SPAM = "spam@bad.example"
RULE = AssignmentRule("spam", group="First line", pick="round_robin")


def accepted(store: Store, *, to: str = "", rules: tuple[AssignmentRule, ...] = (RULE,)) -> tuple[Bureau, Any]:
    """A junk mail's case, given to that agent by hand, then accepted."""
    bureau = Bureau.of(store, assignments=rules, junk=make_junk(blacklist=SPAM, create_cases=True))
    junk = bureau.post.write(1, sender=SPAM)
    if to:
        store.set_case("SR-1", bureau.post.at, "root", assignee=to)
    bureau.post.accept(junk.delivery_id)
    return bureau, bureau.post.case("SR-1")


def lines(case: Any) -> list[dict[str, Any]]:
    return [one["data"] for one in case["events"] if one["event"] == "assigned"]


@pytest.mark.parametrize(
    ("to", "assignee", "event"),
    [
        ("", JANE, {"from": "", "to": JANE, "from_group": "", "to_group": "First line", "rule": "spam"}),
        (OTTO, OTTO, {"from": OTTO, "to": OTTO, "from_group": "", "to_group": "First line", "rule": "spam"}),
    ],
)
def test_whom_the_rule_picks_stands_in_the_history(store: Store, to: str, assignee: str, event: dict[str, str]) -> None:
    bureau, case = accepted(store, to=to)
    assert (case["status"], case["assignee"], case["assignee_group"]) == ("New", assignee, "First line")
    assert lines(case) == [event]
    assert [row[:2] for row in bureau.told("assigned")] == [("assigned", assignee)]


def test_without_a_rule_a_case_stays_with_whom_a_person_gave_it(store: Store) -> None:
    _, case = accepted(store, to=KIM, rules=())
    assert (case["assignee"], lines(case)) == (KIM, [])
