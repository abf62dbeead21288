"""Slow files come first in each process's part of the tests, and no test is lost or run twice."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.order import SLOW, dealt


def files(**counts: int) -> list[Any]:
    return [
        SimpleNamespace(path=Path(f"test_{name}.py"), at=at) for name, count in counts.items() for at in range(count)
    ]


@pytest.mark.parametrize("processes", [1, 2, 3, 7])
def test_each_part_begins_with_slow_files_and_all_are_there(processes: int) -> None:
    items = files(addresses=50, kill=5, bodies=30, main_job=9, three_daemons=7, clocks=11, zones=2)
    found: list[Any] = dealt(items, processes)
    assert sorted(map(id, found)) == sorted(map(id, items))
    size = len(items) // processes
    starts = [found[at * size].path.name for at in range(min(processes, 3))]
    assert starts == ["test_main_job.py", "test_three_daemons.py", "test_kill.py"][: len(starts)]


def test_tests_of_a_file_stay_together_and_in_order() -> None:
    found: list[Any] = dealt(files(addresses=9, kill=5, bodies=3), 2)
    assert [one.at for one in found if one.path.name == "test_kill.py"] == list(range(5))
    first = next(at for at, one in enumerate(found) if one.path.name == "test_kill.py")
    assert {one.path.name for one in found[first : first + 5]} == {"test_kill.py"}


def test_every_file_that_is_called_slow_is_there() -> None:
    there = {file.name for file in Path(__file__).parents[1].rglob("test_*.py")}
    assert SLOW.keys() <= there
