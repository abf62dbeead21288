"""A whole desk in this process, by the test's clock: what arrives is read, decided and answered for real.

Store, core, templates and drain are the product's; a process adds nothing to what storms and loops show.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mailcase import config
from mailcase.intake.parse import read
from mailcase.outbox.drain import Drain
from mailcase.policy_build import build
from mailcase.ports import Arrival, Reading, Settled
from mailcase.rules import Rules
from mailcase.store.store import Store
from tests.servers import new_store
from tests.servers.smtp import Received, SmtpSink

NOW = datetime.fromisoformat("2026-11-03T09:15:00+00:00")
_AT_ONCE = 50  # mails a commit, as in the daemon
_CONFIG = """
{extra}
[[mailbox]]
name = "support"
address = "{address}"
{mailbox}
[mailbox.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
"""


@dataclass
class Branch:
    """One desk: `receive` and `look` are what its daemon does, `now` is its clock."""

    folder: Path
    sink: SmtpSink
    address: str = "support@helpdesk.example"
    extra: str = ""
    mailbox: str = ""
    now: datetime = NOW
    uid: int = 0
    events: list[str] = field(default_factory=list)  # words

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "token.key").write_text(self.address * 4)
        (self.folder / "blacklist.txt").write_text("")
        new_store.place(self.folder)
        file = self.folder / "mailcase.toml"
        values = {"address": self.address, "extra": self.extra, "mailbox": self.mailbox, "port": self.sink.port}
        file.write_text(_CONFIG.format(**values))
        settings = config.load(file, {})
        self.rules = Rules.of(settings, build(settings))
        self.store = Store.open("sqlite:///mailcase.db", self.folder)

    def close(self) -> None:
        self.store.close()

    async def _call(self, work: Any, *args: Any) -> Any:
        return work(*args)

    def receive(self, raws: Sequence[bytes]) -> list[Settled]:
        """Mails arrive now; what became of them, in order."""
        settled: list[Settled] = []
        for start in range(0, len(raws), _AT_ONCE):
            part = raws[start : start + _AT_ONCE]
            arrivals = [self._arrival(raw) for raw in part]
            rows = self.store.journal(arrivals, None)
            readings = [Reading(row.delivery, read(raw)) for row, raw in zip(rows, part, strict=True)]
            settled += self.store.settle(readings, self.rules.bench, self.now)
        return settled

    def _arrival(self, raw: bytes) -> Arrival:
        self.uid += 1
        return Arrival("support", "imap:host:user", "INBOX", f"1:{self.uid}", 1, self.uid, self.now, raw)

    async def look(self, after: timedelta = timedelta(0)) -> list[Received]:
        """Let time pass and send what is due; the mails that left."""
        self.now += after
        before = len(self.sink.mails)
        await self.drain().once()
        return self.sink.mails[before:]

    def drain(self) -> Drain:
        """As of a process that has just begun."""
        return Drain(
            self.store,
            self._call,
            smtp=lambda: self.rules.built.smtp,
            policy=lambda: self.rules.built.policy,
            now=lambda: self.now,
            report=lambda event, _: self.events.append(event.word),
            owner="me",
        )

    def reasons(self) -> Counter[str]:
        """Of the outbox: how many rows are in each state for each reason, as "state reason"."""
        return Counter(f"{row['state']} {row['reason']}".strip() for row in self.store.outbox_list())

    def case_list(self) -> list[dict[str, Any]]:
        """`case list`."""
        return self.store.case_list(self.rules.built.policy.statuses)

    def cases(self) -> int:
        """How many there are."""
        return len(self.case_list())
