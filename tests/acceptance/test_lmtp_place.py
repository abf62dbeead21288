"""Where LMTP is listened: a socket for owner and group, never a place that others could reach."""

import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailcase.config import load
from mailcase.errors import ConfigError, Unavailable
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
async def open_hall(folder: Path, memory: str = "128MB") -> AsyncIterator[Hall]:
    (folder / "token.key").write_text("k" * 40)
    (folder / "blacklist.txt").write_text("")
    port = free_port()
    (folder / "mailcase.toml").write_text(_CONFIG.format(port=port, memory=memory))
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


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(tmp_path) as opened:
        yield opened


def test_the_unix_socket_is_for_owner_and_group_and_a_stale_one_goes(tmp_path: Path) -> None:
    place = _place(tmp_path, "unix:l.sock")
    assert place.path == tmp_path / "l.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(os.fspath(place.path))
    with place.bind() as made:
        assert stat.S_IMODE(place.path.stat().st_mode) == 0o660
        made.listen()
        with pytest.raises(Unavailable, match="another process listens there"):
            place.bind()
    place.leave()
    place.leave()
    place.path.write_text("mine")
    with pytest.raises(ConfigError, match="it is no socket"):
        place.bind()


@pytest.mark.parametrize("listen", ["0.0.0.0:24", "192.0.2.1:24", "[::]:24", "mx.example.com:24", "127.0.0.1:0"])
def test_a_place_that_others_could_reach_is_refused_with_its_line(tmp_path: Path, listen: str) -> None:
    with pytest.raises(ConfigError, match=r"mailcase\.toml.*listen"):
        _place(tmp_path, listen)


def test_a_port_in_use_is_tried_again_by_systemd(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(Unavailable, match="listen"):
            _place(tmp_path, f"127.0.0.1:{other.getsockname()[1]}").bind()
