"""Looks through the daemon's own store once a day for mail that is doubled or stuck, beside all other work."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from mailcase.errors import MailcaseError
from mailcase.health.proof import FAILING, FLAG, STUCK_AFTER, Proof, failing_of, failing_text, proof_of, result
from mailcase.health.pulse import Pulse
from mailcase.log import Event, emit
from mailcase.store.ending import Ending
from mailcase.store.store import Store
from mailcase.waiting import first_of

LOOK_EVERY: Final = 20.0  # seconds between looks at the clock
FIRST_AFTER: Final = timedelta(minutes=5)  # from the start: what lies there is taken up first
EVERY: Final = timedelta(days=1)
AGAIN: Final = timedelta(minutes=15)  # while something is found, and after a look that could not be ended
SHARE: Final = 100  # however large the store is, not more than the hundredth part of the time is spent on it
LONGEST: Final = 600.0  # seconds; a look that takes longer is given up
_END_EVERY: Final = 0.2  # seconds; between two statements there is nothing to interrupt


class Auditor:
    """`await auditor.run(stop)`; what was found lies in the store, where every daemon's alarms read it.

    Args:
        store: what is looked through; it is only read.
        call: runs a function of the store in the writer thread.
        pulse: knows the newest look, by whichever daemon it was.
        is_ours: whether this daemon is the one of several that does it.
        now: the clock, aware UTC.
    """

    def __init__(
        self,
        store: Store,
        call: Callable[..., Awaitable[Any]],
        pulse: Pulse,
        is_ours: Callable[[], bool],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._call = call
        self._pulse = pulse
        self._is_ours = is_ours
        self._now = now
        self._began = now()
        self._tried: datetime | None = None
        self._rest = AGAIN  # after that try

    async def run(self, stop: asyncio.Event) -> None:
        """Look whenever it is time, until the stop event; one that is under way then is ended."""
        self._began = self._now()
        while not stop.is_set():
            if self.is_due():
                await self.look(stop)
            await first_of(LOOK_EVERY, stop)

    def is_due(self) -> bool:
        """Whether it is time: a while after each start, a day after the last look, sooner while anything is found."""
        now, last = self._now(), self._pulse.view().situation.numbers.proof
        if not self._is_ours() or not self._pulse.began or _within(FIRST_AFTER, self._began, now):
            return False
        if _within(self._rest, self._tried, now):
            return False
        if last is None or last.at < self._began:
            return True
        return not _within(EVERY if last.since is None else _soon(last.took_s), last.at, now)

    async def look(self, stop: asyncio.Event) -> None:
        """One look, remembered in the store; a store that is busy or slow is looked through later."""
        self._tried, began = self._now(), time.perf_counter()
        try:
            proof = await self._prove(self._tried, stop)
            await self._call(self._store.set_flag, FLAG, proof.to_text())
            await self._call(self._store.set_flag, FAILING, None)
        except MailcaseError as error:
            if not stop.is_set():
                await self._postponed(self._tried, str(error))
        else:
            emit(Event.AUDITED, found=result(proof), mails=proof.mails, seconds=proof.took_s)
        self._rest = _soon(time.perf_counter() - began)

    async def _postponed(self, now: datetime, error: str) -> None:
        """Since when looks fail stands in the store: who comes next, or starts again, goes on counting."""
        emit(Event.AUDIT_POSTPONED, error=error)
        with suppress(MailcaseError):  # a store that takes nothing has an alarm of its own
            since, _ = failing_of(await asyncio.to_thread(self._store.get_flag, FAILING)) or (now, "")
            await self._call(self._store.set_flag, FAILING, failing_text(since, error))

    async def _prove(self, now: datetime, stop: asyncio.Event) -> Proof:
        last = Proof.from_text(await asyncio.to_thread(self._store.get_flag, FLAG))
        began, ending = time.perf_counter(), Ending()
        seen = last.newest if last is not None else 0
        looking = asyncio.create_task(
            asyncio.to_thread(self._store.look_through, now, STUCK_AFTER, seen, ending), name="look through the store"
        )
        await _done(looking, ending, stop)
        found, mails, newest = await looking
        return proof_of(found, now, time.perf_counter() - began, mails, newest, last)


async def _done(looking: "asyncio.Task[Any]", ending: Ending, stop: asyncio.Event) -> None:
    """Wait for the look, but not longer than it may take, nor behind a stop: its thread would hold up the end."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((looking, stopping), timeout=LONGEST, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
    while not looking.done():
        await asyncio.to_thread(ending.end)
        await asyncio.wait((looking,), timeout=_END_EVERY)


def _soon(took_s: float) -> timedelta:
    """How long to rest at least after a look that took so long, ended or not."""
    return min(EVERY, max(AGAIN, SHARE * timedelta(seconds=took_s)))


def _within(length: timedelta, since: datetime | None, now: datetime) -> bool:
    """Whether that is no longer ago; a clock that was set back must not put anything off for ever."""
    return since is not None and timedelta(0) <= now - since < length
