"""One IMAP command on its way and what the server sent for it, on aioimaplib's command."""

import asyncio
from collections import deque
from collections.abc import Sequence

from aioimaplib import aioimaplib

from mailcase.errors import Transient
from mailcase.intake.imap.grammar import Piece


class ConnectionLost(Transient):
    """The connection ended, was given up, or never came about."""


class OddAnswer(ConnectionLost):
    """What came is not IMAP as we can read it: another service, a proxy, or a broken server."""


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
