"""What is being settled while more is fetched: how much of it, and that nothing of it is left behind."""

import asyncio
from collections.abc import Awaitable

import pytest

from mailcase.intake.ahead import BATCHES, Ahead

MAILS, OCTETS = 100, 1000


class Batch:
    """One that ends when the test says so."""

    def __init__(self) -> None:
        self.end = asyncio.get_running_loop().create_future()
        self.was = ""

    async def settle(self) -> None:
        """Until `end` has its result or its error."""
        try:
            await asyncio.shield(self.end)
            self.was = "settled"
        except asyncio.CancelledError:
            self.was = "given up"
            raise


def begun(ahead: Ahead, count: int, mails: int, octets: int) -> list[Batch]:
    batches = [Batch() for _ in range(count)]
    for one in batches:
        ahead.begin(one.settle(), mails, octets)
    return batches


async def is_over(work: Awaitable[object]) -> bool:
    """Whether it needs nobody else to end."""
    task = asyncio.ensure_future(work)
    for _ in range(20):
        await asyncio.sleep(0)
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False
    await task
    return True


@pytest.mark.parametrize(
    ("count", "mails", "octets", "room"),
    [
        (0, 0, 0, True),
        (1, MAILS, OCTETS, True),
        (BATCHES, MAILS, 1, True),
        (BATCHES + 1, MAILS, 1, False),
        (2, 1, OCTETS, False),  # with the next one they would be three of the largest
        (1, 1, OCTETS + 1, False),  # a mail larger than a batch is alone
        (50, 1, 1, True),
    ],
)
async def test_there_is_room_for_so_many_mails_and_octets(count: int, mails: int, octets: int, room: bool) -> None:
    ahead = Ahead(MAILS, OCTETS)
    batches = begun(ahead, count, mails, octets)
    waiting = asyncio.ensure_future(ahead.room())
    for _ in range(20):
        await asyncio.sleep(0)
    assert waiting.done() is room
    for one in batches:
        one.end.set_result(None)
    await waiting
    await ahead.settled()
    assert all(one.was == "settled" for one in batches)


async def test_room_is_made_by_the_oldest() -> None:
    ahead = Ahead(MAILS, OCTETS)
    oldest, *others = begun(ahead, BATCHES + 1, MAILS, 1)
    waiting = asyncio.ensure_future(ahead.room())
    others[0].end.set_result(None)
    assert not await is_over(asyncio.shield(waiting))
    oldest.end.set_result(None)
    assert await is_over(waiting)
    for one in others[1:]:
        one.end.set_result(None)
    await ahead.settled()


async def test_an_error_is_raised_and_the_others_are_settled() -> None:
    ahead = Ahead(MAILS, OCTETS)
    first, second, third = begun(ahead, 3, 1, 1)
    first.end.set_exception(OSError("no store"))
    with pytest.raises(OSError, match="no store"):
        await ahead.settled()
    second.end.set_result(None)
    third.end.set_exception(OSError("no store either"))
    await ahead.leave_nothing_behind()
    assert second.was == "settled"
    assert await is_over(ahead.settled())


async def test_a_cancel_gives_up_what_is_under_way() -> None:
    ahead = Ahead(MAILS, OCTETS)
    batches = begun(ahead, 3, 1, 1)

    async def look() -> None:
        try:
            await ahead.settled()
        finally:
            await ahead.leave_nothing_behind()

    looking = asyncio.create_task(look())
    await asyncio.sleep(0)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    assert [one.was for one in batches] == ["given up"] * 3
