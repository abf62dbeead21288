"""aioimaplib's client, hardened: opens one connection, runs commands, drops it (libraries.md 2)."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterator

from aioimaplib import aioimaplib

from mailcase.errors import Transient
from mailcase.intake.imap.exchange import ConnectionLost, Exchange, OddAnswer
from mailcase.intake.imap.framing import BrokenStream
from mailcase.intake.imap.protocol import HardenedProtocol


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
        conn_lost_cb: Callable[[Exception | None], None] | None = None,  # noqa: ARG002  aioimaplib's signature
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Begin to connect (called by aioimaplib's constructor)."""
        running = asyncio.get_running_loop()
        self.protocol = HardenedProtocol(self.timeout, self._literal_limit)
        self._client_task = running.create_task(
            running.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        )

    @property
    def where(self) -> str:
        """host:port, for messages."""
        return f"{self.host}:{self.port}"

    async def greeted(self, within_s: float = float("inf")) -> bytes:
        """Wait for the connection and the server's first line, so many seconds at most, never longer than `timeout`.

        Raises OSError (ssl.SSLError among them), TimeoutError or ConnectionLost; the connection is then closed.
        """
        try:
            async with asyncio.timeout(min(within_s, self.timeout)):
                await self._client_task
                with self._named():
                    return await self.protocol.greeting
        except BaseException:
            self.abort()
            raise

    async def command(self, name: str, *args: str, uid: bool = False) -> Exchange:
        """Run one command and return its exchange, whatever the result; raises ConnectionLost, ValueError."""
        return await self.run(Exchange(name, self.protocol.new_tag(), *args, prefix="UID" if uid else None))

    async def run(self, exchange: Exchange) -> Exchange:
        """The same for an exchange that was prepared with answers."""
        with self._named():
            return await self.protocol.execute(exchange)

    async def idle(self, exchange: Exchange, seconds: float, *wakers: asyncio.Event) -> None:
        """IDLE as `protocol.idle`; raises ConnectionLost."""
        with self._named():
            await self.protocol.idle(exchange, seconds, *wakers)

    def abort(self) -> None:
        """Drop the connection now and for good (bug 23); harmless when repeated."""
        self._client_task.cancel()
        self.protocol.give_up(ConnectionLost("connection closed by us"))

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Whatever ended the connection is raised with the server's name."""
        try:
            yield
        except Transient as error:
            kind = OddAnswer if isinstance(error, OddAnswer | BrokenStream) else ConnectionLost
            raise kind(f"{self.where}: {error}") from error
