"""One connection of a mail server: aiosmtpd's LMTP with content of any line length, byte for byte."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import AnyStr, Final, Protocol

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Session

from mailcase.faults import hit
from mailcase.lmtp import replies
from mailcase.lmtp.budget import Load
from mailcase.lmtp.envelope import Handed
from mailcase.log import Event, emit

_END: Final = b"\r\n.\r\n"  # of the content (RFC 5321 4.1.1.4)
_COMMAND: Final = 4096  # octets of a command's line: 512 is the least (RFC 5321 4.5.3.1.4), UTF-8 addresses are longer
_IDLE_S: Final = 300.0  # silence that ends a connection (RFC 5321 4.5.3.2.7)


class Desk(Protocol):
    """What the connections ask of the server; the `handle_` methods are aiosmtpd's hooks."""

    closing: bool

    def joined(self, session: "LmtpSession") -> None:
        """A connection begins."""
        ...

    def left(self, session: "LmtpSession") -> None:
        """A connection has ended."""
        ...

    def crowded(self) -> bool:
        """Whether there are too many connections."""
        ...

    async def room_for(self, envelope: Handed) -> Load | None:
        """Room in memory before the content comes; None: put it off."""
        ...

    def limit(self) -> int:
        """Bytes of the largest mail."""
        ...

    def take(self, envelope: Handed, content: bytes, load: Load) -> AsyncIterator[str]:
        """Journal the mail; a reply a recipient, in order, each as soon as it is known. Takes over the load."""
        ...

    def refuse(self, envelope: Handed, reply: str) -> list[str]:
        """Note that it was refused or put off; the reply for each recipient."""
        ...


class LmtpSession(LMTP):
    """`LmtpSession(desk, host)` is the protocol of one connection."""

    line_length_limit = 64 * 1024  # the reader's window, not a limit of lines: `_content` has none
    command_size_limit = _COMMAND

    def __init__(self, desk: Desk, host: str) -> None:
        self._desk = desk
        self._greeting = False
        self.command_size_limits = defaultdict(lambda: _COMMAND)  # the library's is shared by all servers of a process
        super().__init__(
            desk,
            data_size_limit=None,  # announced and kept by the desk: the library's replies have no codes
            enable_SMTPUTF8=True,
            hostname=host,
            ident="mailcase LMTP",
            timeout=_IDLE_S,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join the desk's sessions."""
        super().connection_made(transport)
        self._desk.joined(self)
        if self._handler_coroutine is not None:
            self._handler_coroutine.add_done_callback(_ended)

    def connection_lost(self, error: Exception | None) -> None:
        """Leave the desk's sessions; what is being journalled goes on."""
        self._desk.left(self)
        super().connection_lost(error)

    def dismiss(self) -> None:
        """Close, unless a mail is under way: then its end closes it."""
        busy = isinstance(self.envelope, Handed) and self.envelope.mail_from is not None
        if not busy and isinstance(self.transport, asyncio.Transport):
            self.transport.write(replies.CLOSING.encode() + b"\r\n")
            self._close()

    def _close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """End the connection at once: the client keeps the mail."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    async def push(self, status: AnyStr) -> None:
        """Send one reply, or several parted by CRLF; only the answer to LHLO has no enhanced code (RFC 2034 3)."""
        if isinstance(status, str) and not self._greeting:
            await super().push(replies.with_code(status))
        else:
            await super().push(status)

    async def smtp_LHLO(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Greet, or send the client away where there are too many."""
        if self._desk.crowded():
            await self.push(replies.CROWDED)
            self._close()
            return
        self._greeting = bool(arg)
        try:
            await super().smtp_LHLO(arg or "")
        finally:
            self._greeting = False

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Begin a mail; not any more once the server closes."""
        if self._desk.closing:
            self.dismiss()
            return
        await super().smtp_MAIL(arg)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Take the content: one reply a recipient (RFC 2033 4.2)."""
        envelope = self.envelope
        if await self.check_helo_needed("LHLO") or not isinstance(envelope, Handed):
            return
        if arg or not envelope.recipients:
            await self.push(replies.NO_ARGUMENT if arg else replies.NEEDS_RECIPIENT)
            return
        load = await self._desk.room_for(envelope)
        if load is None:
            await self.push(self._desk.refuse(envelope, replies.NO_MEMORY)[0])
            return
        async for answer in self._answers(envelope, load):
            hit("before_reply")
            await self.push(answer)
            self._reset_timeout()  # a large mail for many mailboxes takes its time
        self.envelope = self._create_envelope()
        if self._desk.closing:
            self.dismiss()

    async def _answers(self, envelope: Handed, load: Load) -> AsyncIterator[str]:
        try:
            content, reply = await self._received(load)
        except BaseException:
            load.release()
            raise
        if reply:
            load.release()
            for one in self._desk.refuse(envelope, reply):
                yield one
            return
        async for one in self._desk.take(envelope, _plain(content), load):
            yield one

    async def _received(self, load: Load) -> tuple[bytearray, str]:
        """The content up to its lone dot, or why it cannot be taken; then it is read to its end all the same."""
        content, reply, size = bytearray(), "", 0
        await self.push(replies.READY)
        async for part in self._parts():
            size += len(part)
            reply = reply or self._objection(size, load)
            if reply:
                content.clear()
            else:
                content += part
        return content, reply

    def _objection(self, size: int, load: Load) -> str:
        """Why content of so many bytes cannot be taken; "" where it can."""
        if size - len(_END) > self._desk.limit():
            return replies.TOO_LARGE
        return "" if load.hold(size) else replies.NO_MEMORY

    async def _parts(self) -> AsyncIterator[bytes]:
        """The content as it comes, up to the lone dot and with it."""
        reader = self._reader
        tail = b"\r\n"  # the command before it ended a line
        while tail[-1:] in (b"\r", b"\n", b"."):  # nothing may be consumed that begins the end
            part = await reader.readexactly(1)
            yield part
            tail = (tail + part)[-len(_END) :]
            if tail == _END:
                return
        while True:
            try:
                yield await reader.readuntil(_END)
            except asyncio.LimitOverrunError as more:
                self._reset_timeout()
                yield await reader.readexactly(more.consumed)
            else:
                return

    def _create_session(self) -> Session:
        return Session(self.loop)

    def _create_envelope(self) -> Handed:
        return Handed()


def _plain(content: bytearray) -> bytes:
    """The mail itself: without the lone dot, and without the dot before those that begin a line."""
    del content[-len(b".\r\n") :]
    raw = bytes(content)
    content.clear()
    if raw.startswith(b"."):
        raw = raw[1:]
    return raw.replace(b"\r\n.", b"\r\n")


def _ended(task: "asyncio.Task[None]") -> None:
    """A client that is gone ends its connection; anything else is a fault of ours."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, OSError | EOFError):
        emit(Event.TASK_DIED, task="lmtp connection", error=repr(error))
