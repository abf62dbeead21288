"""Makes the source of a mailbox: an IMAP watcher or a Maildir watcher, wired to journal and pipeline."""

import asyncio
from typing import Any

from mailcase.clock import utcnow
from mailcase.house import House
from mailcase.intake.gate import Gates
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.maildir.settings import MaildirSettings
from mailcase.intake.maildir.watcher import MaildirWatcher
from mailcase.intake.watcher import Watcher
from mailcase.roster import Source


class Sources:
    """The sources of one process; those of one host share a gate."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._gates = Gates(house.settings.intake.connections_per_host)

    def make(self, settings: ImapSettings | MaildirSettings, stop: asyncio.Event) -> Source:
        """The source that these settings describe."""
        house = self._house
        shop = (house.store, house.call, house.pipeline.submit)
        ways: dict[str, Any] = {
            "stop": stop,
            "now": utcnow,
            "drained": house.pipeline.drained,
            "room": house.disk.check,
        }
        if isinstance(settings, MaildirSettings):
            return MaildirWatcher(settings, *shop, **ways)
        return Watcher(settings, *shop, gate=self._gates.of(settings.host), **ways)

    def renew(self) -> None:
        """New rules are in force: as many connections a host as they say."""
        self._gates.allow(self._house.settings.intake.connections_per_host)
