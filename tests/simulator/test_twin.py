"""The twin is honest: the same histories on the real SQLite store end alike, and it knows every action."""

import tempfile
from pathlib import Path
from typing import get_args

import pytest

from mailcase.actions import Action, AgentActs
from tests.simulator.applying import HANDLERS
from tests.simulator.store_world import StoreWorld, ends_of_store, ends_of_twin
from tests.simulator.twin_world import TwinWorld
from tests.simulator.world import Plan


def test_the_twin_carries_out_every_action() -> None:
    agents = {AgentActs}  # none of this world's people: tests/contract/test_life_machine.py is theirs
    assert set(HANDLERS) | agents == set(get_args(Action))


@pytest.mark.parametrize("seed", range(1000, 1004, 2))
def test_the_same_history_ends_alike_on_the_store(seed: int) -> None:
    for each in range(seed, seed + 2):
        plan = Plan(each, events=10, killing=0.03)
        twin = TwinWorld.of(plan)
        twin.run()
        with tempfile.TemporaryDirectory() as folder:
            real = StoreWorld.of(plan, Path(folder))
            real.run()
            real.close()
            assert real.broken == twin.broken == [], f"seed {each}"
            for found, wanted in zip(ends_of_store(Path(folder)), ends_of_twin(twin), strict=True):
                assert found == wanted, f"seed {each}"
