"""sd_notify over real sockets, named and abstract."""

import os
import socket
from pathlib import Path

import pytest

from mailcase import sdnotify


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
@pytest.mark.parametrize("state", [sdnotify.READY, "STATUS=Grüße aus 3 mailboxes"])
def test_the_supervisor_receives_exactly_the_state(
    abstract: bool, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"@mailcase-test-{os.getpid()}" if abstract else str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind("\0" + name[1:] if abstract else name)
        supervisor.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        assert sdnotify.notify(state)
        assert supervisor.recv(4096).decode() == state


@pytest.mark.parametrize("address", [None, "", "relative/path", "/nowhere/at/all", "@nobody-listens-here"])
def test_without_a_supervisor_nothing_is_sent_and_nothing_raised(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    assert not sdnotify.notify(sdnotify.READY)


@pytest.mark.parametrize(
    ("micros", "pid", "seconds"),
    [
        ("30000000", None, 30.0),
        ("500000", "own", 0.5),
        ("30000000", "1", None),  # meant for another process
        ("0", None, None),
        ("soon", None, None),
        ("", None, None),
        ("²", None, None),
        (None, None, None),
    ],
)
def test_the_watchdog_interval_is_read_in_seconds(
    micros: str | None, pid: str | None, seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("WATCHDOG_USEC", micros), ("WATCHDOG_PID", pid)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, str(os.getpid()) if value == "own" else value)
    assert sdnotify.watchdog_interval() == seconds
