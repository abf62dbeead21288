"""A configuration and a store in which daemons told of themselves, and `mailcase status` on them."""

import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailcase import config
from mailcase.cli.main import main
from mailcase.clock import utcnow
from mailcase.health.situation import DaemonTold, Facts, MailboxTold
from mailcase.intake.state import MailboxState
from mailcase.policy_build import build
from mailcase.store.store import Store
from tests.servers import new_store

MAILBOX = """
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
[mailbox.imap]
host = "imap.example"
user = "u"
password = "hunter2-plain"
[mailbox.smtp]
host = "127.0.0.1"
port = 1
security = "none"
"""
Status = Callable[..., tuple[int, str]]


class Place:
    """A configuration and a store in which a daemon told of itself."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "mailcase.toml"
        (folder / "token.key").write_text("k" * 64)
        (folder / "blacklist.txt").write_text("")
        self.file.write_text(MAILBOX)
        new_store.place(folder)
        self.store = Store.open(new_store.URL, folder)
        self.config: dict[str, Any] = {"config": str(self.file.resolve())}
        self.hash = build(config.load(self.file, {})).policy.hash

    def tell(
        self,
        owner: str = "me",
        seen: datetime | None = None,
        state: Any = None,
        *,
        started: datetime | None = None,
        **facts: Any,
    ) -> None:
        """A daemon that runs since an hour, if no other time is given, tells of itself."""
        now = utcnow()
        started = started or now - timedelta(hours=1)
        well = MailboxState(last_look=now, last_mail=now - timedelta(minutes=3), lag_s=0.4, connected=True)
        told = replace(
            Facts(sources={"support": "imap:imap.example:u"}, policy_hash=self.hash, disk_free=9), **self.config | facts
        )
        state = state or well
        daemon = DaemonTold(
            owner, f"host-{owner}", 7, "1.2", started, seen or now, replace(told, mailboxes={"support": state})
        )
        self.store.tell_health(daemon, [MailboxTold("support", owner, "imap:imap.example:u", state, now)])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def status(place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Status:
    """Run the command: exit status and what it printed."""

    def run(*options: str) -> tuple[int, str]:
        monkeypatch.setattr(socket, "gethostname", lambda: "host-me")
        monkeypatch.setattr(sys, "argv", ["mailcase", "--config", str(place.file), *options, "status"])
        with pytest.raises(SystemExit) as done:
            main()
        out, err = capsys.readouterr()
        assert "hunter2" not in out + err
        return int(done.value.code or 0), out

    return run
