"""How many tasks the parser processes run at once: a core is left to the thread that decides."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
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
        held = ExitStack()  # closed twice, it gives the turn back once
        held.callback(self._free.release)
        timer = asyncio.get_running_loop().call_later(HELD, held.close)
        try:
            yield
        finally:
            timer.cancel()
            held.close()
