"""mutmut's mutants, each tried in a fork of one pytest session: the tests are collected once, not 3,000 times."""

import functools
import gc
import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest
from hypothesis import Phase, settings
from mutmut.__main__ import create_mutants
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, setup_source_paths, walk_mutatable_files

_SURVIVED: Final = 0
_KILLED: Final = 1
_BROKEN: Final = 3  # pytest itself fell over it
_UNTESTED: Final = 33
#: Without plugins that only watch or spread; a plain assert fails without being taken apart.
_PYTEST: Final = (
    *("-q", "--rootdir=.", "--tb=native", "--assert=plain"),
    *("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov"),
)
_EXAMPLES: Final = 25  # of Hypothesis, the same ones for each mutant; none is made shorter
_SLOW: Final = 2.0  # CPU seconds; what takes longer asks how much can be done, which no mutant is asked
_GRACE: Final = 10  # times as long as its tests took, and so many seconds more: then it runs for ever
_MEMORY: Final = 4 << 30  # octets of address space of a fork


def main(children: int, tests: Sequence[str]) -> int:
    """Make the mutants of the folder we are in, and try those not yet killed. Gives pytest's exit status."""
    set_mutant_under_test("mutant_generation")
    Path("mutants").mkdir(exist_ok=True)
    copy_src_dir()
    copy_also_copy_files()
    setup_source_paths()
    create_mutants(children)
    files = [_loaded(path) for path in walk_mutatable_files()]
    os.chdir("mutants")
    _ask_always()
    return int(pytest.main([*_PYTEST, *tests], plugins=[Trying(children, files)]))


def _loaded(path: Path) -> SourceFileMutationData:
    data = SourceFileMutationData(path=path)
    data.load()
    data.meta_path = data.meta_path.absolute()
    return data


@dataclass(frozen=True)
class Tests:
    """The tests that call a function, those of its room first, then golden mails, the quick ones before the slow.

    With how long each takes (CPU seconds).
    """

    of: dict[str, list[pytest.Item]]
    seconds: dict[pytest.Item, float]

    def limit(self, function: str) -> int:
        """The CPU seconds after which a mutant of it runs for ever."""
        return _GRACE + round(_GRACE * sum(self.seconds[one] for one in self.of[function]))


class Trying:
    """A pytest plugin: where others run the tests, it asks of each mutant whether they notice it."""

    def __init__(self, children: int, files: list[SourceFileMutationData]) -> None:
        self.children, self.files = children, files
        self.running: dict[int, tuple[SourceFileMutationData, str, float]] = {}

    def pytest_collection(self) -> None:
        """Behind the house's own profile, and before there is a test: each takes its profile when it is read."""
        phases = (Phase.explicit, Phase.generate)
        few = settings(settings.default, max_examples=_EXAMPLES, derandomize=True, database=None, phases=phases)
        settings.register_profile("mutants", few)
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of pytest's own."""
        tests = _watched(session)
        _forget()
        gc.freeze()
        for file, name in self._wanted():
            self._try(session, tests, file, name)
        while self.running:
            self._reap()
        return True

    def _wanted(self) -> list[tuple[SourceFileMutationData, str]]:
        """What was not tried, then what no test noticed: there may be new tests since."""
        todo = [(file, name, code) for file in self.files for name, code in file.exit_code_by_key.items()]
        fresh = [(file, name) for file, name, code in todo if code is None]
        return fresh + [(file, name) for file, name, code in todo if code in (_SURVIVED, _UNTESTED)]

    def _try(self, session: pytest.Session, tests: Tests, file: SourceFileMutationData, name: str) -> None:
        function = name.partition("__mutmut_")[0]
        if function not in tests.of:
            self._record(file, name, _UNTESTED, 0.0)
            return
        while len(self.running) >= self.children:
            self._reap()
        sys.stdout.flush()
        pid = os.fork()
        if not pid:
            _noticed(session, name, tests.of[function], tests.limit(function))
        self.running[pid] = (file, name, time.monotonic())

    def _reap(self) -> None:
        pid, status = os.wait()
        file, name, began = self.running.pop(pid)
        self._record(file, name, os.waitstatus_to_exitcode(status), time.monotonic() - began)

    def _record(self, file: SourceFileMutationData, name: str, code: int, seconds: float) -> None:
        file.exit_code_by_key[name] = code
        file.durations_by_key[name] = seconds
        place = file.meta_path
        file.meta_path = place.with_suffix(".new")
        file.save()  # whole or not at all: it may be killed at any moment
        file.meta_path = file.meta_path.replace(place)


def _watched(session: pytest.Session) -> Tests:
    """Run every test once, unchanged: which functions each calls, and how long it takes. Raises if one fails."""
    set_mutant_under_test("stats")
    found: dict[str, list[pytest.Item]] = defaultdict(list)
    seconds: dict[pytest.Item, float] = {}
    for item, after in zip(session.items, [*session.items[1:], None], strict=True):
        called: set[str] = state()._stats  # mutmut has no other way to ask for it
        called.clear()
        began = time.process_time()
        item.ihook.pytest_runtest_protocol(item=item, nextitem=after)
        seconds[item] = time.process_time() - began
        if seconds[item] < _SLOW:
            for function in called:
                found[function].append(item)
    if session.testsfailed:
        raise session.Failed(f"{session.testsfailed} tests fail without any change")
    order = {item: (item.path.parent.name == "golden", seconds[item]) for item in session.items}
    return Tests({name: sorted(items, key=order.__getitem__) for name, items in found.items()}, seconds)


def _ask_always() -> None:
    """A mail keeps the answers about it, and tests share mails: a kept one would hide a change, and who else asks."""
    vars(import_module("mailcase.message"))["once"] = lambda ask: ask


def _forget() -> None:
    """Empty the caches of the program: an answer kept from the unchanged code would hide a change."""
    cache: Any = type(functools.lru_cache(_forget))
    for one in gc.get_objects():
        if isinstance(one, cache) and str(one.__module__).startswith("mailcase"):
            one.cache_clear()


def _noticed(session: pytest.Session, name: str, items: list[pytest.Item], seconds: int) -> NoReturn:
    """In the fork: end with 1 at the first test that fails under this mutant, with 0 if all hold."""
    code = _BROKEN
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        set_mutant_under_test(name)
        for item, after in zip(items, [*items[1:], None], strict=True):
            item.ihook.pytest_runtest_protocol(item=item, nextitem=after)
            if session.testsfailed:
                break
        code = _KILLED if session.testsfailed else _SURVIVED
    finally:
        os._exit(code)  # also with a MemoryError on its way


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
