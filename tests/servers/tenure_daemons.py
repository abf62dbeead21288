"""Keepers of a share (mailcase.tenure) at work in one hall, with readers that can be busy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailcase.tenure import Tenure
from tests.servers.memory_tenure import MemoryHall, MemorySeat

NOW = datetime.fromisoformat("2026-11-03T09:15:00+00:00")
BOXES = ("a", "b", "c", "d")
LEASE = timedelta(minutes=5)  # so long a store may take to answer: no machine is so busy


@dataclass
class Hands:
    """Those who read: they can be busy."""

    busy: set[str] = field(default_factory=set)
    dropped: int = 0

    def look_again(self) -> None:
        pass

    def at_rest(self, mailbox: str) -> bool:
        return mailbox not in self.busy

    async def drop(self) -> None:
        self.dropped += 1


@dataclass
class Daemon:
    """One keeper that runs."""

    tenure: Tenure
    hands: Hands
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ours(self) -> list[str]:
        return [name for name in BOXES if self.tenure.works(name)]


def tenure(hall: MemoryHall, owner: str, *, shared: bool = True) -> Tenure:
    return Tenure(MemorySeat(hall, shared), owner, lambda: BOXES, LEASE, lambda: NOW)


@asynccontextmanager
async def at_work(hall: MemoryHall, owner: str, *, shared: bool = True) -> AsyncIterator[Daemon]:
    one = Daemon(tenure(hall, owner, shared=shared), Hands())
    task = asyncio.create_task(one.tenure.run(one.hands, one.stop, one.released))
    try:
        yield one
    finally:
        one.released.set()
        await task
        await one.tenure.leave()
