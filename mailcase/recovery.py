"""Takes up what the journal holds undecided: after a crash, a stop, or when another command put it back (R4)."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from mailcase.errors import Fenced, Permanent
from mailcase.log import Event, emit
from mailcase.pipeline import MOST_TRIES, SLICE, Pipeline
from mailcase.ports import Journalled

LIMIT: Final = 200  # rows read from the journal at a time
MOST_BYTES: Final = 16 * 1024 * 1024  # of raw mail read at a time


def _always() -> bool:
    return True


def _all_of_it(_: Journalled) -> bool:
    return True


@dataclass(slots=True)
class Recovery:
    """Hands undecided mail to the pipeline, its attempts counted first.

    A mail that was under way when the process ended is a suspect: it is tried alone, so that it takes no other
    down with it, and shunted when the process ended three times.
    """

    pipeline: Pipeline
    ours: Callable[[Journalled], bool] = _all_of_it  # whether this daemon is the one to decide it
    _counted: dict[int, str] = field(default_factory=dict)  # attempts that a stop gives back, with their mailboxes

    async def run(self, go_on: Callable[[], bool] = _always) -> int:
        """One walk through the journal, as long as `go_on` says so; returns how many mails were taken up.

        It ends where another daemon took over a mailbox meanwhile; the next walk knows what is ours then.
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
            done += len(waiting)
            await self._fresh([one for one in waiting if not one.attempts], go_on)
            await self._suspects([one for one in waiting if one.attempts], go_on)
        return done

    async def give_back(self) -> None:
        """An orderly stop is no crash: what is still undecided gets its attempt back."""
        for mailbox in sorted(set(self._counted.values())):
            rows = sorted(row for row, name in self._counted.items() if name == mailbox)
            with suppress(Fenced):  # whoever works it now counts for himself
                await self.pipeline.call(self.pipeline.store.count_attempt, rows, -1)
        self._counted.clear()

    async def _fresh(self, waiting: Sequence[Journalled], go_on: Callable[[], bool]) -> None:
        """Together, as many as fit the memory."""
        ready: list[tuple[Journalled, bytes]] = []
        await self._count(waiting)
        for one in waiting:
            if not go_on():
                return
            if (raw := await self._raw(one)) is not None:
                ready.append((one, raw))
            if len(ready) >= SLICE or sum(len(raw) for _, raw in ready) >= MOST_BYTES:
                await self._submit(ready)
                ready = []
        await self._submit(ready)

    async def _suspects(self, waiting: Sequence[Journalled], go_on: Callable[[], bool]) -> None:
        for one in waiting:
            if not go_on():
                return
            attempts = await self._count([one])
            if attempts.get(one.delivery.id, 1) >= MOST_TRIES:
                told = f"the process ended {MOST_TRIES} times while this mail was worked on"
                await self.pipeline.quarantine(one, told, "fatal")
            elif (raw := await self._raw(one)) is not None:
                await self._submit([(one, raw)], patience=None)

    async def _submit(self, ready: Sequence[tuple[Journalled, bytes]], **patience: None) -> None:
        rows, raws = [one for one, _ in ready], [raw for _, raw in ready]
        settled = await self.pipeline.submit(rows, raws, **patience)
        for one in settled:
            self._counted.pop(one.delivery_id, None)

    async def _count(self, waiting: Sequence[Journalled]) -> dict[int, int]:
        ids = [one.delivery.id for one in waiting]
        self._counted.update((one.delivery.id, one.delivery.mailbox) for one in waiting)
        attempts: dict[int, int] = await self.pipeline.call(self.pipeline.store.count_attempt, ids) if ids else {}
        return attempts

    async def _raw(self, one: Journalled) -> bytes | None:
        """The raw bytes; where they are gone the mail is a case for quarantine."""
        try:
            raw: bytes = await self.pipeline.call(self.pipeline.store.raw, one.sha256)
        except Permanent as error:
            await self.pipeline.quarantine(one, str(error), "raw_missing")
            return None
        return raw
