"""aiosmtpd's thread, begun and ended with patience: the library gives its trial a second, its last client none."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Collection
from contextlib import ExitStack, suppress
from typing import Any, Final

from aiosmtpd.controller import Controller

from tests.servers.ports import wait_until

_PATIENCE_S: Final = 60.0
_TURNS: Final = 5  # of the loop: more than a new connection takes to be known


class PatientController(Controller):
    """`start` returns when `counted` says that the trial connection was, so that it is never taken for a client's."""

    def __init__(self, handler: object, counted: Callable[[], bool], **options: Any) -> None:
        super().__init__(handler, hostname="127.0.0.1", ready_timeout=_PATIENCE_S, **options)
        self._counted = counted

    def _trigger_server(self) -> None:
        with ExitStack() as stack:
            link = stack.enter_context(socket.create_connection((self.hostname, self.port), _PATIENCE_S))
            if self.ssl_context is not None:
                link = stack.enter_context(_trusting().wrap_socket(link))
            wait_until(self._counted, _PATIENCE_S, "the SMTP sink does not answer")
            link.settimeout(1.0)
            with suppress(TimeoutError):  # it may have been told to be silent
                link.recv(1024)

    def end(self, connections: Collection[asyncio.Transport]) -> None:
        """Close the port, then these, and end the thread."""
        if isinstance(self.server, asyncio.Server):
            asyncio.run_coroutine_threadsafe(self._close(self.server, connections), self.loop).result(_PATIENCE_S)
        self.stop(no_assert=True)

    async def _close(self, server: asyncio.Server, connections: Collection[asyncio.Transport]) -> None:
        """Who was just accepted is one of them by then, and the loop has time to close them all: a socket that is not
        closed would be a warning in some later test."""
        for listening in server.sockets:  # to close it here would fail who was accepted and has no transport yet
            self.loop.remove_reader(listening.fileno())
        await _turns()
        for transport in tuple(connections):
            transport.abort()
        await _turns()


async def _turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _trusting() -> ssl.SSLContext:
    """For a look whether somebody answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
