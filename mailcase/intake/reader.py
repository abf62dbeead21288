"""Reading mails in worker processes that can be killed: one bad mail never holds up the others (P4, R4)."""

import asyncio
import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any, Final

import pebble

from mailcase.errors import Transient
from mailcase.intake import worker
from mailcase.message import Email

CHUNK: Final = 16  # mails of a task
CHUNK_BYTES: Final = 1_048_576
TRIES: Final = 3  # of a mail that kills its worker or does not end
_LARGE: Final = 8_388_608  # bytes: of such mails one at a time is read
_CHUNK_SECONDS: Final = 5.0  # a task of several mails ends earlier, so that one bad mail delays less
_BROKEN_POOLS: Final = 3  # in a row, before reading is given up for now
_MAIN: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """A mail that could not be read: to be quarantined with its raw bytes."""

    error: str
    tries: int


class _BarePopen(SpawnProcess):
    """A spawned process that does not import the parent's main module, and with it the whole program."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802  the name is multiprocessing's
        with _bare_main():
            return SpawnProcess._Popen(process_obj)


@contextmanager
def _bare_main() -> Iterator[None]:
    with _MAIN:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


class _Context(SpawnContext):
    """Spawn, never fork: the daemon has threads."""

    Process = _BarePopen


class Reader:
    """A pool of parser processes. Use it within one event loop; `close` it at the end.

    `workers`: processes, 0 for one per core. `timeout`: seconds for one mail. `memory`: bytes that
    reading one task may take, 0 for no limit.
    """

    def __init__(self, workers: int = 0, timeout: float = 20.0, memory: int = 512 * 1_048_576) -> None:
        self._workers = workers or _cores()
        self._timeout = timeout
        self._memory = memory
        self._pool: pebble.ProcessPool | None = None
        self._slots = asyncio.Semaphore(2 * self._workers)
        self._large = asyncio.Semaphore(1)
        self._broken = 0
        pebble.CONSTS.term_timeout = 0.2  # workers ignore SIGTERM: the SIGKILL behind it need not wait

    async def read_many(self, raws: Sequence[bytes]) -> list[Email | ReadFailure]:
        """Read mails; the results stand in the order of `raws`.

        Raises Transient when the worker processes themselves cannot run.
        """
        results: list[Email | ReadFailure | None] = [None] * len(raws)
        chunks = list(_chunks(raws))
        done = await asyncio.gather(*(self._read_chunk([raws[place] for place in chunk]) for chunk in chunks))
        for chunk, found in zip(chunks, done, strict=True):
            for place, result in zip(chunk, found, strict=True):
                results[place] = result
        return [result for result in results if result is not None]

    async def close(self) -> None:
        """End the workers; what they read is dropped."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]  # pebble has no hint here
            await asyncio.to_thread(pool.join)

    async def _read_chunk(self, raws: list[bytes]) -> list[Email | ReadFailure]:
        """Read a task's mails together; where that fails, one by one, so that only the bad one suffers."""
        if len(raws) == 1:
            return [await self._read_one(raws[0], 0)]
        try:
            return await self._task(raws, min(self._timeout, _CHUNK_SECONDS))
        except _TaskError:
            return [await self._read_one(raw, 1) for raw in raws]

    async def _read_one(self, raw: bytes, tries: int) -> Email | ReadFailure:
        error = ""
        while tries < TRIES:
            tries += 1
            try:
                found = (await self._task([raw], self._timeout))[0]
            except _TaskError as problem:
                error = str(problem)
            else:
                return found if isinstance(found, Email) else ReadFailure(found.error, tries)
        return ReadFailure(error, tries)

    async def _task(self, raws: list[bytes], seconds: float) -> list[Email | ReadFailure]:
        large = len(raws[0]) > _LARGE
        async with self._large if large else self._slots:
            found = await self._submit(raws, seconds)
        return [one if isinstance(one, Email) else ReadFailure(one, 1) for one in found]

    async def _submit(self, raws: list[bytes], seconds: float) -> list[Email | str]:
        """One task to the pool; _TaskError where these mails may be the cause of its failure."""
        while True:
            pool = self._running()
            try:
                future = pool.schedule(worker.read_all, args=(raws, seconds), timeout=seconds)
                found: list[Email | str] = await asyncio.wrap_future(future)
            except FutureTimeoutError:
                raise _TaskError(f"not read within {seconds:g} s") from None
            except pebble.ProcessExpired as error:
                raise _TaskError(f"the parser process died (exit code {error.exitcode})") from None
            except BrokenExecutor as error:
                await self._replace(pool, error)
            except (RuntimeError, OSError) as error:
                if pool.active:
                    raise _TaskError(f"{type(error).__name__}: {error!s:.200}") from error
                await self._replace(pool, error)
            except (MemoryError, TypeError, ValueError, AttributeError) as error:
                raise _TaskError(f"{type(error).__name__}: {error!s:.200}") from error
            else:
                self._broken = 0
                return found

    def _running(self) -> pebble.ProcessPool:
        """The pool, made in the thread of the event loop: workers die with the thread that starts them."""
        if self._pool is None:
            self._pool = pebble.ProcessPool(
                max_workers=self._workers,
                initializer=worker.start,
                initargs=(os.getpid(), self._memory),
                context=_Context(),
            )
        return self._pool

    async def _replace(self, pool: pebble.ProcessPool, error: Exception) -> None:
        """Drop a pool that broke without a mail being at fault (an idle worker killed, no processes)."""
        if self._pool is not pool:
            return
        self._pool = None
        self._broken += 1
        pool.stop()  # type: ignore[no-untyped-call]  # pebble has no hint here
        await asyncio.to_thread(pool.join)
        if self._broken >= _BROKEN_POOLS:
            self._broken = 0
            raise Transient(f"the parser processes cannot run: {error!s:.200}") from error


class _TaskError(Exception):
    """A task failed, and one of its mails may be why."""


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else multiprocessing.cpu_count()


def _chunks(raws: Sequence[bytes]) -> Iterator[list[int]]:
    """Places of the mails of each task: at most CHUNK of them and CHUNK_BYTES, a larger mail alone."""
    chunk: list[int] = []
    size = 0
    for place, raw in enumerate(raws):
        if chunk and (len(chunk) >= CHUNK or size + len(raw) > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(place)
        size += len(raw)
    if chunk:
        yield chunk
