"""Group commit: decided mails wait a moment for company and share one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailcase.errors import Fenced
from mailcase.ports import Reading, Settled

MOST: Final = 100  # messages that share one commit


@dataclass(slots=True)
class Batcher:
    """Collects what is ready while the commit before is under way; an idle store commits at once."""

    commit: Callable[[Sequence[Reading]], Awaitable[list[Settled]]]
    _waiting: "list[tuple[Reading, asyncio.Future[Settled]]]" = field(default_factory=list)
    _urgent: "list[tuple[Reading, asyncio.Future[Settled]]]" = field(default_factory=list)
    _worker: asyncio.Task[None] | None = None

    async def settle(self, reading: Reading, *, first: bool = False) -> Settled:
        """The result of this mail, once its batch is durable; `first`: the next batch."""
        future: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        (self._urgent if first else self._waiting).append((reading, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await future

    async def close(self) -> None:
        """Commit nothing more; who still waits is told that it was given up."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    async def _work(self) -> None:
        await asyncio.sleep(0)  # whoever is ready in this turn of the loop rides along
        while waiting := [*self._urgent, *self._waiting]:
            batch, self._urgent, self._waiting = waiting[:MOST], [], waiting[MOST:]
            await self._commit(batch)

    async def _fenced(self, batch: "list[tuple[Reading, asyncio.Future[Settled]]]", error: Fenced) -> None:
        """Of mails of some mailboxes: the others together, theirs one by one (not all came from its server)."""
        if len(batch) == 1:
            if not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        if rest := [one for one in batch if one[0].delivery.mailbox not in error.mailboxes]:
            await self._commit(rest)
        for one in batch:
            if one not in rest:
                await self._commit([one])

    async def _commit(self, batch: "list[tuple[Reading, asyncio.Future[Settled]]]") -> None:
        try:
            results = await self.commit([reading for reading, _ in batch])
        except Fenced as error:
            await self._fenced(batch, error)
            return
        except BaseException as error:
            for _, future in batch:
                if not future.done():
                    future.cancel() if isinstance(error, asyncio.CancelledError) else future.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for (_, future), settled in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(settled)
