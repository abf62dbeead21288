"""The threads of the store: one in which it is written, SQLite having one writer, and some that only read."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from mailcase.store.marks import Lane, first_half, lane_of

T = TypeVar("T")
#: How many of each: readers share the processors with everybody; those outside wait for other servers.
THREADS: Final = {Lane.WRITE: 1, Lane.READ: 3, Lane.OUTSIDE: 4}


class Writer:
    """Runs synchronous functions of the store outside the event loop: those that write one after another.

    A method that is marked as reading (store.marks) does not wait for what is being written. Who awaits what he
    wrote reads it afterwards; what others write meanwhile he may see or not.
    """

    def __init__(self) -> None:
        self._pools = {
            lane: ThreadPoolExecutor(max_workers=count, thread_name_prefix=f"store-{lane.value}")
            for lane, count in THREADS.items()
        }

    async def __call__(self, work: Callable[..., T], /, *args: Any) -> T:
        """Await the result; what it raises is raised here. Once begun, a function runs to its end."""
        if (first := first_half(work)) is not None:
            args = (*args, await self._run(Lane.OUTSIDE, first, *args))
        return await self._run(lane_of(work), work, *args)

    async def _run(self, lane: Lane, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pools[lane], partial(work, *args))

    def close(self) -> None:
        """Wait for what has begun; the rest is not run."""
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
