"""Two support desks of different people: each the real daemon with its own store, its relay delivering to the other."""

import smtplib
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.servers import new_store
from tests.servers.lmtp_client import takes_mail
from tests.servers.ports import free_port, wait_until
from tests.servers.prefork import PREFORK, Process
from tests.servers.scene import header_of
from tests.servers.smtp import Received, SmtpSink
from tests.servers.storms import Peer

_CONFIG: Final = """
[intake]
workers = 1
[lmtp]
listen = "127.0.0.1:{lmtp}"
{extra}
[[mailbox]]
name = "support"
address = "{address}"
[mailbox.smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
timeout = "5s"
"""
_PATIENCE_S: Final = 60.0
#: What still moves: not decided, or to be sent and held by no limit.
_UNDER_WAY: Final = (
    "SELECT (SELECT count(*) FROM delivery WHERE outcome IS NULL) + "
    "(SELECT count(*) FROM outbox WHERE state = 'sending' OR state = 'pending' AND reason = '')"
)

#: A mail of one desk as the other's server delivers it: the mail, and the address of who sent it.
Carry = Callable[[Received, str], bytes]


@dataclass
class Neighbour:
    """One of them; mail comes by LMTP, as from an MTA of its own."""

    folder: Path
    address: str
    sink: SmtpSink
    extra: str = ""
    lmtp: int = field(default_factory=free_port)
    read: int = 0  # of its mails: how many its relay has delivered
    daemon: Process | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "token.key").write_text(self.address * 4)
        (self.folder / "blacklist.txt").write_text("")
        new_store.place(self.folder)
        values = {"lmtp": self.lmtp, "extra": self.extra, "address": self.address, "smtp": self.sink.port}
        (self.folder / "mailcase.toml").write_text(_CONFIG.format(**values))

    def run(self) -> None:
        """`mailcase run`."""
        with (self.folder / "daemon.log").open("ab") as log:
            command = ["-m", "mailcase", "--config", str(self.folder / "mailcase.toml"), "run"]
            self.daemon = PREFORK.start(command, stdout=log, stderr=log)

    def takes_mail(self) -> bool:
        """Whether it does by now."""
        return takes_mail(self.lmtp, self.address)

    def close(self) -> None:
        """SIGKILL."""
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()

    def hand_in(self, sender: str, raws: Iterable[bytes]) -> None:
        """Mails for it, each taken for certain."""
        with smtplib.LMTP("127.0.0.1", self.lmtp, timeout=20) as client:
            for raw in raws:
                assert not client.sendmail(sender, [self.address], raw)

    def new(self) -> list[Received]:
        """What its relay has not delivered yet."""
        found = self.sink.mails[self.read :]
        self.read += len(found)
        return found

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Of its store."""
        store = sqlite3.connect(f"file:{self.folder / new_store.NAME}?mode=ro", uri=True)
        try:
            return store.execute(statement).fetchall()
        finally:
            store.close()

    def cases(self) -> int:
        """How many it has."""
        return int(self.ask('SELECT count(*) FROM "case"')[0][0])

    def at_rest(self) -> bool:
        """Whether nothing of it is under way any more."""
        under_way = self.ask(_UNDER_WAY)[0][0]  # first: what was sent until now is at the relay then
        return not under_way and self.read == len(self.sink.mails)


@dataclass
class Street:
    """Both of them, and other people's desks, by address, who answer whatever comes."""

    one: Neighbour
    other: Neighbour
    peers: dict[str, Peer] = field(default_factory=dict)

    def quiet(self, carry: Carry, most: int) -> None:
        """Deliver what leaves until nobody writes any more; AssertionError as soon as more than `most` left in all."""
        wait_until(lambda: self._delivered(carry, most), _PATIENCE_S, f"they still write\n{self._logs()}")

    def _delivered(self, carry: Carry, most: int) -> bool:
        for here, there in ((self.one, self.other), (self.other, self.one)):
            for mail in here.new():
                self._deliver(mail, here, there, carry)
        written = self.written()
        assert sum(written) <= most, f"{written} mails left"
        return self.one.at_rest() and self.other.at_rest()

    def _deliver(self, mail: Received, here: Neighbour, there: Neighbour, carry: Carry) -> None:
        (to,) = mail.recipients
        if to == there.address:
            raw = carry(mail, here.address)
            there.hand_in(str(header_of(raw)["Return-Path"]).strip("<>"), [raw])
        elif to in self.peers:
            here.hand_in(to, [self.peers[to].answer(mail)])

    def written(self) -> tuple[int, int]:
        """How many mails each relay was given."""
        return len(self.one.sink.mails), len(self.other.sink.mails)

    def _logs(self) -> str:
        return "\n".join((one.folder / "daemon.log").read_text()[-2000:] for one in (self.one, self.other))
