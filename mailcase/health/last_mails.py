"""When the last mail of each mailbox came: also by what other daemons took, and over restarts and reloads."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from mailcase.errors import Transient
from mailcase.health.situation import Facts
from mailcase.log import Event, emit
from mailcase.store.store import Store

_ASK_EVERY: Final = timedelta(minutes=1)
_OVERLAP: Final = timedelta(minutes=10)  # what was committed late, and clocks of hosts that differ


class LastMails:
    """A source knows of its own time and its own mail alone; `await filled(facts, now)` adds the store's knowledge."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[datetime, float]] = {}  # by mailbox: when, and its lag
        self._asked: set[str] = set()
        self._silent: Mapping[str, int] = {}  # what the journal was asked for
        self._until: datetime | None = None  # the journal was asked for mail until then

    async def filled(self, facts: Facts, now: datetime) -> Facts:
        """The facts with the last mails; a store that is busy is asked again at the next look."""
        try:
            await self._ask_daemons(facts)
            await self._ask_journal(facts.silent_hours, now)
        except Transient as error:
            emit(Event.STORE_BUSY, error=str(error))
        self._learn({name: (one.last_mail, one.lag_s) for name, one in facts.mailboxes.items() if one.last_mail})
        boxes = {
            name: replace(one, last_mail=self._known[name][0], lag_s=self._known[name][1])
            if name in self._known
            else one
            for name, one in facts.mailboxes.items()
        }
        return replace(facts, mailboxes=boxes)

    def knows(self, mailbox: str) -> bool:
        """Whether the store was asked: until then its row, which may know more, is not to be written over."""
        return mailbox in self._asked

    async def _ask_daemons(self, facts: Facts) -> None:
        self._asked &= facts.mailboxes.keys()
        if facts.mailboxes.keys() - self._asked:  # others may have worked those until now
            self._learn(await asyncio.to_thread(self._store.last_mails))
            unknown = facts.mailboxes.keys() - self._asked - self._known.keys()  # restored, or no daemon told of it yet
            found = await asyncio.to_thread(self._store.newest_mail_of, sorted(unknown))
            self._learn({name: (at, 0.0) for name, at in found.items()})
            self._asked = set(facts.mailboxes)

    async def _ask_journal(self, silent: Mapping[str, int], now: datetime) -> None:
        """Mail by LMTP is taken by any daemon: who holds its mailbox sees it in the journal alone."""
        if not silent or (silent == self._silent and self._until and now - self._until < _ASK_EVERY):
            return
        since = now - timedelta(hours=max(silent.values()))
        if silent == self._silent and self._until:
            since = self._until - _OVERLAP
        found = await asyncio.to_thread(self._store.newest_mails, since, now)
        self._learn({name: (at, 0.0) for name, at in found.items() if name in silent})
        self._silent, self._until = dict(silent), now

    def _learn(self, told: Mapping[str, tuple[datetime, float]]) -> None:
        for name, one in told.items():
            if name not in self._known or one[0] >= self._known[name][0]:
                self._known[name] = one
