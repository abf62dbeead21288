"""The simulator sees what it is there for: each flaw of the store breaks a promise in one of a few histories."""

from dataclasses import replace
from typing import Any

import pytest

from tests.simulator.twin import Flaws
from tests.simulator.twin_world import TwinWorld, broken
from tests.simulator.world import Plan

THREE: dict[str, Any] = {"daemons": 3, "racing": True, "divided": False}


@pytest.mark.parametrize(
    ("flaw", "plan", "promise", "first"),
    [
        ("unique", {**THREE, "no_id": 1.0, "killing": 0.0}, "P2", 20),
        ("claim", {**THREE, "killing": 0.05}, "P3", 1),
        ("attempts", {"daemons": 1, "racing": False, "killing": 0.0}, "P4", 9),
        ("fence", THREE, "F17: a daemon that lost its locks", 29),
        ("fence", THREE, "F17: a daemon wrote for a mailbox", 15),
    ],
)
def test_each_flaw_breaks_a_promise(flaw: str, plan: dict[str, Any], promise: str, first: int) -> None:
    for seed in range(first, first + 40):
        world = TwinWorld.of(replace(Plan.of(seed), **plan), Flaws(**{flaw: False}))
        world.run()
        if any(one.startswith(promise) for one in broken(world)):
            return
    pytest.fail(f"no history of 40 sees that {flaw} is missing")
