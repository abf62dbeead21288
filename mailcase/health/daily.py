"""Queues the daily digest when its time has come: once a day, also over restarts."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from mailcase.errors import Transient
from mailcase.health import digest
from mailcase.health.alarms import Post
from mailcase.health.digest import Digest, Last
from mailcase.health.notices import Notice
from mailcase.health.pulse import Pulse
from mailcase.log import Event, emit
from mailcase.store.alarms import DIGEST_FLAG
from mailcase.store.store import Store
from mailcase.waiting import first_of

LOOK_EVERY: Final = 20.0  # seconds
_SETTLED: Final = timedelta(seconds=30)  # what was decided so late may not be committed yet; it comes tomorrow


class Daily:
    """`await daily.run(stop)`."""

    def __init__(
        self,
        store: Store,
        call: Callable[..., Awaitable[Any]],
        pulse: Pulse,
        post: Post,
        now: Callable[[], datetime],
        queued: Callable[[], None],
    ) -> None:
        self._store = store
        self._call = call
        self._pulse = pulse
        self._post = post
        self._now = now
        self._queued = queued

    async def run(self, stop: asyncio.Event) -> None:
        """Look at the clock until the stop event."""
        while not stop.is_set():
            try:
                await self.look()
            except Transient as error:
                emit(Event.STORE_BUSY, error=str(error))
            await first_of(LOOK_EVERY, stop)

    async def look(self) -> None:
        """Queue the digest if it is due; raises Transient from the store."""
        alarm = self._post.settings().alarm
        if not alarm.to or not alarm.digest:
            return
        now, zone = self._now(), self._post.zone
        was = await asyncio.to_thread(self._store.get_flag, DIGEST_FLAG)
        last = digest.remembered(was, now, zone)
        day = digest.due_day(now, alarm.digest, zone, last)
        if last is None:  # the first of all: from now on, at the next time of day
            today = now.astimezone(zone).date()
            await self._write(was, Last(day or today - timedelta(days=1), now), [])
        elif day is not None:
            until = max(now - _SETTLED, last.until)
            found = await asyncio.to_thread(self._store.digest, last.until, until)
            mails = self._mails(day.isoformat(), found)
            await self._write(was, Last(day, until), mails, found.late if mails else 0)

    def _mails(self, day: str, found: Digest) -> list[Notice]:
        now = self._pulse.view().situation
        letter = digest.letter(found, self._post.zone, now.host, now.numbers.proof)
        return self._post.write("digest", letter, day, now) if letter else []

    async def _write(self, was: str | None, last: Last, mails: list[Notice], late: int = 0) -> None:
        if await self._call(self._store.queue_digest, was, last.to_text(), mails, self._now(), late) and mails:
            emit(Event.DIGEST_QUEUED, mails=len(mails), day=last.day.isoformat())
            self._queued()
