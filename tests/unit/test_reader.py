"""Mails are read in processes that can be killed, and a bad mail costs only itself."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from mailcase.errors import Transient
from mailcase.intake.parse import read
from mailcase.intake.pool import Pool, TaskError
from mailcase.intake.reader import CHUNK, TRIES, Reader, ReadFailure
from mailcase.message import Email
from tests import poison

DEADLINE = 20.0  # seconds


def mail(number: int, extra: bytes = b"X-Fine: yes") -> bytes:
    return b"From: joe@x.example\r\nSubject: %d\r\n%s\r\n\r\nbody" % (number, extra)


@pytest_asyncio.fixture(loop_scope="session")
async def reader() -> AsyncIterator[Reader]:
    made = Reader(workers=2, timeout=2.0, task=poison.read_all)
    yield made
    await made.close()


def subjects(found: list[Email | ReadFailure]) -> list[str | None]:
    return [one.subject if isinstance(one, Email) else None for one in found]


def workers() -> list[psutil.Process]:
    children = [one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE]
    return [one for one in children if "--multiprocessing-fork" in one.cmdline()]


async def test_results_come_in_the_order_of_the_mails(reader: Reader) -> None:
    raws = [mail(number) for number in range(100)]
    found = await reader.read_many(raws)
    assert found == [read(raw) for raw in raws]
    assert await reader.read_many([]) == []


@pytest.mark.parametrize("deadly", [poison.ABORT, poison.HANG], ids=["abort", "hang"])
async def test_only_the_poison_fails(reader: Reader, deadly: bytes) -> None:
    raws = [mail(number, deadly if number == 5 else b"X-Fine: yes") for number in range(2 * CHUNK)]
    found = await reader.read_many(raws)
    assert subjects(found) == [None if number == 5 else str(number) for number in range(2 * CHUNK)]
    failure = found[5]
    assert isinstance(failure, ReadFailure)
    assert failure.tries == TRIES
    assert failure.error


@pytest.mark.parametrize(
    ("deadly", "told"), [(poison.ABORT, "died"), (poison.HANG, "not read within"), (poison.MODULES, "")]
)
async def test_each_process_that_is_lost_is_told(deadly: bytes, told: str) -> None:
    killed: list[str] = []
    made = Reader(workers=1, timeout=1.0, task=poison.read_all, killed=killed.append)
    try:
        await made.read_many([mail(0, deadly)])
    finally:
        await made.close()
    assert [told in one for one in killed] == [True] * (TRIES if told else 0)


async def test_memory_is_limited_while_a_mail_is_read() -> None:
    small = Reader(workers=1, memory=64 << 20, task=poison.read_all)
    try:
        (failure, fine) = await small.read_many([mail(0, poison.MEMORY), mail(1)])
    finally:
        await small.close()
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


async def test_workers_killed_while_idle_are_replaced(reader: Reader) -> None:
    await reader.read_many([mail(0)])
    for process in workers():
        process.kill()
    assert subjects(await asyncio.wait_for(reader.read_many([mail(1), mail(2)]), DEADLINE)) == ["1", "2"]


async def test_workers_take_no_notice_of_signals_to_the_group() -> None:
    made = Reader(workers=1)
    await made.read_many([mail(0)])
    (only,) = workers()
    only.send_signal(signal.SIGINT)
    only.send_signal(signal.SIGTERM)
    assert subjects(await made.read_many([mail(1)])) == ["1"]
    assert workers() == [only]
    await made.close()


async def test_poison_in_every_task_costs_no_good_mail(reader: Reader) -> None:
    raws = [mail(number, poison.ABORT if number % CHUNK == 3 else b"X-Fine: yes") for number in range(4 * CHUNK)]
    found = await reader.read_many(raws)
    assert [one for one in found if isinstance(one, ReadFailure)] == [
        found[place] for place in range(3, 4 * CHUNK, CHUNK)
    ]


async def test_when_no_process_can_run_the_mails_are_not_to_blame() -> None:
    made = Reader(workers=1, timeout=2.0, task=poison.broken)
    with pytest.raises(Transient):
        await made.read_many([mail(0)])
    await made.close()


async def test_close_ends_the_workers() -> None:
    made = Reader(workers=1)
    await made.read_many([mail(0)])
    mine = workers()
    await made.close()
    assert not [one for one in mine if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


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
