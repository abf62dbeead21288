"""What is being settled while more mail is fetched: so much at a time, and nothing of it left behind."""

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any, Final

BATCHES: Final = 3  # of the most mails each that may be under way when another one is fetched


class Ahead:
    """Batches that are being settled, the oldest first.

    Whoever decides must never wait for mail while more lies in the mailbox: fetching, journalling and parsing a batch
    take about as long as deciding a hundred mails. `mails` and `octets` are those of the largest batch: of octets no
    more than two such batches are held, one of them being the next; of mails those of `BATCHES` and the next.
    """

    def __init__(self, mails: int, octets: int) -> None:
        self._most_mails, self._most_octets = BATCHES * mails, octets
        self._under_way: deque[tuple[asyncio.Task[Any], int, int]] = deque()

    def begin(self, work: Coroutine[Any, Any, Any], mails: int, octets: int) -> None:
        """Let this batch be settled from now on."""
        self._under_way.append((asyncio.create_task(work), mails, octets))

    async def room(self) -> None:
        """Return when another batch may be fetched; raises what the settling of one raised."""
        while self._mails > self._most_mails or self._octets > self._most_octets:
            await self._oldest()

    async def settled(self) -> None:
        """Return when all are settled; raises as `room`."""
        while self._under_way:
            await self._oldest()

    async def leave_nothing_behind(self) -> None:
        """After an error what is under way is still settled; after a cancel it is given up."""
        task = asyncio.current_task()
        left = [one for one, _, _ in self._under_way]
        self._under_way.clear()
        if task is not None and task.cancelling():
            for one in left:
                one.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _oldest(self) -> None:
        task, _, _ = self._under_way[0]
        try:
            await task
        finally:
            self._under_way.popleft()

    @property
    def _mails(self) -> int:
        return sum(mails for _, mails, _ in self._under_way)

    @property
    def _octets(self) -> int:
        return sum(octets for _, _, octets in self._under_way)
