"""The life of cases as a state machine: no transition outside the table, every mail that is owed exactly once.

LIFE_MACHINE=minutes runs it that long before, with longer lives.
"""

import itertools
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from mailcase.store.store import Store
from tests.contract.life_machine.machine import LifeMachine, Opened
from tests.servers.postgres import PostgresServer

MINUTES = float(os.environ.get("LIFE_MACHINE", "0"))
_PATIENT = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def run(opener: Callable[[], Opened], examples: int, steps: int, **over: Any) -> None:
    """So many lives of so many steps."""
    machine = type("Life", (LifeMachine,), {"opener": staticmethod(opener)})
    chosen = settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=_PATIENT, **over)
    run_state_machine_as_test(machine, settings=chosen)


@pytest.fixture
def lite(tmp_path: Path) -> Callable[[], Opened]:
    """A new SQLite file each time."""
    Store.upgrade("sqlite:///mailcase.db", tmp_path)
    numbers = itertools.count()

    def opened() -> Opened:
        folder = tmp_path / f"life-{next(numbers)}"
        folder.mkdir()
        shutil.copy(tmp_path / "mailcase.db", folder)
        store = Store.open("sqlite:///mailcase.db", folder)

        def close() -> None:
            store.close()
            shutil.rmtree(folder)

        return store, close

    return opened


@pytest.fixture
def server_side(postgres_server: PostgresServer, migrated: str, tmp_path: Path) -> Callable[[], Opened]:
    """A new PostgreSQL database each time."""
    place, _, template = migrated.rpartition("/")
    numbers = itertools.count()

    def opened() -> Opened:
        name = f"life{os.getpid()}x{next(numbers)}"
        with psycopg.connect(postgres_server.dsn("postgres"), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        store = Store.open(f"{place}/{name}", tmp_path)
        return store, store.close

    return opened


def test_the_life_of_cases(lite: Callable[[], Opened]) -> None:
    ends = time.monotonic() + MINUTES * 60
    while time.monotonic() < ends:
        run(lite, examples=50, steps=60, derandomize=False, database=None)
    run(lite, examples=8, steps=30)


@pytest.mark.postgres
def test_the_life_of_cases_on_postgresql(server_side: Callable[[], Opened]) -> None:
    run(server_side, examples=2, steps=25)
