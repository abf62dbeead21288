"""Waiting for the first of several events, or for the time."""

import asyncio

import pytest

from mailcase.waiting import first_of


@pytest.mark.parametrize("which", [0, 1])
async def test_the_first_event_ends_the_waiting(which: int) -> None:
    events = [asyncio.Event(), asyncio.Event()]
    waiting = asyncio.create_task(first_of(3600, *events))
    await asyncio.sleep(0)
    assert not waiting.done()
    events[which].set()
    await waiting


@pytest.mark.parametrize("events", [0, 1])
async def test_without_an_event_the_time_ends_the_waiting(events: int) -> None:
    await first_of(0.001, *(asyncio.Event() for _ in range(events)))


@pytest.mark.parametrize("cancelled", [False, True])
async def test_nobody_is_left_waiting(cancelled: bool) -> None:
    before = asyncio.all_tasks()
    waiting = asyncio.create_task(first_of(3600 if cancelled else 0.001, asyncio.Event(), asyncio.Event()))
    await asyncio.sleep(0)
    if cancelled:
        waiting.cancel()
    await asyncio.wait([waiting])
    await asyncio.sleep(0)
    assert waiting.cancelled() is cancelled
    assert asyncio.all_tasks() <= before  # tasks of other tests' servers may end meanwhile
