"""Takes up what the journal holds undecided: after a crash, a stop, or when another command put it back (R4)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from mailcase.errors import Fenced, Permanent, Transient
from mailcase.log import Event, emit
from mailcase.pipeline import MOST_TRIES, Pipeline, under_way
from mailcase.ports import Journalled, Settled

LIMIT: Final = 200  # rows read from the journal at a time
SLICE: Final = 10  # mails taken up together: so many are suspects if the process ends meanwhile
MOST_BYTES: Final = 16 * 1024 * 1024  # of raw mail read at a time

MOST_AWAY: Final = 3  # raw mails in a row that cannot be had now: then it is the store, and not one object

Kept = dict[int, Journalled]  # delivery id -> mail that is under way here and not yet the pipeline's
Work = Callable[[Kept, Callable[[], bool]], Awaitable[None]]


def _always() -> bool:
    return True


def _all_of_it(_: Journalled) -> bool:
    return True


@dataclass(slots=True)
class Recovery:
    """Hands undecided mail to the pipeline, its attempts counted first.

    A mail that was under way when the process ended is a suspect: it is tried once with few others, then twice alone,
    so that it takes no other down with it, and shunted when the process ended at each of the three.
    """

    pipeline: Pipeline
    ours: Callable[[Journalled], bool] = _all_of_it  # whether this daemon is the one to decide it
    _counted: set[int] = field(default_factory=set)  # whose attempt a stop gives back
    _away: int = 0  # raw mails in a row that could not be had
    _counting: asyncio.Task[dict[int, int]] | None = None  # goes on when its walk is cancelled

    async def run(self, go_on: Callable[[], bool] = _always) -> int:
        """One walk through the journal, as long as `go_on` says so; returns how many mails were taken up.

        Mail of a mailbox that another daemon took over meanwhile is left to it.
        """
        try:
            return await self._walk(go_on)
        except Fenced as error:
            emit(Event.FENCED, error=str(error))
            return 0

    async def _walk(self, go_on: Callable[[], bool]) -> int:
        done, after = 0, 0
        call, store = self.pipeline.call, self.pipeline.store
        while go_on() and (batch := await call(store.undecided, LIMIT, after)):
            if not after:
                await self.pipeline.reader.ready()
            after = batch[-1].delivery.id
            waiting = [one for one in batch if one.delivery.id not in self.pipeline.in_flight and self.ours(one)]
            fresh = [one for one in waiting if not one.attempts]
            for start in range(0, len(fresh), SLICE):
                done += await self._take_up(fresh[start : start + SLICE], self._together, go_on)
            for one in waiting:
                done += await self._take_up([one], self._alone, go_on) if one.attempts else 0
        return done

    async def _take_up(self, rows: Sequence[Journalled], work: Work, go_on: Callable[[], bool]) -> int:
        """Those that are ours at this moment; how many. Where one mailbox is refused, the others go on without it."""
        taken = 0
        while rows and go_on():
            with self._kept(rows) as kept:
                taken, rows = taken or len(kept), ()
                try:
                    await work(kept, go_on)
                except Fenced as error:
                    rows = _others(kept, error)
                    taken += len(rows) - len(kept)
        return taken

    @contextmanager
    def _kept(self, rows: Sequence[Journalled]) -> Iterator[Kept]:
        """They are under way here from now on: nobody else takes them up, and their mailboxes are not at rest."""
        pipeline = self.pipeline
        kept = {one.delivery.id: one for one in rows if one.delivery.id not in pipeline.in_flight and self.ours(one)}
        boxes = under_way(kept.values())
        pipeline.in_flight |= kept.keys()
        pipeline.mailboxes += boxes
        try:
            yield kept
        finally:
            pipeline.in_flight -= kept.keys()
            pipeline.mailboxes -= boxes

    def _let_go(self, kept: Kept, row: int) -> None:
        self.pipeline.in_flight.discard(row)
        del kept[row]

    async def give_back(self) -> None:
        """An orderly stop is no crash: what is still undecided gets its attempt back."""
        if self._counting is not None:
            await asyncio.gather(self._counting, return_exceptions=True)
        await self._uncount(set(self._counted))

    async def _uncount(self, rows: set[int]) -> None:
        """No process ended on account of them. Whoever works them now has counted for himself."""
        if not rows:
            return
        self._counted -= rows
        try:
            await self.pipeline.call(self.pipeline.store.count_attempt, sorted(rows), -1)
        except Transient:
            self._counted |= rows
            raise

    async def _together(self, kept: Kept, go_on: Callable[[], bool]) -> None:
        """As many as fit the memory."""
        ready: list[tuple[Journalled, bytes]] = []
        for one in list(kept.values()):
            if not go_on():
                return
            if (raw := await self._raw(one, kept)) is not None:
                ready.append((one, raw))
            if sum(len(raw) for _, raw in ready) >= MOST_BYTES:
                await self._submit(ready, kept)
                ready = []
        await self._submit(ready, kept)

    async def _alone(self, kept: Kept, _: Callable[[], bool]) -> None:
        for one in list(kept.values()):
            if (raw := await self._raw(one, kept)) is not None:
                await self._submit([(one, raw)], kept)

    async def _submit(self, ready: Sequence[tuple[Journalled, bytes]], kept: Kept) -> None:
        """Their attempts counted, at the last moment: each moment later is one less for a kill that they did not cause.
        From here the pipeline keeps them."""
        attempts = await self._count([one for one, _ in ready])
        ready = [(one, raw) for one, raw in ready if not await self._is_fatal(one, attempts)]
        for one, _ in ready:
            self._let_go(kept, one.delivery.id)
        if ready:
            await self._tell(await self.pipeline.submit_first([one for one, _ in ready], [raw for _, raw in ready]))

    async def _is_fatal(self, one: Journalled, attempts: dict[int, int]) -> bool:
        """Whether the process ended at each of its tries. That it ended before them, with hundreds under way, says
        nothing of this one."""
        if attempts.get(one.delivery.id, 1) <= MOST_TRIES:
            return False
        told = f"the process ended {MOST_TRIES} times while this mail was worked on"
        await self.pipeline.quarantine(one, told, "fatal")
        return True

    async def _tell(self, settled: Sequence[Settled]) -> None:
        """What was left to another daemon was no attempt of ours."""
        fenced = {one.delivery_id for one in settled if not one.outcome}
        self._counted -= {one.delivery_id for one in settled} - fenced
        await self._uncount(fenced & self._counted)

    async def _count(self, waiting: Sequence[Journalled]) -> dict[int, int]:
        """Attempts by delivery. A process counts once: that the store went away meanwhile is no mail's fault."""
        known = {one.delivery.id: one.attempts for one in waiting if one.attempts and one.delivery.id in self._counted}
        fresh = [one.delivery.id for one in waiting if one.delivery.id not in known]
        if not fresh:
            return known
        self._counting = asyncio.create_task(self._count_fresh(fresh))
        return {**known, **await asyncio.shield(self._counting)}

    async def _count_fresh(self, rows: Sequence[int]) -> dict[int, int]:
        attempts: dict[int, int] = await self.pipeline.call(self.pipeline.store.count_attempt, rows)
        self._counted.update(rows)
        return attempts

    async def _raw(self, one: Journalled, kept: Kept) -> bytes | None:
        """The raw bytes. Where they are gone the mail is a case for quarantine; where its store is away, for later."""
        try:
            raw: bytes = await self.pipeline.call(self.pipeline.store.raw, one.sha256)
        except Permanent as error:
            await self.pipeline.quarantine(one, str(error), "raw_missing")
            self._let_go(kept, one.delivery.id)
            return None
        except Transient as error:  # one object that nobody may read now must not hold up the others (P4)
            self._away += 1
            if self._away > MOST_AWAY:
                raise
            emit(Event.DELIVERY_RETRY, delivery=one.delivery.id, mailbox=one.delivery.mailbox, error=str(error))
            self._let_go(kept, one.delivery.id)
            await self._uncount({one.delivery.id} & self._counted)
            return None
        self._away = 0
        return raw


def _others(kept: Kept, error: Fenced) -> list[Journalled]:
    """Mail of the mailboxes that were not refused; the error again where that is all of it."""
    left = [one for one in kept.values() if one.delivery.mailbox not in error.mailboxes]
    if len(left) == len(kept):
        raise error
    emit(Event.FENCED, error=str(error))
    return left
