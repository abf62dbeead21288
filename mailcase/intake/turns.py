"""How many tasks the parser processes run at once: a core is left to the thread that decides."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

HELD: Final = 0.25  # seconds that a task keeps its turn at most


class Turns:
    """As many at once as `count`; a task that lasts gives its turn up, so that a mail that hangs holds up nobody."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; it ends with the block, or after HELD seconds."""
        await self._free.acquire()
        held = _Once(self._free)
        timer = asyncio.get_running_loop().call_later(HELD, held.release)
        try:
            yield
        finally:
            timer.cancel()
            held.release()


class _Once:
    """One turn, which two may end and only one gives back."""

    def __init__(self, free: asyncio.Semaphore) -> None:
        self._free: asyncio.Semaphore | None = free

    def release(self) -> None:
        if self._free is not None:
            free, self._free = self._free, None
            free.release()
