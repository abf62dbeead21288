"""aioimaplib's protocol, hardened: the only file that imports it (libraries.md 2, bugs 1-25).

What is kept of it is the command with its tag and its check of arguments, the state and the transport; receiving,
waiting and failing are done anew: one command at a time, no recursion, no logging of what is sent, and every loss,
timeout or cancel ends the connection and wakes whoever waits.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Sequence

from aioimaplib import aioimaplib

from mailcase.errors import Transient
from mailcase.intake.imap.failures import readable
from mailcase.intake.imap.framing import Framer
from mailcase.intake.imap.grammar import Piece

_MINIMUM_RATE = 64  # octets a second over one time-out; below it the server counts as silent (F12)


class ConnectionLost(Transient):
    """The connection ended, was given up, or never came about."""


class Exchange(aioimaplib.Command):  # type: ignore[misc]  # aioimaplib is untyped
    """One command on its way, and everything the server sent for it.

    `answers` are written in turn to the server's continuation requests; further requests get `rest`, or end the
    connection where that is None.
    """

    def __init__(self, name: str, tag: str, *args: str, prefix: str | None = None) -> None:
        super().__init__(name, tag, *args, prefix=prefix)
        self.result = ""
        self.text: bytes = b""
        self.untagged: list[Sequence[Piece]] = []
        self.answers: deque[str] = deque()
        self.rest: str | None = None
        self.continued = asyncio.Event()
        self.ended = asyncio.Event()
        self.idling = False
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wire(self) -> str:
        """The command line as it is sent, secrets included."""
        return str(super().__repr__())

    def __repr__(self) -> str:
        return f"<{self.name} {self.tag}>"  # tracebacks show this: no password in it


class HardenedProtocol(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc]  # aioimaplib is untyped
    """One connection; `timeout` in seconds is the silence allowed in a command."""

    transport: asyncio.Transport | None
    capabilities: set[str]

    def __init__(self, timeout: float, literal_limit: int) -> None:
        super().__init__(asyncio.get_running_loop())
        self.timeout = timeout
        self.greeting: asyncio.Future[bytes] = self.loop.create_future()
        self.closed: asyncio.Future[None] = self.loop.create_future()
        self.failure: Exception | None = None
        self.lock = asyncio.Lock()
        self.announced = asyncio.Event()  # an EXISTS came, in whatever command or between two (bug 14)
        self._framer = Framer(literal_limit)
        self._current: Exchange | None = None
        self._received = 0
        self._plain_text_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; a connection that was given up meanwhile is closed."""
        super().connection_made(transport)
        if self.failure is not None and self.transport is not None:
            self.transport.abort()

    # the receiving side (bugs 1, 2, 6, 7, 8, 14, 15)

    def data_received(self, d: bytes) -> None:
        """Take octets from the network; whatever breaks the rules ends the connection."""
        self._received += len(d)
        try:
            if self._plain_text_over:
                raise ConnectionLost("the server sent plain text after agreeing to STARTTLS")
            for response in self._framer.feed(d):
                self._dispatch(response)
        except Exception as error:
            self.give_up(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake everyone who waits for this connection."""
        self.give_up(ConnectionLost(f"connection lost ({exc})" if exc else "connection closed by the server"))
        if not self.closed.done():
            self.closed.set_result(None)

    def give_up(self, error: Exception) -> None:
        """End the connection at once, without a word to the server; the first reason stays."""
        if self.failure is None:
            self.failure = error if isinstance(error, Transient) else ConnectionLost(f"unreadable answer: {error!r}")
        self.state = aioimaplib.LOGOUT
        waiting = [self.greeting] + ([self._current.finished] if self._current else [])
        for future in waiting:
            if not future.done():
                future.set_exception(self.failure)
                future.exception()  # read here, so that nobody is warned of what nobody waits for
        if self._current is not None:
            self._current.continued.set()
            self._current.ended.set()
        if self.transport is not None:
            self.transport.abort()

    def _dispatch(self, response: list[Piece]) -> None:
        first = response[0]
        if not self.greeting.done():
            self.greeting.set_result(first)
        elif first.startswith(b"* "):
            self._untagged([first[2:], *response[1:]])
        elif first.startswith(b"+"):
            self._continue()
        elif first:
            self._tagged(first)

    def _untagged(self, response: list[Piece]) -> None:
        if response[0][-7:].upper() == b" EXISTS":
            self.announced.set()
        if self._current is not None:
            self._current.untagged.append(response)
        elif response[0][:4].upper() == b"BYE ":
            raise ConnectionLost(f"the server says goodbye: {readable(response[0])}")

    def _continue(self) -> None:
        current = self._current
        if current is None:
            raise ConnectionLost("the server asks for data that nobody has")
        answer = current.answers.popleft() if current.answers else current.rest
        if current.idling:
            current.continued.set()
        elif answer is None:
            raise ConnectionLost(f"the server asks for more in {current.name}")
        else:
            self.send(answer)

    def _tagged(self, line: bytes) -> None:
        tag, _, rest = line.partition(b" ")
        current = self._current
        if current is None or tag.decode("ascii", "replace") != current.tag or current.finished.done():
            raise ConnectionLost("an answer to no question of ours")
        result, _, current.text = rest.partition(b" ")
        current.result = result.decode("ascii", "replace").upper()
        if current.name == "STARTTLS" and current.result == "OK":
            self._plain_text_over = True
            if self._framer.left_over:
                raise ConnectionLost("the server sent plain text after agreeing to STARTTLS")
        current.finished.set_result(None)
        current.continued.set()
        current.ended.set()

    # the sending side (bugs 3, 4, 5, 12, 13, 17)

    def send(self, line: str, scrub: str | None = None) -> None:  # noqa: ARG002  aioimaplib's signature
        """Write one line; never logged, so nothing has to be scrubbed."""
        if self.transport is None:
            raise ConnectionLost("not connected")
        self.transport.write(f"{line}\r\n".encode())

    async def execute(self, command: Exchange, scrub: str | None = None) -> Exchange:  # noqa: ARG002  as above
        """Send a command and wait for its tagged answer; raises ConnectionLost.

        A timeout or a cancel in here leaves answers under way, so it ends the connection.
        """
        async with self.lock:
            self.begin(command)
            try:
                await self.finish(command)
            except BaseException as error:
                self.give_up(error if isinstance(error, Transient) else ConnectionLost("given up in a command"))
                raise
            finally:
                self._current = None
        return command

    def begin(self, command: Exchange) -> None:
        """Send it without waiting; the lock must be held."""
        if self.failure is not None:
            raise self.failure
        self._current = command
        self.send(command.wire())

    async def idle(self, command: Exchange, seconds: float, *wakers: asyncio.Event) -> None:
        """IDLE until one of the events is set, at most so long (RFC 2177); raises ConnectionLost.

        Where the server refuses, `command.result` says so.
        """
        command.idling = True
        async with self.lock:
            self.begin(command)
            try:
                await first_of(self.timeout, command.continued)
                if not command.continued.is_set():
                    raise ConnectionLost(f"IDLE: no answer within {self.timeout:g} s")
                if not command.finished.done():
                    await first_of(seconds, *wakers, command.ended)
                if not command.finished.done():
                    self.send("DONE")
                await self.finish(command)
            except BaseException as error:
                self.give_up(error if isinstance(error, Transient) else ConnectionLost("given up in IDLE"))
                raise
            finally:
                self._current = None

    async def finish(self, command: Exchange) -> None:
        """Wait for the tagged answer; each time-out must bring some octets or it is silence."""
        while not command.finished.done():
            before = self._received
            await asyncio.wait({command.finished}, timeout=self.timeout)
            if not command.finished.done() and self._received - before < self.timeout * _MINIMUM_RATE:
                raise ConnectionLost(f"{command.name}: no answer within {self.timeout:g} s")
        command.finished.result()

    async def upgrade(self, context: ssl.SSLContext, host: str) -> None:
        """The handshake after STARTTLS was agreed (bug 11); what the server said in clear is forgotten."""
        self.capabilities = set()
        self._plain_text_over = False
        self.transport = await self.loop.start_tls(
            self.transport, self, context, server_hostname=host, ssl_handshake_timeout=self.timeout
        )


async def first_of(seconds: float, *events: asyncio.Event) -> None:
    """Return when one of the events is set, or after so many seconds."""
    waiters = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiters, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()


class HardenedClient(aioimaplib.IMAP4):  # type: ignore[misc]  # aioimaplib is untyped
    """Opens one connection; made inside a coroutine, since it begins to connect at once (bug 25)."""

    protocol: HardenedProtocol

    def __init__(
        self, host: str, port: int, *, timeout: float, context: ssl.SSLContext | None, literal_limit: int
    ) -> None:
        self._literal_limit = literal_limit
        super().__init__(host, port, timeout=timeout, ssl_context=context)

    def create_client(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop | None,  # noqa: ARG002  aioimaplib's signature
        conn_lost_cb: Callable[[Exception | None], None] | None = None,  # noqa: ARG002  as above
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Begin to connect (called by aioimaplib's constructor)."""
        running = asyncio.get_running_loop()
        self.protocol = HardenedProtocol(self.timeout, self._literal_limit)
        self._client_task = running.create_task(
            running.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        )

    async def greeted(self) -> bytes:
        """Wait for the connection and the server's first line.

        Raises OSError (ssl.SSLError among them), TimeoutError or ConnectionLost; the connection is then closed.
        """
        try:
            async with asyncio.timeout(self.timeout):
                await self._client_task
                return await self.protocol.greeting
        except BaseException:
            self.abort()
            raise

    async def command(self, name: str, *args: str, uid: bool = False) -> Exchange:
        """Run one command and return its exchange, whatever the result; raises ConnectionLost, ValueError."""
        return await self.run(Exchange(name, self.protocol.new_tag(), *args, prefix="UID" if uid else None))

    async def run(self, exchange: Exchange) -> Exchange:
        """The same for an exchange that was prepared with answers."""
        return await self.protocol.execute(exchange)

    def abort(self) -> None:
        """Drop the connection now and for good (bug 23); harmless when repeated."""
        self._client_task.cancel()
        self.protocol.give_up(ConnectionLost("connection closed by us"))
