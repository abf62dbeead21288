"""Assignment rules: the first that fits, and whose turn it is."""

from dataclasses import replace
from typing import Any

import pytest

from mailcase.life.assigning import assignment_for
from mailcase.life.assignment import AssignmentRule, CaseToAssign, Member, first_fit, pick
from mailcase.life.people import Agent, AgentRole
from mailcase.policy import CategoryPolicy
from tests.builders import make_cases, make_policy

CASE = CaseToAssign(
    "support", "Incident", "visitor.example", "Printer jams", "Error 17.\nThe TONER is empty.", "Medium"
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({}, True),
        ({"mailbox": "support"}, True),
        ({"mailbox": "sales"}, False),
        ({"category": "Incident", "priority": "Medium"}, True),
        ({"category": "Incident", "priority": "High"}, False),
        ({"sender_domain": "visitor.example"}, True),
        ({"sender_domain": "example"}, False),
        ({"words": ("scanner", "toner")}, True),
        ({"words": ("printer jams",)}, True),
        ({"words": ("print",)}, False),
        ({"words": ("error 1",)}, False),
        ({"words": ("1.", "c++")}, False),
        ({"words": ("17.",)}, True),
    ],
)
def test_what_a_rule_asks(asked: dict[str, Any], fits: bool) -> None:
    assert (first_fit([AssignmentRule("it", group="g", **asked)], CASE) is not None) is fits


def test_the_first_that_fits_decides() -> None:
    rules = [AssignmentRule("sales", mailbox="sales"), AssignmentRule("a", group="A"), AssignmentRule("b", group="B")]
    found = first_fit(rules, CASE)
    assert found is not None
    assert found.name == "a"


@pytest.mark.parametrize(("assign", "name"), [("automatic", "a"), ("manual", None)])
def test_a_category_can_be_assigned_by_hand(assign: str, name: str | None) -> None:
    cases = make_cases(category_rules=(CategoryPolicy("Incident", assign=assign),))
    found = assignment_for(CASE, make_policy(cases=cases, assignments=(AssignmentRule("a", group="A"),)))
    assert (found.name if found else None) == name


def member(name: str, cases: int = 0, turn: int = 0, *, active: bool = True) -> Member:
    agent = Agent(len(name), name, f"{name}@helpdesk.example", name.title(), active=active)
    return Member(agent, cases, turn)


@pytest.mark.parametrize(
    ("how", "members", "chosen"),
    [
        ("none", [member("jane")], None),
        ("round_robin", [], None),
        ("round_robin", [member("kim", turn=1), member("jane", turn=2)], "kim"),
        ("round_robin", [member("kim", turn=1), member("jane")], "jane"),
        ("round_robin", [member("kim"), member("jane")], "jane"),
        ("round_robin", [member("kim", turn=1), member("jane", active=False)], "kim"),
        ("least_loaded", [member("kim", 3), member("jane", 4)], "kim"),
        ("least_loaded", [member("kim", 3, 9), member("jane", 3, 10)], "jane"),
        ("least_loaded", [member("jane", active=False)], None),
    ],
)
def test_whose_turn_it_is(how: str, members: list[Member], chosen: str | None) -> None:
    found = pick(replace(AssignmentRule("it", group="g"), pick=how), members)
    assert (found.key if found else None) == chosen


@pytest.mark.parametrize(
    ("isolate", "over", "may"),
    [
        (False, {}, True),
        (True, {}, False),
        (True, {"organizations": ("North",)}, True),
        (True, {"role": AgentRole.ADMIN}, True),
        (True, {"organizations": ("North",), "active": False}, False),
    ],
)
def test_an_agent_gets_no_case_that_he_may_not_see(isolate: bool, over: dict[str, Any], may: bool) -> None:
    agent = Agent(**{"id": 1, "key": "jane", "address": "jane@helpdesk.example", "name": "Jane", **over})
    assert AssignmentRule("it", group="g", isolate=isolate).may_give(agent, "North") is may
