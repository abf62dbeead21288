"""Several real daemons on one PostgreSQL: twelve mailboxes of one Dovecot, one SMTP sink, one configuration."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.servers.dovecot import Dovecot
from tests.servers.invariants import Box, Scene, findings, message_id
from tests.servers.logs import events
from tests.servers.ports import free_port
from tests.servers.postgres import OwnPostgres
from tests.servers.postgres_stores import LentPostgres, Stores
from tests.servers.prefork import PREFORK, Process
from tests.servers.smtp import SmtpSink

_HEAD = """
[store]
url = "{url}"
lease = "{lease}"
[intake]
workers = 1
connections_per_host = 30
[acknowledge]
per_domain = "100000/1h"
total = "100000/1h"
"""
_BOX = """
[[mailbox]]
name = "{name}"
address = "{name}@helpdesk.example"
group = "{name}"
[mailbox.imap]
host = "127.0.0.1"
port = {imap}
security = "none"
user = "{name}"
password = "pass"
poll = "2s"
[mailbox.smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
timeout = "5s"
"""


class Crew:
    """`with Crew(3) as crew`: servers run, the schema is made; `crew.start(0)` starts the first daemon.

    Args:
        size: how many daemons there can be; each has an LMTP port and a log of its own.
        boxes: how many mailboxes, box00, box01 …
        lease: [store] lease.
        stores: where the store is lent; None is a PostgreSQL of its own, which can die.
    """

    def __init__(
        self, size: int, boxes: int = 12, lease: str = "4s", folder: Path | None = None, stores: Stores | None = None
    ) -> None:
        self.names = [f"box{number:02}" for number in range(boxes)]
        self.put: dict[str, list[bytes]] = {name: [] for name in self.names}
        self.daemons: list[Process | None] = [None] * size
        self.lmtp = [free_port() for _ in range(size)]
        self._stack = contextlib.ExitStack()
        self._lease = lease
        self._folder = folder
        self._stores = stores

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def _open(self) -> None:
        enter = self._stack.enter_context
        self.dir = self._folder or Path(enter(tempfile.TemporaryDirectory(prefix="mc-crew-")))
        self.postgres = enter(LentPostgres(self._stores) if self._stores else OwnPostgres())
        self.dovecot = enter(Dovecot(users=dict.fromkeys(self.names, "pass"), extra=_MANY))
        self.sink = enter(SmtpSink())
        self._stack.callback(self._end)
        (self.dir / "token.key").write_text("k" * 40)
        (self.dir / "blacklist.txt").write_text("")
        head = _HEAD.format(url=self.postgres.url, lease=self._lease)
        places = {"imap": self.dovecot.port, "smtp": self.sink.port}
        self.config = self.dir / "mailcase.toml"
        self.config.write_text(head + "".join(_BOX.format(name=name, **places) for name in self.names))
        done = self.call("db", "upgrade")
        assert done.returncode == 0, done.stderr.decode()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    # the program

    def call(self, *args: str) -> "subprocess.CompletedProcess[bytes]":
        """One command to its end."""
        return PREFORK.run(["-m", "mailcase", "--config", str(self.config), *args])

    def start(self, at: int, fault: str = "") -> Process:
        """The daemon of that place, anew."""
        env = {**os.environ, "MAILCASE_LMTP__LISTEN": f"127.0.0.1:{self.lmtp[at]}"}
        if fault:
            env["MAILCASE_FAULT"] = fault
        command = [*self._command(), "--config", str(self.config), "run"]
        with self.log(at).open("ab") as log:
            self.daemons[at] = daemon = PREFORK.start(command, env=env, stdout=log, stderr=log)
        return daemon

    def _command(self) -> list[str]:
        """What of `python …` is the program; a test may shorten its pauses."""
        return ["-m", "mailcase"]

    def log(self, at: int) -> Path:
        """Where that daemon writes."""
        return self.dir / f"daemon{at}.log"

    def events(self, at: int, word: str) -> list[dict[str, Any]]:
        """The events of that word in its log."""
        return events(self.log(at), word)

    def kill(self, at: int) -> None:
        """SIGKILL."""
        daemon = self.daemons[at]
        if daemon is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(daemon.pid, signal.SIGCONT)
            daemon.kill()
            daemon.wait()
            self.daemons[at] = None

    def freeze(self, at: int) -> None:
        """SIGSTOP."""
        self._signal(at, signal.SIGSTOP)

    def thaw(self, at: int) -> None:
        """SIGCONT."""
        self._signal(at, signal.SIGCONT)

    def frozen(self, at: int) -> bool:
        """Whether it stands still."""
        daemon = self.daemons[at]
        return daemon is not None and Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def stop(self, at: int) -> int:
        """SIGTERM, and the exit status."""
        daemon, self.daemons[at] = self.daemons[at], None
        assert daemon is not None
        daemon.terminate()
        return daemon.wait(timeout=60)

    def _signal(self, at: int, number: signal.Signals) -> None:
        daemon = self.daemons[at]
        assert daemon is not None
        daemon.send_signal(number)

    def _end(self) -> None:
        for at in range(len(self.daemons)):
            self.kill(at)

    # what is so

    def shares(self) -> dict[int, int]:
        """How many mailboxes each daemon holds, by its place; a mailbox whose lock is free counts for -1."""
        pids = {daemon.pid: at for at, daemon in enumerate(self.daemons) if daemon is not None}
        found = self.postgres.rows(
            "SELECT t.owner, l.pid FROM tenure t LEFT JOIN pg_locks l ON l.locktype = 'advisory' AND l.objsubid = 1 "
            "AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended(t.name, 0) "
            "WHERE t.name LIKE 'mailbox:%'"
        )
        return dict(Counter(pids.get(int(str(owner).split(":")[1]), -1) if pid else -1 for owner, pid in found))

    def write(self, box: str, raw: bytes) -> None:
        """A mail lies in a mailbox."""
        self.put[box].append(raw)
        self.dovecot.put(box, raw)

    def decided(self) -> int:
        """Deliveries that have an outcome."""
        return int(str(self.postgres.rows("SELECT count(*) FROM delivery WHERE outcome IS NOT NULL")[0][0]))

    def outbox(self) -> Counter[str]:
        """How many rows are in each state."""
        return Counter(str(row[0]) for row in self.postgres.rows("SELECT state FROM outbox"))

    def uncertain_that_left(self) -> set[str]:
        """The Message-IDs of the rows that are uncertain and of which the relay has the mail all the same."""
        found = self.postgres.rows("SELECT message_id FROM outbox WHERE state = 'uncertain'")
        return {str(row[0]) for row in found} & {message_id(mail.data) for mail in self.sink.mails}

    def wait(self, holds: Callable[[], bool], what: str, seconds: float = 30) -> None:
        """Until it holds, or AssertionError with the ends of all logs."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}\n{self._told()}")
            time.sleep(0.1)  # each look asks the database

    def wait_for_shares(self, shares: dict[int, int], seconds: float = 30) -> None:
        """Until each daemon holds so many."""
        self.wait(lambda: self.shares() == shares, f"it never came to {shares}", seconds)

    def must_hold(self, handed_in: Sequence[bytes] = ()) -> None:
        """P1 to P3 over Dovecot, PostgreSQL and the sink, and the word of `mailcase audit`."""
        boxes = [Box(self.put[name], name, self.dovecot, name) for name in self.names]
        if handed_in:
            boxes[0] = Box([*self.put[self.names[0]], *handed_in], self.names[0])
        found = findings(Scene(self.postgres.url, boxes, (self.sink,), self.call))
        assert not found, "\n".join([*found[:40], self._told()])

    def _told(self) -> str:
        logs = (self.log(at) for at in range(len(self.daemons)))
        return "\n".join(f"--- {log.name}\n{log.read_text()[-2500:]}" for log in logs if log.exists())


_MANY = """
service imap {
  process_limit = 200
}
mail_max_userip_connections = 50
"""
