"""The real mailcase as processes over the mailboxes of a measurement, and what it says that it did."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.corpus import DESK
from bench.people import BLACKLIST
from bench.site import PASSWORD, Site
from tests.servers.ports import free_port, wait_until

PATIENCE: Final = 1800.0  # seconds for any one measurement
_CONFIG: Final = """
[store]
url = "{store}"
[intake]
workers = {workers}
connections_per_host = 32   # all mailboxes lie on one host here: none of them is to wait for its turn
[acknowledge]   # limits that the corpus would reach within its minute; they are asked all the same
per_address = "1000000/1h"
per_domain = "1000000/1h"
total = "1000000/1h"
[http]
listen = "127.0.0.1:{http}"
{mailboxes}
"""
_MAILBOX: Final = """
[[mailbox]]
name = "{user}"
address = "{address}"
start = "all"
accept_any_recipient = {any_recipient}
[mailbox.imap]
host = "127.0.0.1"
port = {imap}
security = "none"
user = "{user}"
password = "{password}"
after = "seen"
[mailbox.smtp]   # nobody listens there: acknowledgements are queued and stay queued
host = "127.0.0.1"
port = {smtp}
security = "none"
"""


@dataclass(slots=True)
class _Ready:
    """The socket where a daemon says READY=1."""

    link: socket.socket

    def wait(self, process: "subprocess.Popen[bytes]") -> None:
        self.link.settimeout(60)
        while b"READY=1" not in self.link.recv(4096):
            if process.poll() is not None:
                raise AssertionError("the daemon ended before it was ready")


class Program:
    """The real mailcase as processes: `once`, or a daemon between `start` and `stop`."""

    def __init__(self, site: Site, *users: str, store: str = "sqlite:///mailcase.db", workers: int = 0) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="desk-", dir=site.folder))
        self.http = free_port()
        self.log = self.folder / "log"
        (self.folder / "token.key").write_text("k" * 40)
        (self.folder / "blacklist.txt").write_text("\n".join(BLACKLIST) + "\n")
        many = len(users) > 1
        boxes = [
            _MAILBOX.format(
                user=user,
                address=f"{user}@helpdesk.example" if many else DESK,
                any_recipient=str(many).lower(),
                imap=site.dovecot.port,
                password=PASSWORD,
                smtp=free_port(),
            )
            for user in users
        ]
        text = _CONFIG.format(store=store, workers=workers, http=self.http, mailboxes="".join(boxes))
        self.config = self.folder / "mailcase.toml"
        self.config.write_text(text)

    def command(self, *words: str) -> list[str]:
        """As an administrator would type it."""
        return [sys.executable, "-m", "mailcase", "--config", str(self.config), *words]

    def begin(self, *words: str, env: "dict[str, str] | None" = None) -> "subprocess.Popen[bytes]":
        """Start a command; its log goes to `log`."""
        with self.log.open("ab") as log:
            command = self.command(*words)
            return subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **(env or {})})

    def once(self) -> None:
        """`run --once` to its end."""
        self.ended(self.begin("run", "--once"))

    def ended(self, process: "subprocess.Popen[bytes]") -> None:
        """Wait for it; AssertionError with its log if it failed."""
        if process.wait(timeout=PATIENCE):
            raise AssertionError(self.log.read_text()[-3000:])

    def json(self, *words: str) -> Any:
        """What a command prints with --json."""
        done = subprocess.run(self.command("--json", *words), check=True, capture_output=True, timeout=PATIENCE)
        return json.loads(done.stdout)

    @contextmanager
    def daemon(self) -> Iterator["subprocess.Popen[bytes]"]:
        """`run` from READY=1 on; SIGTERM at the end."""
        place = self.folder / "notify"
        place.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.bind(str(place))
            process = self.begin("run", env={"NOTIFY_SOCKET": str(place)})
            try:
                _Ready(link).wait(process)
                yield process
            finally:
                process.terminate()
                process.wait(timeout=60)

    def wait_decided(self, count: int) -> float:
        """Wait until the log has told of so many deliveries, from its beginning; the moment (perf_counter)."""
        with self.log.open("rb") as log:
            seen, begun = 0, b""

            def all_of_them() -> bool:
                nonlocal seen, begun
                lines, _, begun = (begun + log.read()).rpartition(b"\n")  # a line may be half written when we look
                seen += lines.count(b'"event": "delivery"')
                return seen >= count

            wait_until(all_of_them, PATIENCE, f"only {seen} of {count} were decided")
        return time.perf_counter()

    # what it decided

    def places(self, skip: int = 0) -> dict[int, str]:
        """Index of a mail -> its case, by the UIDs that the server gave in the order of arrival."""
        listed = self.json("message", "list")
        cases = {one["uid"] - 1 - skip: one["case"] or next(iter(one["cases"]), None) for one in listed}
        return {index: case for index, case in cases.items() if case is not None and index >= 0}

    def acknowledged(self) -> set[str]:
        """The cases that have an acknowledgement which was not kept back."""
        return {one["case"] for one in self.json("outbox", "list") if one["state"] != "suppressed"}
