"""One logged-in IMAP connection as the source sees it (ports.MailSession), on the hardened client."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Self

from mailcase.errors import MailcaseError
from mailcase.intake.imap.bodystructure import left_parts
from mailcase.intake.imap.client import HardenedClient
from mailcase.intake.imap.exchange import Exchange
from mailcase.intake.imap.failures import FolderMissing, Refused, SomeGone, readable, refusal
from mailcase.intake.imap.fetched import body_of, completed, has_octets_there, header_and_text, mail_fact
from mailcase.intake.imap.grammar import (
    LARGEST_UID,
    Response,
    fetched_uid,
    is_fetch,
    quote_folder,
    search_date,
    searched_numbers,
    uid_set,
    used_share,
    valid_uids,
)
from mailcase.intake.imap.login import open_client
from mailcase.intake.imap.numbering import uidnext_of, uidvalidity_of
from mailcase.intake.imap.ports import MailFact, SelectedFolder
from mailcase.intake.imap.settings import ImapSettings
from mailcase.log import Event, emit
from mailcase.ports import LeftPart

SET_SIZE = 500  # UIDs in one command: a line stays below 8,192 octets (RFC 7162 4)
HEADER_LIMIT = 1024 * 1024
TEXT_LIMIT = 256 * 1024
_LOGOUT_S = 5.0
_TRIES = 3  # of a command that names mails which somebody else expunges


class ImapSession:
    """`session = await ImapSession.open(settings)`; see ports.MailSession for every method."""

    def __init__(self, client: HardenedClient) -> None:
        self._client = client
        self._folder = ""  # the selected one
        self._odd_told = False

    @classmethod
    async def open(cls, settings: ImapSettings) -> Self:
        """Connect and log in; raises as login.open_client."""
        return cls(await open_client(settings))

    @property
    def can_move(self) -> bool:
        """MOVE (RFC 6851)."""
        return self._has("MOVE")

    @property
    def can_expunge(self) -> bool:
        """UID EXPUNGE (RFC 4315)."""
        return self._has("UIDPLUS")

    @property
    def can_idle(self) -> bool:
        """IDLE (RFC 2177)."""
        return self._has("IDLE")

    async def select(self, folder: str, *, read_only: bool) -> SelectedFolder:
        """SELECT or EXAMINE; NoNumbering where the server has no UIDVALIDITY, or one that cannot be."""
        answer = await self._client.command("EXAMINE" if read_only else "SELECT", quote_folder(folder))
        if answer.result != "OK":
            error = refusal(f"folder {folder}", answer.result, answer.text)
            # a NO without a code is how most servers say that there is no such folder
            raise FolderMissing(str(error)) if isinstance(error, Refused) and not error.code else error
        self._folder = folder
        self._client.protocol.announced.clear()
        lines = [response[0] for response in answer.untagged]
        permanent = [line for line in lines if b"PERMANENTFLAGS" in line.upper()]
        return SelectedFolder(
            name=folder,
            uidvalidity=uidvalidity_of(lines, f"{self._client.where}: folder {folder}"),
            uidnext=uidnext_of(lines),
            read_only=b"[READ-ONLY]" in answer.text.upper(),
            keywords=any(rb"\*" in line for line in permanent),
        )

    async def search_all(self) -> list[int]:
        """Every UID of the folder."""
        return await self._search("ALL")

    async def search_above(self, uid: int) -> list[int]:
        """Every UID above; `n:*` names the last mail even below n (bug 21), which is filtered."""
        if uid >= LARGEST_UID:
            return []
        return [found for found in await self._search("UID", f"{uid + 1}:*") if found > uid]

    async def search_since(self, day: date) -> list[int]:
        """UIDs of that day or later by the server's days."""
        return await self._search("SINCE", search_date(day))

    async def still_there(self, uids: Sequence[int]) -> frozenset[int]:
        """Asked by SEARCH, which no server answers from what it cannot give."""
        found = [uid for part in sets(uids) for uid in await self._search("UID", uid_set(part))]
        return frozenset(uids) & frozenset(found)

    async def facts(self, uids: Sequence[int]) -> list[MailFact]:
        """Size and INTERNALDATE."""
        return await self._facts(uids, "(UID RFC822.SIZE INTERNALDATE)")

    async def dates(self, uids: Sequence[int]) -> list[datetime]:
        """INTERNALDATE alone."""
        facts = await self._facts(uids, "(UID INTERNALDATE)")
        return [fact.received_at for fact in facts if fact.received_at is not None]

    async def _facts(self, uids: Sequence[int], items: str) -> list[MailFact]:
        found: dict[int, MailFact] = {}
        for part in sets(uids):
            for response in await self._fetch(part, items):
                fact = mail_fact(response)
                if fact is not None:
                    found[fact.uid] = completed(fact, found.get(fact.uid))
        wanted = set(uids)
        return [found[uid] for uid in sorted(found) if uid in wanted]

    async def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The whole raw mails."""
        found: dict[int, bytes] = {}
        wanted = set(uids)
        for part in sets(uids):
            for response in await self._fetch(part, "(UID BODY.PEEK[])"):
                uid, body = fetched_uid(response), body_of(response)
                if uid in wanted and uid is not None and body is not None:
                    found[uid] = body
        return found

    async def exceeds(self, uid: int, size: int) -> bool:
        """Asked by the octet behind that size, which tells without RFC822.SIZE."""
        answers = await self._fetch([uid], f"(UID BODY.PEEK[]<{size}.1>)")
        return any(has_octets_there(part) for part in answers if fetched_uid(part) == uid)

    async def beginning(self, uid: int) -> bytes | None:
        """Header and the beginning of the text."""
        items = f"(UID BODY.PEEK[HEADER]<0.{HEADER_LIMIT}> BODY.PEEK[TEXT]<0.{TEXT_LIMIT}>)"
        answers = [part for part in await self._fetch([uid], items) if fetched_uid(part) == uid]
        return next((raw for raw in map(header_and_text, answers) if raw is not None), None)

    async def structure(self, uid: int) -> tuple[LeftPart, ...]:
        """What BODYSTRUCTURE names."""
        answers = [part for part in await self._fetch([uid], "(UID BODYSTRUCTURE)") if fetched_uid(part) == uid]
        return next((parts for parts in map(left_parts, answers) if parts), ())

    async def add_flags(self, uids: Sequence[int], flags: str) -> None:
        """UID STORE +FLAGS.SILENT."""
        for part in sets(uids):
            await self._ok("STORE", uid_set(part), "+FLAGS.SILENT", f"({flags})", uid=True)

    async def move(self, uids: Sequence[int], folder: str) -> None:
        """UID MOVE."""
        for part in sets(uids):
            await self._ok("MOVE", uid_set(part), quote_folder(folder), uid=True, to=folder)

    async def copy(self, uids: Sequence[int], folder: str) -> None:
        """UID COPY."""
        for part in sets(uids):
            await self._ok("COPY", uid_set(part), quote_folder(folder), uid=True, to=folder)

    async def expunge(self, uids: Sequence[int]) -> None:
        """UID EXPUNGE."""
        for part in sets(uids):
            await self._ok("EXPUNGE", uid_set(part), uid=True)

    async def quota(self, folder: str) -> float | None:
        """GETQUOTAROOT, where the server has it."""
        if not self._has("QUOTA"):
            return None
        return used_share((await self._ok("GETQUOTAROOT", quote_folder(folder))).untagged)

    async def ensure_folder(self, folder: str) -> str:
        """CREATE and SUBSCRIBE; a NO means that it is there, or is why the next MOVE fails: "", or what was said."""
        answer = await self._client.command("CREATE", quote_folder(folder))
        with contextlib.suppress(Refused):
            await self._ok("SUBSCRIBE", quote_folder(folder))
        return "" if answer.result == "OK" else f"CREATE {folder}: {answer.result} {readable(answer.text)}"

    async def idle(self, seconds: float, *wakers: asyncio.Event) -> bool:
        """Wait for a new mail; one announced since the last search, in any command, counts."""
        protocol = self._client.protocol
        if not protocol.announced.is_set():
            exchange = Exchange("IDLE", protocol.new_tag())
            await self._client.idle(exchange, seconds, protocol.announced, *wakers)
            if exchange.result != "OK":
                raise refusal(f"folder {self._folder}: IDLE", exchange.result, exchange.text)
        return protocol.announced.is_set()

    async def logout(self) -> None:
        """Say goodbye, for a few seconds at most, and close."""
        with contextlib.suppress(MailcaseError, TimeoutError):
            async with asyncio.timeout(_LOGOUT_S):
                await self._client.command("LOGOUT")
        self.close()

    def close(self) -> None:
        """Drop the connection at once."""
        self._client.abort()

    def _has(self, capability: str) -> bool:
        return capability in self._client.protocol.capabilities

    async def _search(self, *criteria: str) -> list[int]:
        self._client.protocol.announced.clear()  # the answer holds what was announced until now
        numbers = searched_numbers((await self._ok("SEARCH", *criteria, uid=True)).untagged)
        uids = valid_uids(numbers)
        if len(uids) < len(numbers) and not self._odd_told:
            self._odd_told = True
            emit(Event.UIDS_ODD, folder=self._folder, numbers=len(numbers) - len(uids), largest=str(numbers[-1]))
        return list(uids)

    async def _fetch(self, uids: Sequence[int], items: str) -> list[Response]:
        answer = await self._ok("FETCH", uid_set(uids), items, uid=True)
        return [response for response in answer.untagged if is_fetch(response)]

    async def _ok(self, name: str, *args: str, uid: bool = False, to: str = "") -> Exchange:
        """Run a command; NO and BAD are return values of aioimaplib and errors here (bug 19), which name the folder.

        Where somebody expunged some of the mails meanwhile it is said again, for the rest (RFC 5530 3).
        """
        what = f"folder {self._folder}: {f'{name} to {to}' if to else name}"
        for tries_left in reversed(range(_TRIES)):
            answer = await self._client.command(name, *args, uid=uid)
            if answer.result == "OK":
                return answer
            error = refusal(what, answer.result, answer.text)
            if not (tries_left and isinstance(error, SomeGone)):
                break
        raise error


def sets(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    """The UIDs in parts that fit one command."""
    return (uids[start : start + SET_SIZE] for start in range(0, len(uids), SET_SIZE))
