"""A person's own mail program beside the daemon: imaplib in a thread, against any of the servers."""

import asyncio
import imaplib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from mailcase.intake.imap.grammar import encode_utf7, quote

T = TypeVar("T")


class SecondClient:
    """Every coroutine logs in, does one thing and logs out."""

    def __init__(self, host: str, port: int, user: str, password: str) -> None:
        self._account = (host, port, user, password)

    async def append(
        self, *raws: bytes, folder: str = "INBOX", received: datetime | None = None, flags: str = ""
    ) -> None:
        """APPEND with this INTERNALDATE (now, where none is given)."""
        when = imaplib.Time2Internaldate(received or datetime.now(UTC))

        def work(client: imaplib.IMAP4) -> None:
            for raw in raws:
                _ok(client.append(_name(folder), flags, when, raw))

        await self._with(work)

    async def create(self, folder: str) -> None:
        """CREATE."""
        await self._with(lambda client: _ok(client.create(_name(folder))))

    async def delete_folder(self, folder: str) -> None:
        """DELETE."""
        await self._with(lambda client: _ok(client.delete(_name(folder))))

    async def flag(self, uids: str, flags: str, folder: str = "INBOX") -> None:
        """UID STORE +FLAGS."""
        await self._with(lambda client: _ok(client.uid("STORE", uids, "+FLAGS", f"({flags})")), folder)

    async def expunge(self, uids: str, folder: str = "INBOX") -> None:
        """Delete these for good."""

        def work(client: imaplib.IMAP4) -> None:
            _ok(client.uid("STORE", uids, "+FLAGS", r"(\Deleted)"))
            _ok(client.expunge())

        await self._with(work, folder)

    async def move(self, uids: str, target: str, folder: str = "INBOX") -> None:
        """UID MOVE."""
        await self._with(lambda client: _ok(client.uid("MOVE", uids, _name(target))), folder)

    async def raws(self, folder: str = "INBOX") -> list[bytes]:
        """The raw mails of a folder in the order of their UIDs."""

        def work(client: imaplib.IMAP4) -> list[bytes]:
            data = _ok(client.uid("FETCH", "1:*", "(UID BODY.PEEK[])"))
            return [part[1] for part in data if isinstance(part, tuple)]

        return await self._with(work, folder)

    async def flags(self, folder: str = "INBOX") -> list[set[str]]:
        r"""The flags of each mail, without \Recent."""

        def work(client: imaplib.IMAP4) -> list[set[str]]:
            lines = [part for part in _ok(client.uid("FETCH", "1:*", "(UID FLAGS)")) if isinstance(part, bytes)]
            found = [{flag.decode() for flag in imaplib.ParseFlags(line)} for line in lines if b"FLAGS" in line]
            return [flags - {r"\Recent"} for flags in found]

        return await self._with(work, folder)

    async def _with(self, work: Callable[[imaplib.IMAP4], T], folder: str | None = None) -> T:
        return await asyncio.to_thread(self._run, work, folder)

    def _run(self, work: Callable[[imaplib.IMAP4], T], folder: str | None) -> T:
        host, port, user, password = self._account
        with imaplib.IMAP4(host, port, timeout=20) as client:
            client.login(user, password)
            if folder is not None:
                _ok(client.select(_name(folder)))
            return work(client)


def _name(folder: str) -> str:
    return quote(encode_utf7(folder))


def _ok(answer: tuple[str, Sequence[object]]) -> Sequence[object]:
    assert answer[0] == "OK", answer
    return answer[1]
