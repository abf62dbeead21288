"""Mails are read in processes that can be killed, and a bad mail costs only itself."""

import asyncio
import errno
import signal
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from pebble.pool import process

from mailcase.errors import Transient
from mailcase.intake import pool as pools
from mailcase.intake.parse import read
from mailcase.intake.pool import Killed, Pool, TaskError
from mailcase.intake.reader import CHUNK, TRIES, Reader, ReadFailure
from mailcase.message import Email
from tests import poison

DEADLINE = 60.0  # seconds
HANGS = 1.0  # seconds until a mail counts as hanging


def mail(number: int, extra: bytes = b"X-Fine: yes") -> bytes:
    return b"From: joe@x.example\r\nSubject: %d\r\n%s\r\n\r\nbody" % (number, extra)


@asynccontextmanager
async def reading(**options: Any) -> AsyncIterator[Reader]:
    made = Reader(**{"workers": 2, "task": poison.read_all, **options})
    try:
        yield made
    finally:
        await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def reader() -> AsyncIterator[Reader]:
    async with reading() as made:
        yield made


def subjects(found: list[Email | ReadFailure]) -> list[str | None]:
    return [one.subject if isinstance(one, Email) else None for one in found]


def workers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if _is_worker(one)]


def _is_worker(child: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):  # it, or a child of another test, ended meanwhile
        return child.status() != psutil.STATUS_ZOMBIE and "--multiprocessing-fork" in child.cmdline()
    return False


async def test_results_come_in_the_order_of_the_mails(reader: Reader) -> None:
    raws = [mail(number) for number in range(100)]
    found = await reader.read_many(raws)
    assert found == [read(raw) for raw in raws]
    assert await reader.read_many([]) == []


@pytest.mark.parametrize(
    ("deadly", "options"), [(poison.ABORT, {}), (poison.HANG, {"timeout": 2 * HANGS})], ids=["abort", "hang"]
)
async def test_only_the_poison_fails(deadly: bytes, options: dict[str, Any]) -> None:
    raws = [mail(number, deadly if number == 5 else b"X-Fine: yes") for number in range(2 * CHUNK)]
    async with reading(**options) as reader:
        found = await reader.read_many(raws)
    assert subjects(found) == [None if number == 5 else str(number) for number in range(2 * CHUNK)]
    failure = found[5]
    assert isinstance(failure, ReadFailure)
    assert failure.tries == TRIES
    assert failure.error


@pytest.mark.parametrize(
    ("deadly", "told", "options"),
    [
        (poison.ABORT, "died", {}),
        (poison.HANG, "not read within", {"timeout": HANGS}),
        (poison.HANG, "not read within", {"timeout": HANGS, "task": poison.sluggish}),
        (poison.MODULES, "", {}),
    ],
)
async def test_each_process_that_is_lost_is_told(deadly: bytes, told: str, options: dict[str, Any]) -> None:
    killed: list[str] = []
    async with reading(workers=1, killed=killed.append, **options) as made:
        await made.read_many([mail(0, deadly)])
    assert [told in one for one in killed] == [True] * (TRIES if told else 0)


async def test_a_process_that_dies_before_it_is_known_what_it_was_at_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last word is read by one thread of pebble, its end seen by another one."""
    broken = threading.Event()
    begins, breaks = process.TaskManager.task_start, process.PoolManager.handle_broken_pool

    def task_start(*args: Any) -> None:
        broken.wait(DEADLINE)
        begins(*args)

    def handle_broken_pool(*args: Any) -> None:
        broken.set()
        breaks(*args)

    monkeypatch.setattr(process.TaskManager, "task_start", task_start)
    monkeypatch.setattr(process.PoolManager, "handle_broken_pool", handle_broken_pool)
    pool = Pool(1, 0, poison.read_all)
    try:
        with pytest.raises(Killed, match="the parser process died"):
            await pool.run([mail(0, poison.ABORT)], DEADLINE)
    finally:
        await pool.close()


@pytest.mark.parametrize("broken", [False, True])
async def test_a_pool_that_could_not_be_started_fails_its_task_alone(
    monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    """Without a free file or process: pebble says so in one way or the other."""

    def start(_: object) -> None:
        lack = OSError(errno.EMFILE, "too many open files")
        if broken:
            raise BrokenProcessPool from lack
        raise lack

    pool = Pool(1, 0, poison.read_all)
    try:
        with monkeypatch.context() as poor:
            poor.setattr(process.PoolManager, "start", start)
            with pytest.raises(TaskError, match="too many open files"):
                await pool.run([mail(0)], DEADLINE)
        assert len(await pool.run([mail(0)], DEADLINE)) == 1
    finally:
        await pool.close()


async def test_a_task_that_comes_just_when_the_pool_breaks_is_lost_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """pebble tells those that it knows, and this one it gets to know a moment later."""
    plain = process.PoolManager.schedule

    def schedule(manager: Any, task: Any) -> None:
        manager.handle_broken_pool(BrokenProcessPool("All workers expired"))
        plain(manager, task)

    pool = Pool(1, 0, poison.read_all)
    try:
        with monkeypatch.context() as late:
            late.setattr(process.PoolManager, "schedule", schedule)
            with pytest.raises(Killed, match="the parser processes ended"):
                await asyncio.wait_for(pool.run([mail(0)], DEADLINE), DEADLINE)
        assert len(await pool.run([mail(1)], DEADLINE)) == 1
    finally:
        await pool.close()


async def test_a_pool_is_ended_once_for_all_who_lost_a_task_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ends, joined = pools._joined, list[object]()

    def join(one: Any) -> None:
        joined.append(one)
        ends(one)

    monkeypatch.setattr(pools, "_joined", join)
    pool = Pool(1, 0, poison.read_all)
    await pool.run([mail(0)], DEADLINE)
    (only,), inner = workers(), pool._pool
    await asyncio.gather(pool._drop(inner), pool._drop(inner), pool.close())
    assert joined == [inner]
    assert not _is_worker(only)


async def test_memory_is_limited_while_a_mail_is_read() -> None:
    async with reading(workers=1, memory=64 << 20) as small:
        (failure, fine) = await small.read_many([mail(0, poison.MEMORY), mail(1)])
    assert isinstance(failure, ReadFailure)
    assert "MemoryError" in failure.error
    assert isinstance(fine, Email)


async def test_a_mail_that_can_never_be_read_is_not_tried_again(reader: Reader) -> None:
    (found,) = await reader.read_many([mail(0, poison.MODULES)])
    assert isinstance(found, ReadFailure)
    assert found.tries == 1


async def test_workers_do_not_import_the_store(reader: Reader) -> None:
    (found,) = await reader.read_many([mail(0, poison.MODULES)])
    assert isinstance(found, ReadFailure)
    modules = set(found.error.split())
    assert "mailparser" in modules
    assert not modules & {"sqlmodel", "sqlalchemy", "pydantic", "typer", "aioimaplib", "pytest", "mailcase.policy"}
    assert not modules & {"asyncio.events", "ssl", "tnefparse"}  # a third of the start, and not needed


def kill_idle(reader: Reader) -> None:
    """Those that wait for a task. While we hold what they lock to read and write none of them can take it along."""
    pool = reader._pool._pool
    assert pool is not None
    channel = pool._pool_manager.worker_manager.workers_channel
    assert channel is not None
    with channel.lock() as locked:
        assert locked
        for one in workers():
            one.kill()


async def test_workers_killed_while_idle_are_replaced(reader: Reader) -> None:
    await reader.read_many([mail(0)])
    kill_idle(reader)
    assert subjects(await asyncio.wait_for(reader.read_many([mail(1), mail(2)]), DEADLINE)) == ["1", "2"]


async def test_workers_take_no_notice_of_signals_to_the_group() -> None:
    async with reading(workers=1) as made:
        await made.read_many([mail(0)])
        (only,) = workers()
        only.send_signal(signal.SIGINT)
        only.send_signal(signal.SIGTERM)
        assert subjects(await made.read_many([mail(1)])) == ["1"]
        assert workers() == [only]


async def test_poison_in_every_task_costs_no_good_mail(reader: Reader) -> None:
    raws = [mail(number, poison.ABORT if number % CHUNK == 3 else b"X-Fine: yes") for number in range(4 * CHUNK)]
    found = await reader.read_many(raws)
    assert [one for one in found if isinstance(one, ReadFailure)] == [
        found[place] for place in range(3, 4 * CHUNK, CHUNK)
    ]


async def test_when_no_process_can_run_the_mails_are_not_to_blame() -> None:
    async with reading(workers=1, task=poison.broken) as made:
        with pytest.raises(Transient):
            await made.read_many([mail(0)])


async def test_close_ends_the_workers() -> None:
    made = Reader(workers=1)
    await made.read_many([mail(0)])
    mine = workers()
    await made.close()
    assert not [one for one in mine if _is_worker(one)]


PARENT = """
import asyncio, psutil
from mailcase.intake.pool import Pool, TaskError
from mailcase.intake.reader import Reader
async def main():
    await Reader(workers=1).read_many([b"Subject: x"])
    print(*[one.pid for one in psutil.Process().children() if "--multiprocessing-fork" in one.cmdline()], flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_workers_die_with_their_parent_and_leave_no_words_in_its_log() -> None:
    pipe = asyncio.subprocess.PIPE
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=pipe, stderr=pipe, cwd=Path(__file__).parents[2]
    )
    assert parent.stdout is not None
    assert parent.stderr is not None
    pids = [int(pid) for pid in (await asyncio.wait_for(parent.stdout.readline(), DEADLINE)).split()]
    assert pids
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(DEADLINE):
        while any(psutil.pid_exists(pid) for pid in pids):  # noqa: ASYNC110  a process's end sets no event
            await asyncio.sleep(0.02)
        assert await parent.stderr.read() == b""  # of Python's resource tracker, which ends last


async def test_a_task_that_no_process_takes_up_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailcase.intake.pool.QUEUED", 0.1)
    pool = Pool(1, 0, poison.read_all)
    await pool.run([mail(0)], 30.0)
    hanging = asyncio.create_task(pool.run([mail(1, poison.HANG)], 3.0))
    await asyncio.wait((hanging,), timeout=0.01)
    with pytest.raises(TaskError, match="no parser process took it up"):
        await pool.run([mail(2)], 0.1)
    with pytest.raises(TaskError):
        await hanging
    await pool.close()
