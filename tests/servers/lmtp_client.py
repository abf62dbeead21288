"""A client of the LMTP server that sends octets as they are; smtplib mends what it sends."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lmtp:
    """One connection; each method returns the server's last lines."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def reply(self) -> str:
        """One reply, however many lines it has."""
        lines = []
        while True:
            line = (await asyncio.wait_for(self.reader.readuntil(b"\r\n"), 30)).decode().rstrip()
            lines.append(line)
            if line[3:4] != "-":
                return "\n".join(lines)

    async def say(self, *lines: bytes) -> list[str]:
        """Send commands in one go (PIPELINING) and read a reply for each."""
        self.writer.write(b"".join(line + b"\r\n" for line in lines))
        await self.writer.drain()
        return [await self.reply() for _ in lines]

    async def begin(self, *recipients: bytes, sender: bytes = b"c1@visitor.example", options: bytes = b"") -> list[str]:
        """MAIL, RCPT for each, DATA; the replies."""
        rcpt = [b"RCPT TO:<" + one + b">" for one in recipients]
        return await self.say(b"MAIL FROM:<" + sender + b">" + options, *rcpt, b"DATA")

    async def content(self, raw: bytes, replies: int) -> list[str]:
        """The mail with its dots doubled, and the final dot; so many replies."""
        stuffed = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:]
        self.writer.write(stuffed + b".\r\n")
        await self.writer.drain()
        return [await self.reply() for _ in range(replies)]

    async def hand_in(self, raw: bytes, *recipients: bytes, sender: bytes = b"c1@visitor.example") -> list[str]:
        """A whole mail for recipients who are all accepted: the reply for each."""
        said = await self.begin(*recipients, sender=sender)
        assert [one[:3] for one in said] == ["250"] * (len(said) - 1) + ["354"], said
        return await self.content(raw, len(recipients))


def takes_mail(port: int, recipient: str) -> bool:
    """Whether a daemon listens there and takes mail for that address: a moment later, once it knows who is paused."""
    try:
        with smtplib.LMTP("127.0.0.1", port, timeout=20) as client:
            client.ehlo()
            client.mail("")
            return client.rcpt(recipient)[0] == 250
    except OSError:
        return False


@asynccontextmanager
async def lmtp_client(place: int | Path) -> AsyncIterator[Lmtp]:
    """Connected to a port of 127.0.0.1 or a unix socket, and greeted."""
    pair = await (
        asyncio.open_unix_connection(place) if isinstance(place, Path) else asyncio.open_connection("127.0.0.1", place)
    )
    client = Lmtp(*pair)
    try:
        assert (await client.reply()).startswith("220 ")
        assert "PIPELINING" in (await client.say(b"LHLO mx.visitor.example"))[0]
        yield client
    finally:
        client.writer.close()
