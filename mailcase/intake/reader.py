"""Reading mails in worker processes that can be killed: one bad mail never holds up the others (P4, R4)."""

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

from mailcase.errors import Transient
from mailcase.intake import worker
from mailcase.intake.pool import Killed, Pool, Task, TaskError
from mailcase.intake.turns import Turns
from mailcase.message import Email

CHUNK: Final = 25  # mails of a task
CHUNK_BYTES: Final = 2_097_152
TRIES: Final = 3  # of a mail that kills its worker or does not end
_LARGE: Final = 8_388_608  # bytes: of such mails one at a time is read
_SHORT: Final = 196_608  # bytes: a mail that is read sooner than decided
_START_SECONDS: Final = 60.0  # for an empty mail: a process that comes up on a busy machine
_CHUNK_SECONDS: Final = 5.0  # a task of several mails ends earlier, so that one bad mail delays less


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """A mail that could not be read: to be quarantined with its raw bytes."""

    error: str
    tries: int


#: What holds a mail's result as soon as it is known.
Waiting = asyncio.Future[Email | ReadFailure]


def _nobody_listens(_: str) -> None:
    pass


class Reader:
    """Parser processes for the daemon. Use it within one event loop; `close` it at the end.

    Mails go to the workers in tasks of several. When a task fails, its mails are suspects: each is tried
    alone in a process of its own, so that what dies there is to blame, and the others never notice.

    `workers`: processes, 0 for one per core. `timeout`: seconds for one mail. `memory`: bytes that
    reading one task may take, 0 for no limit. `task`: what the workers run (tests give a deadly one).
    `killed`: is told of each process that took too long or died.
    """

    def __init__(
        self,
        workers: int = 0,
        timeout: float = 20.0,
        memory: int = 512 * 1_048_576,
        task: Task = worker.read_all,
        killed: Callable[[str], None] = _nobody_listens,
    ) -> None:
        count = workers or _cores()
        self._timeout = timeout
        self._killed = killed
        self._pool = Pool(count, memory, task)
        self._suspects = Pool(1, memory, task)
        self._slots = asyncio.Semaphore(2 * count)
        self._turns = Turns(max(1, _cores() - 1))
        self._large = asyncio.Semaphore(1)
        self._alone = asyncio.Lock()
        self._reading: set[asyncio.Task[None]] = set()
        self._up: asyncio.Task[None] | None = None

    async def read_many(self, raws: Sequence[bytes]) -> list[Email | ReadFailure]:
        """Read mails; the results stand in the order of `raws`.

        Raises Transient when the worker processes themselves cannot run.
        """
        return list(await asyncio.gather(*self.read_each(raws)))

    def read_each(self, raws: Sequence[bytes]) -> list[Waiting]:
        """Begin to read mails: for each, in order, what has its result once it is known, poison last (P4).

        Each raises Transient when the worker processes themselves cannot run. Who wants none of them any more
        cancels them.
        """
        self._start()
        loop = asyncio.get_running_loop()
        found: list[Waiting] = [loop.create_future() for _ in raws]
        rest = iter(found)
        for chunk in _chunks(raws):
            waiting = list(islice(rest, len(chunk)))
            task = asyncio.create_task(self._read_into(chunk, waiting))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)
            for one in waiting:
                one.add_done_callback(partial(_unless_wanted, task, waiting))
        return found

    def read_alone(self, raw: bytes) -> Waiting:
        """Begin to read one mail before those that wait for their turn; as `read_each`."""
        found: Waiting = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._read_into([raw], [found], at_once=True))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        found.add_done_callback(partial(_unless_wanted, task, [found]))
        return found

    async def ready(self) -> None:
        """Return when a parser process runs, so that starting one is charged to no mail: neither as an attempt (R4)
        nor as time that it took."""
        await asyncio.shield(self._start())

    def _start(self) -> "asyncio.Task[None]":
        if self._up is None:
            self._up = asyncio.create_task(self._read_nothing())
        return self._up

    async def _read_nothing(self) -> None:
        with suppress(TaskError):
            await self._pool.run([b""], _START_SECONDS)

    async def close(self) -> None:
        """End the workers; what they read is dropped."""
        if self._up is not None:
            self._up.cancel()
            await asyncio.gather(self._up, return_exceptions=True)
        await self._pool.close()
        await self._suspects.close()

    async def _read_into(self, raws: list[bytes], waiting: Sequence[Waiting], *, at_once: bool = False) -> None:
        """Read one task's mails; what goes wrong with the task is told to all who still wait."""
        try:
            await self._read_chunk(raws, waiting, at_once=at_once)
        except Exception as error:
            for one in waiting:
                if not one.done():
                    one.set_exception(error)

    async def _read_chunk(self, raws: list[bytes], waiting: Sequence[Waiting], *, at_once: bool) -> None:
        seconds = self._timeout if len(raws) == 1 else min(self._timeout, _CHUNK_SECONDS)
        try:
            async with self._place(raws, at_once=at_once):
                found = await self._run(self._pool, raws, seconds)
        except TaskError as error:
            await self._one_by_one(raws, waiting, str(error))
            return
        for one, result in zip(waiting, found, strict=True):
            _give(one, _result(result, 1))

    @asynccontextmanager
    async def _place(self, raws: Sequence[bytes], *, at_once: bool) -> AsyncIterator[None]:
        """Wait until a task may run; its place ends with the block."""
        if len(raws[0]) > _LARGE:
            async with self._large:
                yield
        elif at_once:
            yield
        else:
            short = sum(map(len, raws)) <= _SHORT * len(raws)
            async with self._slots, self._turns.turn() if short else nullcontext():
                yield

    async def _run(self, pool: Pool, raws: Sequence[bytes], seconds: float) -> list[Email | str]:
        try:
            return await pool.run(raws, seconds)
        except Killed as error:
            self._killed(str(error))
            raise

    async def _one_by_one(self, raws: list[bytes], waiting: Sequence[Waiting], error: str) -> None:
        """Each mail alone and shortly, so that the good ones are done soon; then at length those that failed."""
        failed: dict[int, Email | ReadFailure] = dict.fromkeys(range(len(raws)), ReadFailure(error, 1))
        for tries in range(2, TRIES + 1):
            for place in list(failed):
                seconds = self._timeout if tries == TRIES else min(self._timeout, _CHUNK_SECONDS)
                failed[place], again = await self._try_suspect(raws[place], tries, seconds)
                if not again:
                    _give(waiting[place], failed.pop(place))
        if failed:
            await self._probe()
        for place, failure in failed.items():
            _give(waiting[place], failure)

    async def _try_suspect(self, raw: bytes, tries: int, seconds: float) -> tuple[Email | ReadFailure, bool]:
        """What became of a mail tried alone, and whether trying again may help."""
        async with self._alone:
            try:
                (found,) = await self._run(self._suspects, [raw], seconds)
            except TaskError as error:
                return ReadFailure(str(error), tries), True
        return _result(found, tries), False

    async def _probe(self) -> None:
        """Blame the mails only if an empty one can be read: else it is the machine, however long that stood still."""
        async with self._alone:
            try:
                await self._run(self._suspects, [b""], _START_SECONDS)
            except TaskError as error:
                raise Transient(f"the parser processes cannot run: {error}") from error


def _give(waiting: Waiting, result: Email | ReadFailure) -> None:
    if not waiting.done():
        waiting.set_result(result)


def _unless_wanted(task: "asyncio.Task[None]", waiting: Sequence[Waiting], _: Waiting) -> None:
    """End a task whose results nobody wants any more."""
    if all(one.cancelled() for one in waiting):
        task.cancel()


def _result(found: Email | str, tries: int) -> Email | ReadFailure:
    return found if isinstance(found, Email) else ReadFailure(found, tries)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else multiprocessing.cpu_count()


def _chunks(raws: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The mails of each task: at most CHUNK of them and CHUNK_BYTES, a larger mail alone."""
    chunk: list[bytes] = []
    size = 0
    for raw in raws:
        if chunk and (len(chunk) >= CHUNK or size + len(raw) > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(raw)
        size += len(raw)
    if chunk:
        yield chunk
