"""One empty mailbox on Dovecot and on pymap, for the suites that every IMAP server must pass."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.watcher import Watcher
from tests.servers.memory_journal import MemoryJournal
from tests.servers.pymap import Pymap
from tests.servers.second_client import SecondClient

OLD = datetime(2026, 1, 10, 12, tzinfo=UTC)
_users = itertools.count()


@dataclass
class Source:
    """One empty mailbox on a real server, and a person's mail program on it."""

    host: str
    port: int
    user: str
    name: str = "support"  # of the mailbox, in the configuration

    @property
    def person(self) -> SecondClient:
        return SecondClient(self.host, self.port, self.user, "pass")

    def settings(self, **other: Any) -> ImapSettings:
        usual: dict[str, Any] = {"start": "all", "poll_s": 60, "timeout_s": 20} | other
        return ImapSettings(self.name, self.host, self.user, "pass", port=self.port, security="none", **usual)

    def watcher(self, journal: MemoryJournal, **other: Any) -> Watcher:
        return Watcher(self.settings(**other), journal, journal.in_store, journal.submit)


@pytest.fixture(params=["dovecot", "pymap"])
async def source(request: pytest.FixtureRequest) -> AsyncIterator[Source]:
    if request.param == "dovecot":
        server = request.getfixturevalue("shared_dovecot")
        yield Source(server.host, server.port, f"u{next(_users)}")
    else:
        async with Pymap() as pymap:
            yield Source(pymap.host, pymap.port, "user")


def mail(subject: str, body: bytes = b"hello\r\n") -> bytes:
    return b"From: a@example.com\r\nSubject: " + subject.encode() + b"\r\n\r\n" + body
