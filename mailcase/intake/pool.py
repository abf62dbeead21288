"""Parser processes that are spawned bare, killed at their time limit and replaced when they die."""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any, Final

from mailcase.faults import hit
from mailcase.intake import bare, worker
from mailcase.message import Email

if TYPE_CHECKING:
    import pebble

Task = Callable[[Sequence[bytes], float], list[Email | str]]
_LOOK: Final = 1.0  # seconds between two looks whether the pool still works
QUEUED: Final = 120.0  # seconds that a task may wait for a worker


class TaskError(Exception):
    """A task failed, and one of its mails may be why."""


class Killed(TaskError):
    """The process of the task was killed at the time limit, or died."""


class Pool:
    """A pebble pool that is made at the first task and again after it broke.

    It is made in the thread of the event loop: workers die with the thread that starts them. pebble is imported
    with it: a daemon is ready without, and the processes take far longer to start.
    """

    def __init__(self, workers: int, memory: int, task: Task) -> None:
        self._workers, self._memory, self._task = workers, memory, task
        self._pool: pebble.ProcessPool | None = None
        self._end: asyncio.Future[None] | None = None  # of the pool that was dropped last

    async def run(self, raws: Sequence[bytes], seconds: float) -> list[Email | str]:
        """The results of one task, within `seconds` of its start; raises TaskError (Killed)."""
        from concurrent.futures.process import BrokenProcessPool

        from pebble import ProcessExpired

        pool, handed = self._running(), list(raws)
        try:
            future = pool.schedule(self._task, args=(handed, seconds), timeout=seconds)
            if any(raws):  # not the empty mail that tries whether a parser process runs
                hit("in_parse")
            found = await self._taken_up(pool, future, seconds + QUEUED)
        except FutureTimeoutError:
            raise Killed(f"not read within {seconds:g} s") from None
        except ProcessExpired as error:
            raise Killed(f"the parser process died (exit code {error.exitcode})") from None
        except BrokenProcessPool as error:  # it died before pebble knew what it was at
            await self._drop(pool)
            raise Killed(f"the parser process died ({error.__cause__ or error})") from error
        except Exception as error:  # a pool that broke before, bytes that cannot be sent: retried alone
            if not _works(pool):
                await self._drop(pool)
            raise TaskError(f"{type(error).__name__}: {error!s:.200}") from error
        finally:
            handed.clear()  # pebble keeps its last task, and with it up to 50 MB of mail
        if found is None:
            why = f"no parser process took it up within {QUEUED:g} s" if _works(pool) else "the parser processes ended"
            await self._drop(pool)
            raise Killed(why)
        return found

    async def _taken_up(self, pool: "pebble.ProcessPool", future: Any, seconds: float) -> list[Email | str] | None:
        """The task's result; None where no worker began it: pebble's own limit starts only then.

        Nor does pebble tell of a task that it was given just when the pool broke or was stopped.
        """
        waiting: asyncio.Future[list[Email | str]] = asyncio.wrap_future(future)
        end = time.monotonic() + seconds
        try:
            while not waiting.done() and (left := end - time.monotonic()) > 0:
                worked = _works(pool)
                await asyncio.wait((waiting,), timeout=min(left, _LOOK))
                if not worked:
                    break
        except asyncio.CancelledError:
            waiting.cancel()
            raise
        return waiting.result() if waiting.done() else None

    async def close(self) -> None:
        """End the processes; what they read is dropped."""
        await self._drop(self._pool)

    def _running(self) -> "pebble.ProcessPool":
        if self._pool is None:
            import pebble

            pebble.CONSTS.term_timeout = 0.2  # workers ignore SIGTERM: the SIGKILL behind it need not wait
            bare.start_tracker()
            self._pool = pebble.ProcessPool(
                max_workers=self._workers,
                initializer=worker.start,
                initargs=(os.getpid(), self._memory),
                context=bare.Context(),
            )
        return self._pool

    async def _drop(self, pool: "pebble.ProcessPool | None") -> None:
        """End it, once for all whose tasks it had: two that join one pool take its parts from each other."""
        if pool is not None and self._pool is pool:
            self._pool = None
            pool.stop()  # type: ignore[no-untyped-call]  # pebble has no hint here
            self._end = asyncio.ensure_future(asyncio.to_thread(_joined, pool))
        if self._end is not None:
            await asyncio.shield(self._end)


def _works(pool: "pebble.ProcessPool") -> bool:
    """Whether it takes tasks. To ask one that could not be started starts it again, which may fail again."""
    try:
        return pool.active
    except OSError:
        return False


def _joined(pool: "pebble.ProcessPool") -> None:
    """Wait for its end; pebble's own threads may take a dead worker from the list that it walks."""
    try:
        pool.join()
    except KeyError:
        pool.join()
