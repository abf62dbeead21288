"""Runs the state machine: so many lives of so many steps, each over a new store."""

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from mailcase.store.store import Store
from tests.contract.life_machine.machine import LifeMachine, Opened

_PATIENT = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
_URL = "sqlite:///mailcase.db"


def live(opener: Callable[[], Opened], examples: int, steps: int, by_seed: int | None = None, **over: Any) -> None:
    """Raises what the shortest life breaks on; its steps stand in the notes of the error."""
    machine = type("Life", (LifeMachine,), {"opener": staticmethod(opener)})
    # No deadline: a step takes as long as the machine lets it.
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, suppress_health_check=_PATIENT, deadline=None, **over
    )
    run_state_machine_as_test(machine if by_seed is None else seed(by_seed)(machine), settings=chosen)


def on_sqlite(folder: Path) -> Callable[[], Opened]:
    """A new SQLite file each time, in a folder of its own that goes with it."""
    Store.upgrade(_URL, folder)
    numbers = itertools.count()

    def opened() -> Opened:
        place = folder / f"life-{next(numbers)}"
        place.mkdir()
        shutil.copy(folder / "mailcase.db", place)
        store = Store.open(_URL, place)

        def close() -> None:
            store.close()
            shutil.rmtree(place)

        return store, close

    return opened
