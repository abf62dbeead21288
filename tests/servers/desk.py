"""A support desk of one's own: a Dovecot mailbox, an SMTP sink, a configuration, and the real program."""

import json
import os
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from mailcase.cli.main import program
from tests.servers import new_store
from tests.servers.dovecot import Dovecot
from tests.servers.fixtures import StartDovecot
from tests.servers.letters import DESK
from tests.servers.ports import wait_until
from tests.servers.prefork import PREFORK, Process
from tests.servers.smtp import SmtpSink

_CONFIG = """
[intake]
workers = 1
{extra}
[[mailbox]]
name = "support"
address = "{address}"
start = "{start}"
{mailbox}
[mailbox.imap]
host = "127.0.0.1"
port = {imap}
security = "none"
user = "user"
password = "pass"
poll = "1s"
after = "{after}"
[mailbox.smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
timeout = "5s"
"""


_READS = {
    *(("message", word) for word in ("list", "show")),
    *(("case", word) for word in ("list", "show")),
    *(("outbox", "list"), ("quarantine", "list")),
}


class Desk:
    """Runs `python -m mailcase` as a process against its own servers; every answer is the program's own JSON.

    What lies in a `folder` of one's own outlives it; a store that is there already is gone on with.
    """

    def __init__(
        self,
        dovecot: Dovecot,
        sink: SmtpSink,
        *,
        after: str = "keep",
        start: str = "new",
        extra: str = "",
        mailbox: str = "",
        folder: Path | None = None,
    ) -> None:
        self.dovecot, self.sink = dovecot, sink
        self._folder = None if folder else tempfile.TemporaryDirectory(prefix="mc-desk-")
        self.dir = folder or Path(self._folder.name if self._folder else "")
        self.dir.mkdir(exist_ok=True)
        (self.dir / "token.key").write_text("k" * 40)
        (self.dir / "blacklist.txt").write_text("spammer@junk.example\n")
        values = {"address": DESK, "imap": dovecot.port, "smtp": sink.port, "after": after, "start": start}
        if not (self.dir / new_store.NAME).exists():
            new_store.place(self.dir)
        self.config = self.dir / "mailcase.toml"
        self.config.write_text(_CONFIG.format(extra=extra, mailbox=mailbox, **values))
        self._daemons: list[Process] = []

    def close(self) -> None:
        """End what still runs, and the folder."""
        for daemon in self._daemons:
            if daemon.poll() is None:
                daemon.kill()
            daemon.wait()
        if self._folder is not None:
            self._folder.cleanup()

    # the program

    def _command(self, *args: str) -> list[str]:
        """What follows `python`."""
        return ["-m", "mailcase", "--config", str(self.config), *args]

    def _env(self, fault: str) -> dict[str, str]:
        return {**os.environ, **({"MAILCASE_FAULT": fault} if fault else {})}

    def call(self, *args: str, fault: str = "", stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Run one command to its end."""
        return PREFORK.run(self._command(*args), stdin=stdin, env=self._env(fault))

    def once(self, *, fault: str = "") -> int:
        """`mailcase run --once`; the exit status, -9 when the fault point killed it."""
        done = self.call("run", "--once", fault=fault)
        if done.returncode < 0:
            self.left_alone()
        if not fault and done.returncode not in (0, 1):
            raise AssertionError(done.stderr.decode()[-3000:])
        return done.returncode

    def left_alone(self) -> None:
        """Wait until Dovecot has ended what a killed process asked of it.

        It goes on with a MOVE whose client is gone, and two at a time are two copies of each mail.
        """
        self.wait(lambda: not self.dovecot.sessions(), "a session goes on without its client")

    def run(self, *options: str, fault: str = "") -> Process:
        """`mailcase run` in the background, with options that stand before the command."""
        with (self.dir / "daemon.log").open("ab") as log:
            daemon = PREFORK.start(self._command(*options, "run"), env=self._env(fault), stdout=log, stderr=log)
        self._daemons.append(daemon)
        return daemon

    def stop(self, daemon: Process) -> int:
        """SIGTERM, and the exit status."""
        daemon.send_signal(signal.SIGTERM)
        return daemon.wait(timeout=60)

    def json(self, *args: str) -> Any:
        """What a command prints with --json."""
        if args[:2] in _READS:  # what only looks runs here: a process would cost a second, and show the same
            with redirect_stdout(StringIO()) as said:
                status = program().main(["--config", str(self.config), "--json", *args], standalone_mode=False)
            assert not status, said.getvalue()
            return json.loads(said.getvalue())
        done = self.call("--json", *args)
        if done.returncode:
            raise AssertionError(f"{args}: exit {done.returncode}: {done.stderr.decode()[-3000:]}")
        return json.loads(done.stdout)

    # what it says

    def deliveries(self) -> list[dict[str, Any]]:
        """`message list`."""
        found: list[dict[str, Any]] = self.json("message", "list")
        return found

    def outcomes(self) -> dict[str, tuple[str | None, str, str | None]]:
        """Message-ID -> (outcome, reason, case) of its newest delivery."""
        return {one["message_id"]: (one["outcome"], one["reason"], one["case"]) for one in self.deliveries()}

    def cases(self) -> list[dict[str, Any]]:
        """`case list`."""
        found: list[dict[str, Any]] = self.json("case", "list")
        return found

    def outbox(self) -> list[dict[str, Any]]:
        """`outbox list`."""
        found: list[dict[str, Any]] = self.json("outbox", "list")
        return found

    def states(self) -> Counter[str]:
        """How many outbox rows are in each state."""
        return Counter(one["state"] for one in self.outbox())

    def put(self, raw: bytes, **where: Any) -> None:
        """A mail arrives."""
        self.dovecot.put("user", raw, **where)

    def wait(self, holds: Callable[[], bool], what: str, seconds: float = 30) -> None:
        """Wait until it holds, or fail with the daemon's log."""
        try:
            wait_until(holds, seconds, what)
        except AssertionError:
            log = self.dir / "daemon.log"
            told = log.read_text(errors="replace")[-3000:] if log.exists() else ""
            raise AssertionError(f"{what}\n{told}") from None


OpenDesk = Callable[..., Desk]


@pytest.fixture
def open_desk(start_dovecot: StartDovecot) -> Iterator[OpenDesk]:
    """Open desks with one's own settings; the servers and processes end with the test."""
    with ExitStack() as stack:

        def opened(*, dovecot: dict[str, str] | None = None, **settings: Any) -> Desk:
            server = start_dovecot(users=dovecot) if dovecot else start_dovecot()
            desk = Desk(server, stack.enter_context(SmtpSink()), **settings)
            stack.callback(desk.close)
            return desk

        yield opened
