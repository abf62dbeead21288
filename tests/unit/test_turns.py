"""A core is left to the thread that decides, and a task that lasts holds up nobody."""

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from mailcase.intake import reader as readers
from mailcase.intake import turns
from mailcase.intake.pool import Task
from mailcase.intake.reader import Reader, ReadFailure
from mailcase.intake.turns import Turns
from mailcase.message import Email

DEADLINE = 60.0  # seconds
LONG = 3600.0  # seconds
TASKS = 40
LARGE = 400_000  # bytes


class Work:
    """Tasks that take turns and end when they are told to."""

    def __init__(self, count: int) -> None:
        self.turns, self.running, self._ends = Turns(count), set[int](), dict[int, asyncio.Event]()

    async def _one(self, number: int) -> None:
        self._ends[number] = asyncio.Event()
        async with self.turns.turn():
            self.running.add(number)
            await self._ends[number].wait()
            self.running.discard(number)

    async def begin(self, number: int) -> asyncio.Task[None]:
        task = asyncio.create_task(self._one(number))
        await _settled()
        return task

    async def end(self, number: int) -> None:
        self._ends[number].set()
        await _settled()


async def _settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def over(*tasks: asyncio.Task[None]) -> None:
    async with asyncio.timeout(DEADLINE):
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_no_more_run_at_once_and_the_next_follows_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "HELD", LONG)
    work = Work(2)
    tasks = [await work.begin(number) for number in range(4)]
    assert work.running == {0, 1}
    await work.end(1)
    assert work.running == {0, 2}
    for number in (0, 2, 3):
        await work.end(number)
    await over(*tasks)


async def test_one_that_lasts_gives_its_turn_up_and_gives_none_back_at_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "HELD", 0.0)
    work = Work(1)
    lasting = await work.begin(0)
    monkeypatch.setattr(turns, "HELD", LONG)
    async with asyncio.timeout(DEADLINE):
        later = [await work.begin(1)]
        while 1 not in work.running:  # its timer
            await _settled()
    later += [await work.begin(2)]
    await work.end(0)
    assert work.running == {1}
    for number in (1, 2):
        await work.end(number)
    await over(lasting, *later)


async def test_one_that_is_given_up_leaves_its_turn_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "HELD", LONG)
    work = Work(1)
    tasks = [await work.begin(number) for number in range(4)]
    tasks[1].cancel()
    tasks[0].cancel()
    await _settled()
    assert work.running == {0, 2}  # 0 was cut off before it could say so
    for number in (2, 3):
        await work.end(number)
    await over(*tasks)


def pass_by(raws: Sequence[bytes], _seconds: float) -> list[Email | str]:
    """How many processes are at a task, itself among them: the first line of its first mail names a folder."""
    if not any(raws):
        return [""] * len(raws)
    mine = Path(os.fsdecode(raws[0].split(b"\n")[0]), str(os.getpid()))
    mine.touch()
    seen = max(len(list(mine.parent.iterdir())) for _ in range(100))
    mine.unlink()
    return [str(seen)] * len(raws)


def meet(raws: Sequence[bytes], seconds: float) -> list[Email | str]:
    """As `pass_by`, but it waits there for another one."""
    if not any(raws):
        return [""] * len(raws)
    mine = Path(os.fsdecode(raws[0].split(b"\n")[0]), str(os.getpid()))
    mine.touch()
    end = time.monotonic() + seconds / 2
    while (seen := len(list(mine.parent.iterdir()))) < 2 and time.monotonic() < end:
        time.sleep(0.001)
    return [str(seen)] * len(raws)


async def run(task: Task, raws: Sequence[bytes]) -> set[str]:
    """What the tasks of two parser processes said, one for each mail."""
    made = Reader(workers=2, timeout=DEADLINE, task=task)
    try:
        async with asyncio.timeout(DEADLINE):
            found = await asyncio.gather(*(one for raw in raws for one in made.read_each([raw])))
    finally:
        await made.close()
    return {one.error for one in found if isinstance(one, ReadFailure)}


@pytest.fixture
def _on_two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "HELD", LONG)
    monkeypatch.setattr(readers, "_cores", lambda: 2)


@pytest.mark.usefixtures("_on_two_cores")
async def test_one_of_two_cores_is_left_free(tmp_path: Path) -> None:
    assert await run(pass_by, [os.fsencode(tmp_path) + b"\n"] * TASKS) == {"1"}


@pytest.mark.usefixtures("_on_two_cores")
async def test_mails_that_take_longer_to_read_than_to_decide_have_every_core(tmp_path: Path) -> None:
    assert await run(meet, [os.fsencode(tmp_path) + b"\n" + bytes(LARGE)] * 2) == {"2"}


async def test_every_other_core_reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(turns, "HELD", LONG)
    monkeypatch.setattr(readers, "_cores", lambda: 3)
    assert await run(meet, [os.fsencode(tmp_path) + b"\n"] * 2) == {"2"}
