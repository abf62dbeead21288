"""The one thread in which the store is written (architecture.md): SQLite has one writer, and so have we."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


class Writer:
    """Runs synchronous functions of the store, one after another, outside the event loop."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-writer")

    async def __call__(self, work: Callable[..., T], /, *args: Any) -> T:
        """Await the result; what it raises is raised here. Once begun, a function runs to its end."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args))

    def close(self) -> None:
        """Wait for what has begun; the rest is not run."""
        self._pool.shutdown(wait=True, cancel_futures=True)
