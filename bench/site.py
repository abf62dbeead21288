"""The place of a measurement: a real Dovecot with the corpus in its mailboxes."""

import imaplib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.corpus import DESK, Mail, Truth
from tests.servers.dovecot import Dovecot

PASSWORD: Final = "pass"
WARMING: Final = 60  # mails


class Site:
    """Mailboxes that can be filled at one stroke; made by `site`."""

    def __init__(self, dovecot: Dovecot, folder: Path) -> None:
        self.dovecot, self.folder = dovecot, folder
        self._stage = dovecot.dir / "stage"
        self._stage.mkdir()
        self.truths: list[Truth] = []
        self._names: list[str] = []
        self._warming = [self._lay(-n, warming(n)) for n in range(WARMING, 0, -1)]
        self.octets = 0

    def stage(self, mails: Iterable[Mail]) -> None:
        """Write mails to the mail server's disk, outside of any mailbox; later calls add to them."""
        for mail in mails:
            self._names.append(self._lay(len(self._names), mail.raw))
            self.truths.append(mail.truth)
            self.octets += len(mail.raw)

    def _lay(self, number: int, raw: bytes) -> str:
        """One file, named as Dovecot's own delivery does: order of arrival, size, size as IMAP counts it."""
        bare = raw.count(b"\n") - raw.count(b"\r\n")
        name = f"1700000000.M{500_000 + number:09d}P1.bench,S={len(raw)},W={len(raw) + bare}"
        (self._stage / name).write_bytes(raw)
        if os.getuid() == 0:
            owner = (self.dovecot.dir / "mail").stat()
            os.chown(self._stage / name, owner.st_uid, owner.st_gid)
        return name

    def deliver(self, user: str, start: int = 0, stop: int | None = None) -> None:
        """Let staged mails arrive in a mailbox that its owner has opened before (links: no byte is copied)."""
        self._arrive(user, self._names[start:stop])

    def share(self, users: Sequence[str], box_of: Callable[[Truth], int]) -> None:
        """Let everything arrive in several mailboxes: `box_of` says in which of them a mail does."""
        for name, truth in zip(self._names, self.truths, strict=True):
            self._arrive(users[box_of(truth)], (name,))

    def forget(self, user: str) -> None:
        """Take what is staged off the disk, and from that mailbox too: it was read."""
        there = self.dovecot.folder_path(user)
        for path in [*self._stage.iterdir(), *(there / "new").iterdir(), *(there / "cur").iterdir()]:
            path.unlink(missing_ok=True)

    def warm(self, user: str) -> None:
        """Let the mails arrive that make the processes of a daemon start."""
        self._arrive(user, self._warming)

    def _arrive(self, user: str, names: Iterable[str]) -> None:
        new = self.dovecot.folder_path(user) / "new"
        for name in names:
            (new / name).hardlink_to(self._stage / name)

    def open(self, user: str) -> None:
        """Let the server make the mailbox."""
        link = imaplib.IMAP4("127.0.0.1", self.dovecot.port)
        link.login(user, PASSWORD)
        link.select("INBOX")
        link.logout()


@contextmanager
def site(users: Iterable[str]) -> Iterator[Site]:
    """A Dovecot of one's own and a folder beside it, both gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="mc-bench-"))
    try:
        with Dovecot(users=dict.fromkeys(users, PASSWORD)) as dovecot:
            yield Site(dovecot, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def warming(number: int) -> bytes:
    """A small junk mail, of which no program makes anything."""
    return (
        f"From: c{number}@junk.example\r\nTo: {DESK}\r\nSubject: Warm {number}\r\n"
        f"Message-ID: <warm{number}@junk.example>\r\n\r\nGet warm.\r\n"
    ).encode()
