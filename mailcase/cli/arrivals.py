"""Finding one mail at a mailbox's source by its Message-ID, without changing anything there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from mailcase.cli.output import counted
from mailcase.errors import Permanent
from mailcase.intake.imap.session import ImapSession
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.maildir import files
from mailcase.policy_build import Built
from mailcase.store.store import Store

_HEAD: Final = 64 * 1024  # bytes in which the Message-ID must stand


@dataclass(slots=True)
class Finder:
    """`begin` notes what lies there now, `look` finds the mail among what came later; "" where it did not yet."""

    begin: Callable[[], Awaitable[str]]
    find: Callable[[str], Awaitable[str]]
    store: Store | None
    mailbox: str

    async def look(self, message_id: str, since: datetime) -> str:
        """Where it is, in words: at the source, or already taken by the daemon."""
        if place := await self.find(message_id):
            return place
        row = await asyncio.to_thread(self.store.find_delivery, self.mailbox, message_id, since) if self.store else None
        return f"taken by the daemon: {row['outcome']} ({row['reason']})" if row else ""


@asynccontextmanager
async def finder(built: Built, name: str, store: Store | None) -> AsyncIterator[Finder]:
    """The finder of the mailbox's source; where it has none (LMTP, pipe) the journal alone tells."""
    imap, maildir = built.imap.get(name), built.maildir.get(name)
    if imap:
        mailbox = _Imap(imap)
        try:
            yield Finder(mailbox.begin, mailbox.find, store, name)
        finally:
            if mailbox.session:
                await mailbox.session.logout()
    elif maildir:
        lies = _Maildir(maildir.path)
        yield Finder(lies.begin, lies.find, store, name)
    else:
        if store is None:
            raise Permanent(f"mailbox {name} has no source of its own and there is no store: the probe cannot be found")
        yield Finder(_nothing, _nowhere, store, name)


async def _nothing() -> str:
    return "no source of its own: the journal tells when the probe is there"


async def _nowhere(_message_id: str) -> str:
    return ""


@dataclass(slots=True)
class _Imap:
    settings: ImapSettings
    session: ImapSession | None = None
    last: dict[str, int] = field(default_factory=dict)  # the highest UID that was looked at, by folder

    async def begin(self) -> str:
        session = self.session = await ImapSession.open(self.settings)
        for folder in self.settings.folders:
            selected = await session.select(folder, read_only=True)
            uids = [] if selected.uidnext else await session.search_all()
            self.last[folder] = selected.uidnext - 1 if selected.uidnext else max(uids, default=0)
        return f"{self.settings.host}:{self.settings.port} login accepted, watching {', '.join(self.settings.folders)}"

    async def find(self, message_id: str) -> str:
        session = self.session
        if session is None:
            return ""
        for folder in self.settings.folders:
            await session.select(folder, read_only=True)
            for uid in await session.search_above(self.last[folder]):
                raw = await session.beginning(uid)
                self.last[folder] = uid
                if raw is not None and _is(raw, message_id):
                    return f"{folder}, UID {uid}"
        return ""


@dataclass(slots=True)
class _Maildir:
    folder: Path
    known: set[str] = field(default_factory=set)

    async def begin(self) -> str:
        self.known = set(await asyncio.to_thread(self._listing))
        return f"{self.folder}: {counted(len(self.known), 'mail lies', 'mails lie')} there"

    async def find(self, message_id: str) -> str:
        for key, place in (await asyncio.to_thread(self._listing)).items():
            if key in self.known:
                continue
            try:
                raw = await asyncio.to_thread(files.read, self.folder, place)
            except OSError:
                continue  # moved or gone meanwhile: it is looked at again, or the journal has it
            self.known.add(key)
            if _is(raw, message_id):
                return place
        return ""

    def _listing(self) -> dict[str, str]:
        try:
            return files.listing(self.folder)
        except OSError as error:
            raise Permanent(f"{self.folder}: cannot be read: {error.strerror}") from None


def _is(raw: bytes, message_id: str) -> bool:
    """The mark in the Message-ID is ours alone: a relay may rewrite the header's form, not what it holds."""
    return message_id.strip("<>").encode() in raw[:_HEAD]
