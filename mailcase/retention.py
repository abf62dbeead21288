"""Takes raw mail away when its time is over, once an hour, in small transactions (`[retention] raw`)."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from mailcase.configuration.values import duration
from mailcase.errors import Transient
from mailcase.log import Event, emit
from mailcase.store.store import Store
from mailcase.waiting import first_of

EVERY: Final = 3600.0  # seconds
FASTEST: Final = timedelta(days=1)  # so far its own clock goes in a round at most
FLAG: Final = "retention_clock"
BATCH: Final = 500  # mails a transaction
PAUSE: Final = 0.2  # seconds between transactions: mail that comes in goes first


def keep_for(setting: str) -> timedelta | None:
    """`[retention] raw` as a time; None: forever."""
    return None if setting == "forever" else duration(setting)


def believed(now: datetime, last: datetime | None, most: timedelta) -> datetime:
    """The time by which raw mail is old: the clock's, but not more than `most` after the last round's.

    A clock that is years ahead for an hour must not cost a mail: what was removed does not come back (F28). After
    a long rest, or on a machine whose clock was right only later, it has caught up after some rounds.
    """
    return now if last is None else min(now, last + most)


@dataclass(slots=True)
class Retention:
    """Removes raw mail of cases closed long ago; hashes, ids, texts and the journal stay (B2).

    Its own clock follows the machine's, a day a round at most and an hour in the first round of a process, so that
    a daemon which starts again and again does not run ahead; it is kept in the store.

    Args:
        store: the store.
        call: runs a function of the store in the writer thread.
        keep: how long raw mail is kept, as it is configured now; None: forever.
        final: the statuses of kind final, former names too, as they are configured now.
        now: the clock.
    """

    store: Store
    call: Callable[..., Awaitable[Any]]
    keep: Callable[[], timedelta | None]
    final: Callable[[], Collection[str]]
    now: Callable[[], datetime]
    _begun: bool = False

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`: a round an hour; a store that is busy is asked again then."""
        while not stop.is_set():
            try:
                await self.once(stop)
            except Transient as error:
                emit(Event.STORE_BUSY, error=str(error))
            await first_of(EVERY, stop)

    async def once(self, stop: asyncio.Event | None = None) -> int:
        """One round; returns how many raw mails were removed.

        Raises:
            Unavailable: the store, or the place of the raw mail, does not answer; what was removed stays so.
        """
        stop, keep, done, after = stop or asyncio.Event(), self.keep(), 0, 0
        if keep is None:
            return 0
        before, final = await self._time() - keep, tuple(self.final())
        while not stop.is_set():
            found = await asyncio.to_thread(self.store.expired_raw, before, final, after)
            for start in range(0, len(found.hashes), BATCH):
                batch = found.hashes[start : start + BATCH]
                done += await self.call(self.store.purge_raw, batch, before, final, self.now())
                await first_of(PAUSE, stop)
            if found.last is None:
                break
            after = found.last
        if done:
            emit(Event.RAW_PURGED, mails=done, before=before.isoformat())
        return done

    async def _time(self) -> datetime:
        """What this round takes for now; the store remembers it. Raises Unavailable."""
        now, last = self.now(), _parsed(await asyncio.to_thread(self.store.get_flag, FLAG))
        time = believed(now, last, FASTEST if self._begun else timedelta(seconds=EVERY))
        if now - time > FASTEST:
            emit(Event.CLOCK_AHEAD, clock=now.isoformat(), taken=time.isoformat())
        await self.call(self.store.set_flag, FLAG, time.isoformat())
        self._begun = True
        return time


def _parsed(flag: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(flag or "")
    except ValueError:
        return None
