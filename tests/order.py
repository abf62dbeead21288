"""In which order several test processes get the tests: slow files first, so that none is left alone at the end."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Final

import pytest

#: Files that take long, and seconds that they once took on one core. A wrong number costs time and nothing else.
SLOW: Final = {
    "test_main_job.py": 100, "test_three_daemons.py": 85, "test_kill.py": 80, "test_whole_life.py": 50,
    "test_reader.py": 55, "test_fault_line.py": 42, "test_pipeline.py": 36, "test_pipeline_order.py": 35,
    "test_disk_full.py": 35, "test_operation.py": 34, "test_reload.py": 34, "test_daemon.py": 33,
    "test_hostile.py": 32, "test_fault_burst.py": 32, "test_check.py": 30, "test_demo.py": 30,
    "test_three_hundred.py": 25, "test_fault_imap.py": 25, "test_two_groups.py": 24, "test_loops.py": 23,
    "test_source.py": 22, "test_poison.py": 22, "test_architecture.py": 20, "test_store_faults.py": 19,
    "test_tenure_store.py": 19, "test_mailbox_commands.py": 18, "test_hostile_daemon.py": 16,
}  # fmt: skip

Files = list[tuple[str, list[pytest.Item]]]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal them out where there are several processes (xdist), each of which begins with an equal part of the list."""
    given = getattr(config, "workerinput", None)
    if given is not None:
        items[:] = dealt(items, int(given["workercount"]))


def dealt(items: Sequence[pytest.Item], processes: int) -> list[pytest.Item]:
    """All of them; each of so many equal parts begins with its share of the slow files, the slowest first."""
    files: Files = [(name, list(of)) for name, of in groupby(items, lambda one: one.path.name)]
    slow = sorted((one for one in files if one[0] in SLOW), key=lambda one: -SLOW[one[0]])
    shares = [list[pytest.Item]() for _ in range(processes)]
    loads = [0] * processes
    for name, of in slow:
        least = loads.index(min(loads))
        loads[least] += SLOW[name]
        shares[least] += of
    quick = iter([one for name, of in files if name not in SLOW for one in of])
    return list(_filled(shares, quick, len(items)))


def _filled(shares: Sequence[Sequence[pytest.Item]], rest: Iterable[pytest.Item], count: int) -> Iterator[pytest.Item]:
    """Each share made as long as xdist cuts the list; what is left over comes last."""
    rest = iter(rest)
    for at, share in enumerate(shares):
        size = count // (len(shares) - at)
        count -= size
        yield from share
        yield from islice(rest, max(0, size - len(share)))
    yield from rest
