"""Makes the source of a mailbox: an IMAP watcher or a Maildir watcher, wired to journal and pipeline."""

import asyncio
from collections.abc import Sequence
from typing import Any

from mailcase.clock import utcnow
from mailcase.house import House
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.watcher import Watcher
from mailcase.ports import Journalled
from mailcase.roster import Source


class Sources:
    """The sources of one process; those of one host share a gate."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._gates: dict[str, asyncio.Semaphore] = {}

    def make(self, settings: Any, stop: asyncio.Event) -> Source:
        """The source that these settings describe."""
        house = self._house
        shop = (house.store, house.call, self._submit)
        return Watcher(
            settings, *shop, stop=stop, now=utcnow, drained=house.pipeline.drained, gate=self._gate(settings)
        )

    def _gate(self, settings: ImapSettings) -> asyncio.Semaphore:
        most = self._house.settings.intake.connections_per_host
        return self._gates.setdefault(settings.host.lower(), asyncio.Semaphore(most))

    async def _submit(self, journalled: Sequence[Journalled], raws: Sequence[bytes]) -> None:
        await self._house.pipeline.submit(journalled, raws)
