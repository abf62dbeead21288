"""What the tests of the IMAP source share: two mails, settings, and a watcher with a list of its alarms."""

from typing import Any, Protocol

from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.watcher import Watcher
from mailcase.log import Event
from tests.servers.memory_journal import MemoryJournal

ONE, TWO = b"Subject: one\r\n\r\nhello\r\n", b"Subject: two\r\n\r\nhello\r\n"

Alarms = list[tuple[Event, str]]


class Server(Protocol):
    """Any of the test servers."""

    host: str
    port: int


def settings(server: Server, **other: Any) -> ImapSettings:
    """Plain text to that server as user/pass, everything read; keywords change what ImapSettings has."""
    usual: dict[str, Any] = {"start": "all", "poll_s": 60, "timeout_s": 20, "security": "none"} | other
    return ImapSettings("support", server.host, "user", usual.pop("password", "pass"), port=server.port, **usual)


def watch(server: Server, journal: MemoryJournal, alarms: Alarms | None = None, **other: Any) -> Watcher:
    """A watcher of that server whose pipeline makes a case of everything."""

    def alarm(event: Event, text: str) -> None:
        if alarms is not None:
            alarms.append((event, text))

    return Watcher(settings(server, **other), journal, journal.in_store, journal.submit, alarm=alarm)
