"""Where LMTP is listened: a socket for owner and group, never a place that others could reach."""

import os
import socket
import stat
from pathlib import Path

import pytest

from mailcase.config import load
from mailcase.errors import ConfigError, Unavailable
from mailcase.lmtp.place import Place, place_of

_CONFIG = """
[lmtp]
listen = "{listen}"
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
[mailbox.smtp]
host = "127.0.0.1"
"""


def _place(folder: Path, listen: str) -> Place:
    (folder / "token.key").write_text("k" * 40)
    file = folder / "mailcase.toml"
    file.write_text(_CONFIG.format(listen=listen))
    place = place_of(load(file, {}))
    assert place is not None
    return place


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
