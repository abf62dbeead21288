"""Who reads the store does not wait for who writes, and who waits for another server holds up neither."""

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator
from functools import partial

import pytest

from mailcase.store.marks import Lane, before, first_half, lane_of, outside, reads
from mailcase.store.store import Store
from mailcase.writer import THREADS, Writer

SOON = 20.0  # seconds


class Shelf:
    """A store that writes down who called what in which thread; `gate` holds up whoever waits at it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.gate = threading.Event()

    def _say(self, what: str) -> str:
        self.said.append(what)
        return threading.current_thread().name

    def write(self, what: str, *, wait: bool = False) -> str:
        if wait:
            self.gate.wait(SOON)
        return self._say(what)

    @reads
    def read(self) -> str:
        return self._say("read")

    @outside
    def fetch(self) -> str:
        return self._say("fetch")

    @before(lambda shelf: shelf.keep)
    def journal(self, what: str, kept: str = "") -> tuple[str, str]:
        return kept, self._say(f"journal {what}")

    def keep(self, what: str) -> str:
        if what == "slow":
            self.gate.wait(SOON)
        return self._say(f"keep {what}")


@pytest.fixture
async def call() -> AsyncIterator[Writer]:
    writer = Writer()
    yield writer
    writer.close()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


async def test_each_method_runs_in_the_threads_of_its_mark(call: Writer, shelf: Shelf) -> None:
    names = [
        await call(work) for work in (shelf.read, shelf.fetch, partial(shelf.write, "x"), lambda: shelf.write("y"))
    ]
    assert [name.rpartition("_")[0] for name in names] == ["store-read", "store-outside", "store-write", "store-write"]
    assert (await call(partial(shelf.read))).startswith("store-read")


async def test_reading_does_not_wait_for_a_write_that_is_under_way(call: Writer, shelf: Shelf) -> None:
    writing = asyncio.create_task(call(partial(shelf.write, "slow", wait=True)))
    async with asyncio.timeout(SOON):
        await call(shelf.read)
    shelf.gate.set()
    await writing
    assert shelf.said == ["read", "slow"]


async def test_writes_run_one_after_another_in_the_order_of_the_calls(call: Writer, shelf: Shelf) -> None:
    names = [f"write {number}" for number in range(50)]
    await asyncio.gather(*(call(shelf.write, name) for name in names))
    assert shelf.said == names


async def test_who_awaited_his_write_reads_it(call: Writer, shelf: Shelf) -> None:
    for number in range(20):
        await call(shelf.write, str(number))
        await call(shelf.read)
        assert shelf.said[-2:] == [str(number), "read"]


async def test_the_first_half_runs_outside_and_its_result_goes_to_the_second(call: Writer, shelf: Shelf) -> None:
    kept, written = await call(shelf.journal, "a")
    assert (kept.rpartition("_")[0], written.rpartition("_")[0]) == ("store-outside", "store-write")
    assert shelf.said == ["keep a", "journal a"]


async def test_a_slow_first_half_keeps_no_write_waiting(call: Writer, shelf: Shelf) -> None:
    slow = asyncio.create_task(call(shelf.journal, "slow"))
    async with asyncio.timeout(SOON):
        await call(shelf.journal, "b")
        await call(shelf.write, "c")
    shelf.gate.set()
    await slow
    assert shelf.said == ["keep b", "journal b", "c", "keep slow", "journal slow"]


async def test_many_slow_servers_leave_the_readers_free(call: Writer, shelf: Shelf) -> None:
    slow = [asyncio.create_task(call(shelf.journal, "slow")) for _ in range(2 * THREADS[Lane.OUTSIDE])]
    async with asyncio.timeout(SOON):
        await call(shelf.read)
    shelf.gate.set()
    await asyncio.gather(*slow)


METHODS = [(name, one) for name, one in inspect.getmembers(Store, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize(("name", "method"), METHODS, ids=[name for name, _ in METHODS])
def test_what_bears_the_mark_of_reading_opens_no_write_transaction(name: str, method: object) -> None:
    assert callable(method)
    source = inspect.getsource(method)
    if lane_of(method) is not Lane.WRITE:
        assert "write()" not in source
    elif name != "undecided" and "_engines.read()" in source:
        assert "write()" in source or name in ("forget", "give_organizations", "rehearsal", "sweep_erased")


def test_raw_mail_is_kept_and_fetched_outside() -> None:
    assert lane_of(Store.raw) is Lane.OUTSIDE
    assert vars(Store.journal)["store_first"](Store) is Store.keep
    assert first_half(Store.settle) is None
