"""A drain on an outbox in memory, with its clock and what it reported, for tests against `SmtpSink`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import aiosmtplib
import pytest

from mailcase.log import Event
from mailcase.outbox.drain import Drain
from mailcase.outbox.settings import SmtpSettings
from mailcase.policy import Policy
from mailcase.ports import OutboxMail
from mailcase.sharing import EVERYTHING, Portion
from tests.builders import NOW, make_policy
from tests.servers.memory_outbox import MemoryOutbox, Row
from tests.servers.smtp import SmtpSink

PATIENCE = (
    60.0  # seconds for each answer: a machine that stands still for a while must not look like a relay that hangs
)


@dataclass
class Desk:
    """A drain with its outbox, its clock and what it reported."""

    smtp: dict[str, SmtpSettings]
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)
    now: datetime = NOW
    events: list[tuple[Event, Mapping[str, object]]] = field(default_factory=list)
    policy: Policy = field(default_factory=make_policy)
    lease: timedelta = timedelta(seconds=20)
    place: int = 0  # among the daemons that share the store

    def drain(self, owner: str = "me", portion: Callable[[], Portion] = lambda: EVERYTHING) -> Drain:
        """A fresh daemon's drain on the same outbox."""
        return Drain(
            self.outbox,
            self.outbox.call,
            smtp=lambda: self.smtp,
            policy=lambda: self.policy,
            now=lambda: self.now,
            report=lambda event, fields: self.events.append((event, fields)),
            owner=owner,
            chance=lambda: 0.0,
            portion=portion,
            lease=self.lease,
            place=lambda: self.place,
        )

    async def once(self, **later: float) -> None:
        """Let time pass, then send everything due."""
        self.now += timedelta(**later)
        await self.drain().once()

    def add(self, to: str, **over: object) -> Row:
        """Queue an acknowledgement."""
        number = len(self.outbox.rows) + 1
        return self.outbox.add(make_mail(number, to, **over))

    def words(self) -> list[str]:
        """The words of the events reported."""
        return [event.word for event, _ in self.events]


def hang_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the sink never answers, RCPT for `hang`, is not waited for as long as the answers that come."""
    rcpt = aiosmtplib.SMTP.rcpt

    async def brief(client: aiosmtplib.SMTP, recipient: str, **options: Any) -> aiosmtplib.SMTPResponse:
        if recipient.startswith("hang@"):
            options["timeout"] = 0.05
        return await rcpt(client, recipient, **options)

    monkeypatch.setattr(aiosmtplib.SMTP, "rcpt", brief)


def make_mail(number: int, to: str, **over: object) -> OutboxMail:
    mail = OutboxMail(
        id=number,
        kind="registration",
        mailbox="support",
        group="default",
        case=f"SR-{number}",
        to=to,
        to_name="",
        cc=(),
        subject=f"Re: Printer [SR-{number}]",
        text=f"Thank you, this is {number}.\n.\n..two\n",
        html=f"<p>Thank you, this is {number}.</p>",
        headers=(("In-Reply-To", "<a1@visitor.example>"), ("Auto-Submitted", "auto-replied")),
        from_name="Help desk",
        from_address="support@helpdesk.example",
        message_id=f"<c{number}.m1@mid.helpdesk.example>",
        automatic=True,
        attempts=0,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=24),
    )
    return replace(mail, **over)  # type: ignore[arg-type]  # fields of OutboxMail by name


def settings(sink: SmtpSink, **over: object) -> SmtpSettings:
    plain = SmtpSettings(host="127.0.0.1", port=sink.port, security="none", timeout=PATIENCE)
    return replace(plain, **over)  # type: ignore[arg-type]  # fields of SmtpSettings by name
