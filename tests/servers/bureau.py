"""A daemon's health without the daemon: keeper, alarms, digest and the real drain, by the test's clock."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from mailcase import config
from mailcase.configuration.named import named
from mailcase.health.alarms import Alarms, Post
from mailcase.health.daily import Daily
from mailcase.health.keeper import Keeper
from mailcase.health.situation import Facts
from mailcase.intake.state import MailboxState
from mailcase.outbox.drain import Drain
from mailcase.policy_build import Built, build
from mailcase.store.store import Store
from tests.servers import new_store
from tests.servers.smtp import SmtpSink

NOW = datetime.fromisoformat("2026-11-03T09:15:00+00:00")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WELL = MailboxState(last_look=NOW, connected=True)
REFUSED = MailboxState(trouble="login_refused", error="535 no, jane@private.example", failing_since=NOW)
BOX = """
[[mailbox]]
name = "{name}"
group = "{name}"
address = "{name}@helpdesk.example"
[mailbox.smtp]
host = "127.0.0.1"
port = {port}
security = "{security}"
{login}
"""


@dataclass
class Bureau:
    """A daemon's health without the daemon: its clock and its facts are the test's."""

    folder: Path
    sink: SmtpSink
    store: Store
    settings: config.Settings
    built: Built
    now: datetime = NOW
    facts: Facts = field(default_factory=Facts)
    queued: int = 0
    owner: str = "me"

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """As a new process on the same store."""
        self.keeper = Keeper(
            self.store, self.call, lambda: self.facts, self.owner, lambda: self.now, named=lambda: named(self.settings)
        )
        post = Post(lambda: self.settings, lambda: self.built.policy, lambda: self.built.smtp)
        self.alarms = Alarms(self.store, self.call, self.keeper.pulse, post, self.woken, self.owner)
        self.daily = Daily(self.store, self.call, self.keeper.pulse, post, lambda: self.now, self.woken)

    async def call(self, work: Any, *args: Any) -> Any:
        return work(*args)

    def woken(self) -> None:
        self.queued += 1

    def mailboxes(self, **states: MailboxState) -> None:
        self.facts = replace(self.facts, mailboxes=states, sources=dict.fromkeys(states, "imap:h:u"))

    async def look(self, after: timedelta = timedelta(0)) -> list[str]:
        """Let time pass, look, send; the subjects that arrived by that."""
        self.now += after
        before = len(self.sink.mails)
        await self.keeper.look()
        await self.alarms.look()
        await self.daily.look()
        await self.drain().once()
        return [str(self.mail(at)["Subject"]) for at in range(before, len(self.sink.mails))]

    def drain(self) -> Drain:
        return Drain(
            self.store,
            self.call,
            smtp=lambda: self.built.smtp,
            policy=lambda: self.built.policy,
            now=lambda: self.now,
            report=lambda *_: None,
            owner=self.owner,
        )

    def mail(self, at: int) -> Any:
        return message_from_bytes(self.sink.mails[at].data, policy=default)


def bureau_of(folder: Path, sink: SmtpSink, *boxes: str, alarm: str = "") -> Bureau:
    new_store.place(folder)
    file = folder / "mailcase.toml"
    (folder / "token.key").write_text("k" * 64)
    (folder / "blacklist.txt").write_text("")
    file.write_text(f'[alarm]\nto = ["admin@people.example"]\n{alarm}\n{"".join(boxes)}')
    settings = config.load(file, {})
    return Bureau(folder, sink, Store.open("sqlite:///mailcase.db", folder), settings, build(settings))


def box(sink: SmtpSink, name: str = "support", login: str = "", security: str = "none") -> str:
    return BOX.format(name=name, port=sink.port, security=security, login=login)


@pytest.fixture
def bureau(tmp_path: Path, smtp_sink: SmtpSink) -> Iterator[Bureau]:
    made = bureau_of(tmp_path, smtp_sink, box(smtp_sink), box(smtp_sink, "sales"))
    yield made
    made.store.close()
