"""aioimaplib's protocol, hardened against its bugs (libraries.md 2, 1-25); only this room imports aioimaplib.

What is kept of it is the command with its tag and its check of arguments, the state and the transport; receiving,
waiting and failing are done anew: one command at a time, no recursion, no logging of what is sent, and every loss,
timeout or cancel ends the connection and wakes whoever waits.
"""

import asyncio
import re
import ssl

from aioimaplib import aioimaplib

from mailcase.errors import Transient
from mailcase.faults import hit
from mailcase.intake.imap.exchange import ConnectionLost, Exchange, OddAnswer
from mailcase.intake.imap.failures import readable
from mailcase.intake.imap.framing import Framer
from mailcase.intake.imap.grammar import Piece
from mailcase.waiting import first_of

_MINIMUM_RATE = 64  # octets a second over one time-out; below it the server counts as silent (F12)
_COUNTED = re.compile(rb"(\d+) (EXISTS|EXPUNGE)", re.IGNORECASE)


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
        self.announced = asyncio.Event()  # a new mail was told of, in whatever command or between two (bug 14)
        self.exists = 0  # mails in the selected folder, as the server counts them
        self._framer = Framer(literal_limit)
        self._current: Exchange | None = None
        self._received = 0
        self._plain_text_over = False
        self._goodbye = ""  # the server's words before it hangs up

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
        closed = f"connection lost ({exc})" if exc else "connection closed by the server"
        self.give_up(ConnectionLost(self._goodbye or closed))
        if not self.closed.done():
            self.closed.set_result(None)

    def give_up(self, error: Exception) -> None:
        """End the connection at once, without a word to the server; the first reason stays."""
        if self.failure is None:
            self.failure = error if isinstance(error, Transient) else OddAnswer(f"unreadable answer: {error!r}")
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
        self._count(response[0])
        if response[0][:4].upper() == b"BYE ":
            self._goodbye = f"the server says goodbye: {readable(response[0])}"
        if self._current is not None:
            self._current.untagged.append(response)
        if self._goodbye and (self._current is None or self._current.idling):  # no answer will follow
            raise ConnectionLost(self._goodbye)

    def _count(self, line: bytes) -> None:
        """Another number of mails is news; the same said again is none.

        A smaller one, too: where a server does not tell of each mail that left, a new one may be among those left.
        """
        found = _COUNTED.fullmatch(line)
        if found is None:
            return
        if found[2].upper() == b"EXPUNGE":
            self.exists -= 1
            return
        if int(found[1]) != self.exists:
            self.announced.set()
        self.exists = int(found[1])

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
            raise OddAnswer("an answer to no question of ours")
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
        if command.name == "MOVE":
            hit("after_move")

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
