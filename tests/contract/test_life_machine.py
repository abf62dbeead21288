"""The life of cases as a state machine: no transition outside the table, every mail that is owed exactly once.

LIFE_MACHINE=minutes runs it that long before, with longer lives; `make soak PART=life` does so seed after seed.
"""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from mailcase.store.store import Store
from tests.contract.life_machine.lives import live, on_sqlite
from tests.contract.life_machine.machine import Opened
from tests.servers.postgres_stores import Stores

MINUTES = float(os.environ.get("LIFE_MACHINE", "0"))


@pytest.fixture
def server_side(postgres_stores: Stores, tmp_path: Path) -> Callable[[], Opened]:
    """An empty PostgreSQL store each time."""

    def opened() -> Opened:
        stack = ExitStack()
        store = Store.open(stack.enter_context(postgres_stores.lend()), tmp_path)
        stack.callback(store.close)
        return store, stack.close

    return opened


def test_the_life_of_cases(tmp_path: Path) -> None:
    lite = on_sqlite(tmp_path)
    ends = time.monotonic() + MINUTES * 60
    while time.monotonic() < ends:
        live(lite, examples=50, steps=60, derandomize=False, database=None)
    live(lite, examples=8, steps=30)


@pytest.mark.postgres
def test_the_life_of_cases_on_postgresql(server_side: Callable[[], Opened]) -> None:
    live(server_side, examples=2, steps=25)
