"""The start of a parser process: spawned, and without what the program has and reading mails does not need."""

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any, Final

_MAIN: Final = threading.Lock()


class _Later(ModuleType):
    """In the place of a module that is named, and loaded only if something of it is used after all."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


if "asyncio" not in sys.modules:
    # In a parser process alone, where pickle imports this module before pebble: that names asyncio, and needs it
    # for nothing that runs there. It would be a quarter of the start.
    sys.modules["asyncio"] = _Later("asyncio")
    sys.modules["pebble.asynchronous"] = ModuleType("pebble.asynchronous")


class _BareProcess(SpawnProcess):
    """A spawned process that does not import the parent's main module, and with it the whole program."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802  the name is multiprocessing's
        with _bare_main():
            return SpawnProcess._Popen(process_obj)


@contextmanager
def _bare_main() -> Iterator[None]:
    with _MAIN:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def start_tracker() -> None:
    """Start Python's resource tracker without its voice: when we are killed it outlives us, and it would
    write a warning in plain text, on semaphores that it then removes, into the log of JSON lines."""
    with _MAIN:
        sys.warnoptions.append("ignore::UserWarning:multiprocessing.resource_tracker")
        try:
            resource_tracker.ensure_running()
        finally:
            sys.warnoptions.pop()


class Context(SpawnContext):
    """Spawn, never fork: the daemon has threads."""

    Process = _BareProcess
