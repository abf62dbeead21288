"""A tiny IMAP server whose every fault is scripted: what no real server does on demand."""

import asyncio
import contextlib
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

RECEIVED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class StoredMail:
    """One mail of a scripted folder."""

    raw: bytes
    flags: set[str] = field(default_factory=set)
    received: datetime = RECEIVED


class Link:
    """One client's connection; `muted` swallows what would be said."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.muted = False

    async def say(self, data: bytes | str) -> None:
        """Write octets, or a line."""
        octets = data if isinstance(data, bytes) else f"{data}\r\n".encode()
        if not self.muted:
            self.writer.write(octets)
            await self.writer.drain()

    def drop(self) -> None:
        """Cut the connection."""
        self.writer.transport.abort()


Normal = Callable[[], Awaitable[None]]
Fault = Callable[[Link, str, str, Normal], Awaitable[None]]
"""(link, tag, arguments, normal): instead of a command's handling; `await normal()` does the usual."""


class ScriptedImap:
    """`async with ScriptedImap({1: b"…"}) as server:`; `server.fault("UID MOVE", drop)` scripts the next one."""

    def __init__(
        self,
        mails: dict[int, bytes] | None = None,
        *,
        capabilities: str = "IMAP4rev1 UIDPLUS MOVE IDLE",
        permanent: str = r"\Seen \Deleted \*",
        folders: Iterable[str] = (),
    ) -> None:
        inbox = {uid: StoredMail(raw) for uid, raw in (mails or {}).items()}
        self.folders: dict[str, dict[int, StoredMail]] = {"INBOX": inbox, **{name: {} for name in folders}}
        self.uidvalidity = 7
        self.uidnext = max(inbox, default=0) + 1
        self.greeting = "* OK ready"
        self.capabilities = capabilities
        self.permanent = permanent
        self.commands: list[str] = []
        self.host, self.port = "127.0.0.1", 0
        self._faults: dict[str, list[Fault]] = defaultdict(list)
        self._links: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._selected = "INBOX"

    def fault(self, command: str, *faults: Fault) -> None:
        """Script the next calls of a command ("LOGIN", "UID FETCH" …), one fault each."""
        self._faults[command] += faults

    def end_faults(self, command: str) -> None:
        """What was scripted for it and did not come to pass is dropped."""
        self._faults[command].clear()

    def count(self, command: str) -> int:
        """How often the command was sent."""
        return sum(1 for line in self.commands if line.startswith(command))

    def mails(self, _user: str, folder: str = "INBOX") -> list[bytes]:
        """The raw mails of a folder, as Dovecot gives them."""
        return [mail.raw for _, mail in sorted(self.folders.get(folder, {}).items())]

    def flags(self, _user: str, folder: str = "INBOX") -> list[str]:
        """Their flags, of which one alone has a letter here."""
        mails = sorted(self.folders.get(folder, {}).items())
        return ["S" if r"\Seen" in mail.flags else "" for _, mail in mails]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, 0, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._links:
            task.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(reader, writer)
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        try:
            if self.greeting:
                await link.say(self.greeting)
            while line := await reader.readline():
                await self._command(link, line.decode().rstrip("\r\n"))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            link.drop()
            self._links.discard(task)

    async def _command(self, link: Link, line: str) -> None:
        tag, _, rest = line.partition(" ")
        name, _, arguments = rest.partition(" ")
        if name == "UID":
            second, _, arguments = arguments.partition(" ")
            name = f"UID {second}"
        self.commands.append(f"{name} {arguments}".strip())

        async def normal() -> None:
            await self._answer(link, tag, name, arguments)

        if self._faults[name]:
            await self._faults[name].pop(0)(link, tag, arguments, normal)
        else:
            await normal()

    async def _answer(self, link: Link, tag: str, name: str, arguments: str) -> None:
        handler = getattr(self, "_do_" + name.lower().replace(" ", "_"), None)
        if handler is not None and (await handler(link, arguments)) is False:
            await link.say(f"{tag} NO [TRYCREATE] no such folder")
        else:
            await link.say(f"{tag} OK {name} done")

    # the commands that say or change something; every other one is just OK

    async def _do_capability(self, link: Link, _: str) -> None:
        await link.say(f"* CAPABILITY {self.capabilities}")

    async def _do_select(self, link: Link, arguments: str) -> bool:
        name = arguments.strip('"')
        if name not in self.folders:
            return False
        self._selected = name
        await link.say(f"* {len(self.folders[name])} EXISTS")
        await link.say(f"* OK [UIDVALIDITY {self.uidvalidity}] valid")
        await link.say(f"* OK [UIDNEXT {self.uidnext}] next")
        await link.say(f"* OK [PERMANENTFLAGS ({self.permanent})] flags")
        return True

    _do_examine = _do_select

    async def _do_idle(self, link: Link, _: str) -> None:
        await link.say("+ idling")
        await link.reader.readline()

    async def _do_create(self, _: Link, arguments: str) -> None:
        self.folders.setdefault(arguments.strip('"'), {})

    async def _do_uid_search(self, link: Link, arguments: str) -> None:
        uids = sorted(self.folders[self._selected])
        found = re.match(r"UID (\d+):\*", arguments)
        if found:  # n:* names the last mail in any case (I2)
            uids = [uid for uid in uids if uid >= int(found[1])] or uids[-1:]
        await link.say("* SEARCH " + " ".join(map(str, uids)))

    async def _do_uid_fetch(self, link: Link, arguments: str) -> None:
        for number, (uid, mail) in enumerate(self._chosen(arguments), 1):
            if behind := re.search(r"BODY\.PEEK\[\]<(\d+)\.(\d+)>", arguments):
                start, octets = int(behind[1]), int(behind[2])
                some = mail.raw[start : start + octets]
                head = f"* {number} FETCH (UID {uid} BODY[]<{start}> {{{len(some)}}}\r\n".encode()
                await link.say(head + some + b")\r\n")
            elif "BODY.PEEK[]" in arguments:
                head = f"* {number} FETCH (UID {uid} BODY[] {{{len(mail.raw)}}}\r\n".encode()
                await link.say(head + mail.raw + b")\r\n")
            elif "BODY.PEEK[HEADER]" in arguments:
                header, blank, text = mail.raw.partition(b"\r\n\r\n")
                header, text = header + blank, text[: 256 * 1024]
                lengths = (len(header), len(text))
                first = f"* {number} FETCH (UID {uid} BODY[HEADER]<0> {{{lengths[0]}}}\r\n".encode()
                second = f" BODY[TEXT]<0> {{{lengths[1]}}}\r\n".encode()
                await link.say(first + header + second + text + b")\r\n")
            else:
                when = mail.received.strftime('"%d-%b-%Y %H:%M:%S +0000"')
                await link.say(f"* {number} FETCH (UID {uid} RFC822.SIZE {len(mail.raw)} INTERNALDATE {when})")

    async def _do_uid_store(self, _: Link, arguments: str) -> None:
        flags = re.search(r"\((.*)\)", arguments)
        for _uid, mail in self._chosen(arguments):
            mail.flags |= set(flags[1].split()) if flags else set()

    async def _do_uid_copy(self, _: Link, arguments: str) -> bool:
        target = arguments.partition(" ")[2].strip('"')
        if target not in self.folders:
            return False
        for uid, mail in self._chosen(arguments):
            self.folders[target][uid] = StoredMail(mail.raw, set(mail.flags), mail.received)
        return True

    async def _do_uid_move(self, link: Link, arguments: str) -> bool:
        if not await self._do_uid_copy(link, arguments):
            return False
        for uid, _ in self._chosen(arguments):
            del self.folders[self._selected][uid]
        return True

    async def _do_uid_expunge(self, _: Link, arguments: str) -> None:
        for uid, mail in self._chosen(arguments):
            if r"\Deleted" in mail.flags:
                del self.folders[self._selected][uid]

    def _chosen(self, arguments: str) -> list[tuple[int, StoredMail]]:
        mails = self.folders[self._selected]
        wanted: set[int] = set()
        for part in arguments.partition(" ")[0].split(","):
            low, _, high = part.partition(":")
            wanted |= set(range(int(low), int(high or low) + 1))
        return [(uid, mails[uid]) for uid in sorted(wanted & mails.keys())]


# faults


async def drop(link: Link, _tag: str, _arguments: str, _normal: Normal) -> None:
    """The connection is cut before anything is done."""
    link.drop()


async def do_and_drop(link: Link, _tag: str, _arguments: str, normal: Normal) -> None:
    """It is done, but the answer is lost."""
    link.muted = True
    await normal()
    link.drop()


async def stall(_link: Link, _tag: str, _arguments: str, _normal: Normal) -> None:
    """No answer for ever; the connection stays open."""
    await asyncio.Event().wait()


async def trickle(link: Link, _tag: str, _arguments: str, _normal: Normal) -> None:
    """An octet now and then, and never an end."""
    await link.say(b"* OK ")
    with contextlib.suppress(ConnectionError):
        while True:
            await link.say(b".")
            await asyncio.sleep(0.05)


def refuse(text: str) -> Fault:
    """Answered with this status, "NO [INUSE] later"."""

    async def fault(link: Link, tag: str, _arguments: str, _normal: Normal) -> None:
        await link.say(f"{tag} {text}")

    return fault


def say_first(*lines: str) -> Fault:
    """Untagged lines before the usual answer."""

    async def fault(link: Link, _tag: str, _arguments: str, normal: Normal) -> None:
        for line in lines:
            await link.say(line)
        await normal()

    return fault


def raw_answer(data: bytes, *, then_drop: bool = True) -> Fault:
    """Exactly these octets ({tag} is filled in), then an end."""

    async def fault(link: Link, tag: str, _arguments: str, _normal: Normal) -> None:
        await link.say(data.replace(b"{tag}", tag.encode()))
        if then_drop:
            link.writer.close()  # what was written still arrives

    return fault
