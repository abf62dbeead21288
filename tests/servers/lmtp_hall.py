"""The LMTP server with a real store and pipeline in this process, and the switches of a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mailcase.config import load
from mailcase.errors import Unavailable
from mailcase.house import House, open_house
from mailcase.lmtp.place import place_of
from mailcase.lmtp.server import LmtpServer
from mailcase.message import Wish
from tests.servers.ports import free_port

_CONFIG = """
[lmtp]
listen = "127.0.0.1:{port}"
[intake]
workers = 1
max_size = "8MB"
memory = "{memory}"
[acknowledge]
created = false
followed = false
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
aliases = ["help@helpdesk.example"]
[[mailbox]]
name = "sales"
address = "sales@bücher.example"
group = "sales"
"""
SUPPORT, SALES = b"support@helpdesk.example", "sales@bücher.example".encode()


@dataclass
class Hall:
    """A server with its house, and the switches of a test."""

    house: House
    server: LmtpServer
    port: int
    paused: set[str] = field(default_factory=set)
    full: str = ""

    def room(self) -> None:
        if self.full:
            raise Unavailable(self.full)

    def raws(self) -> list[tuple[str, bytes]]:
        """(mailbox, raw bytes) of every delivery, in order."""
        rows = self.house.store.message_list()
        found = [self.house.store.delivery(row["id"], Wish()) for row in rows]
        return [(one.delivery.mailbox, self.house.store.raw(one.sha256)) for one in found]

    def outcomes(self) -> list[tuple[str, str | None, str]]:
        return [(one["mailbox"], one["outcome"], one["reason"]) for one in self.house.store.message_list()]


@asynccontextmanager
async def open_hall(folder: Path, memory: str = "128MB", more: str = "") -> AsyncIterator[Hall]:
    (folder / "token.key").write_text("k" * 40)
    (folder / "blacklist.txt").write_text("")
    port = free_port()
    (folder / "mailcase.toml").write_text(_CONFIG.format(port=port, memory=memory) + more)
    settings = load(folder / "mailcase.toml", {})
    place = place_of(settings)
    assert place is not None
    async with open_house(settings) as house:
        hall = Hall(house, LmtpServer(place, house), port)
        hall.server = LmtpServer(place, house, paused=lambda: hall.paused, room=hall.room)
        await hall.server.start()
        try:
            yield hall
        finally:
            await hall.server.stop()
