"""Tells the store every few seconds how this daemon and its mailboxes fare, and keeps the pulse."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from mailcase import __version__
from mailcase.errors import Transient
from mailcase.health.last_mails import LastMails
from mailcase.health.pulse import Pulse
from mailcase.health.situation import DaemonTold, Facts, MailboxTold, Numbers, Returned
from mailcase.intake.state import MailboxState
from mailcase.life.named import Named
from mailcase.log import Event, emit
from mailcase.store.store import Store
from mailcase.waiting import first_of

LOOK_EVERY: Final = 5.0  # seconds
HEARTBEAT: Final = timedelta(seconds=15)  # a row that did not change is renewed so often; see GONE_AFTER
COUNT_EVERY: Final = timedelta(minutes=5)  # what a whole day or week has to be walked through for
TIDY_EVERY: Final = timedelta(minutes=1)

Call = Callable[..., Awaitable[Any]]  # runs a store function in the writer thread


class Keeper:
    """`await keeper.run(stop)`; `pulse` holds what it last saw.

    Args:
        store: where the rows are.
        call: runs a function of the store in the writer thread.
        facts: asked at each look.
        owner: this daemon's id, as in the outbox.
        now: the clock, aware UTC.
        after: [alarm] after, as now configured.
        named: whom the configuration in force gives cases to.
    """

    def __init__(
        self,
        store: Store,
        call: Call,
        facts: Callable[[], Facts],
        owner: str,
        now: Callable[[], datetime],
        after: Callable[[], timedelta] = lambda: timedelta(minutes=5),
        named: Callable[[], Sequence[Named]] = tuple,
    ) -> None:
        self._store = store
        self._call = call
        self._facts = facts
        self._owner = owner
        self._now = now
        self._named = named
        self._host = socket.gethostname()
        self._started_at = now()
        self.pulse = Pulse(self._host, after, self._started_at)
        self._told: DaemonTold | None = None
        self._told_boxes: Mapping[str, MailboxState] = {}
        self._last_mails = LastMails(store)
        self._tidied: datetime | None = None
        self._counted: datetime | None = None
        self._returned: Mapping[str, Returned] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Look until the stop event, then take the daemon's row away."""
        while not stop.is_set():
            await self.look()
            await first_of(LOOK_EVERY, stop)
        try:
            await self._call(self._store.leave_health, self._owner)
        except Transient as error:  # the row grows old by itself
            emit(Event.STORE_BUSY, error=str(error))

    async def look(self) -> None:
        """One look; a store that is not there is remembered in the pulse and tried again."""
        now = self._now()
        try:
            facts = self._facts()
        except Transient as error:  # a file system that does not answer, for a moment
            emit(Event.STORE_BUSY, error=str(error))
            return
        facts = replace(
            await self._last_mails.filled(facts, now),
            holds=self.pulse.view().holds,
            over=self.pulse.over,
        )
        written = await self._write(facts, now)
        numbers = await self._numbers()
        if numbers is not None:
            if _due(self._counted, COUNT_EVERY, now):
                await self._count(now)
            numbers = replace(numbers, returned=self._returned)
        self.pulse.looked(now, facts, numbers, written=written)

    async def _write(self, facts: Facts, now: datetime) -> bool:
        row = DaemonTold(self._owner, self._host, os.getpid(), __version__, self._started_at, now, facts)
        known = {name: one for name, one in facts.mailboxes.items() if self._last_mails.knows(name)}
        changed = [name for name, state in known.items() if state != self._told_boxes.get(name)]
        boxes = [self._mailbox(name, facts, now) for name in changed]
        try:
            if boxes or self._must_tell(row):
                await self._call(self._store.tell_health, row, boxes)
                self._told, self._told_boxes = row, known
            if _due(self._tidied, TIDY_EVERY, now):
                configured = {*facts.sources, *facts.mailboxes, *facts.paused}
                await self._call(self._store.tidy_health, self._owner, configured, now)
                self._tidied = now
        except Transient as error:
            emit(Event.STORE_BUSY, error=str(error))
            return False
        return True

    def _mailbox(self, name: str, facts: Facts, now: datetime) -> MailboxTold:
        return MailboxTold(name, self._owner, facts.sources.get(name, ""), facts.mailboxes[name], now)

    def _must_tell(self, row: DaemonTold) -> bool:
        """Whether the heartbeat is due or the daemon's own facts changed; free space and a token's rest always do."""
        told = self._told
        if told is None or row.seen_at - told.seen_at >= HEARTBEAT:
            return True
        return _steady(told.facts) != _steady(row.facts)

    async def _numbers(self) -> Numbers | None:
        try:
            return await asyncio.to_thread(self._store.health_numbers, self._named())
        except Transient as error:
            emit(Event.STORE_BUSY, error=str(error))
            return None

    async def _count(self, now: datetime) -> None:
        try:
            self._returned = await asyncio.to_thread(self._store.returned, now)
            unregistered = await asyncio.to_thread(self._store.unregistered, now)
        except Transient as error:
            emit(Event.STORE_BUSY, error=str(error))
        else:
            self._counted = now
            self.pulse.counted(unregistered)


def _due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    return last is None or now - last >= every


def _steady(facts: Facts) -> Facts:
    return replace(facts, mailboxes={}, disk_free=None, token_expiry={})
