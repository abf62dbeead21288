"""Waits for the first of several events, for so long at most."""

import asyncio


async def first_of(seconds: float, *events: asyncio.Event) -> None:
    """Return when one of the events is set, or after so many seconds; which it was, the events say."""
    if not events:
        await asyncio.sleep(seconds)
        return
    waiters = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiters, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
