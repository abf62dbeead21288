"""A Maildir as an MTA and a mail program leave it, and a watcher of it."""

import itertools
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from mailcase.intake.maildir.settings import MaildirSettings
from mailcase.intake.maildir.watcher import MaildirWatcher
from mailcase.log import Event
from tests.servers.listing import contents, mail_files
from tests.servers.memory_journal import MemoryJournal

_count = itertools.count(1)


class Maildir:
    """`Maildir(folder)` makes one; `alarms` is what its watchers told."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.alarms: list[tuple[Event, str]] = []
        for part in ("new", "cur", "tmp"):
            (path / part).mkdir(parents=True)

    def put(self, raw: bytes, *, part: str = "new", name: str = "", received: datetime | None = None) -> Path:
        """A mail arrives, by way of tmp/."""
        name = name or f"{1700000000 + next(_count)}.M1P2.host"
        made = self.path / "tmp" / name
        made.write_bytes(raw)
        if received is not None:
            os.utime(made, (received.timestamp(), received.timestamp()))
        return made.rename(self.path / part / name)

    def open_mail(self, file: Path, flags: str = "") -> Path:
        """A mail program takes note of it: from new/ to cur/."""
        return file.rename(self.path / "cur" / f"{file.name.partition(':')[0]}:2,{flags}")

    def places(self, folder: str = "") -> list[str]:
        """What lies in new/ and cur/, as "new/name"."""
        root = self.path / folder
        return sorted(str(one.relative_to(root)) for one in mail_files(root))

    def mails(self, _user: str, folder: str = "INBOX") -> list[bytes]:
        """The raw mails of the Maildir itself or of one of its folders, as Dovecot gives them."""
        return contents(lambda: self._files(folder))

    def flags(self, _user: str, folder: str = "INBOX") -> list[str]:
        """The flag letters of each of them (S seen, T deleted ...)."""
        return [one.name.partition(":2,")[2] for one in self._files(folder)]

    def _files(self, folder: str) -> list[Path]:
        root = self.path if folder == "INBOX" else self.path / f".{folder}"
        return sorted(mail_files(root), key=lambda one: (one.parent.name != "new", one))

    def settings(self, **other: Any) -> MaildirSettings:
        """Everything read; keywords change what MaildirSettings has."""
        usual: dict[str, Any] = {"mailbox": "support", "start": "all", "poll_s": 0.02} | other
        return MaildirSettings(path=self.path.resolve(), **usual)

    def watcher(self, journal: MemoryJournal, **other: Any) -> MaildirWatcher:
        """A watcher whose pipeline makes a case of everything."""
        told = self.settings(**other)
        return MaildirWatcher(told, journal, journal.in_store, journal.submit, alarm=self._alarm)

    def _alarm(self, event: Event, text: str) -> None:
        self.alarms.append((event, text))
