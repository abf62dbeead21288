"""A round trip for `mailcase mailbox test`: a signed probe out by SMTP, and back at the mailbox's source.

The probe carries our mark for no case, so whoever takes it knows it as own mail (B3): no case, no answer. It is
not removed: with after = "keep" nothing is changed on a server, else the daemon does with it what `after` says.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from mailcase import tokens
from mailcase.cli.arrivals import Finder, finder
from mailcase.cli.awaited import Awaited
from mailcase.clock import utcnow
from mailcase.config import Settings
from mailcase.errors import ConfigError, MailcaseError
from mailcase.outbox.compose import SUPPRESS
from mailcase.outbox.failures import Refused
from mailcase.outbox.mime import envelope
from mailcase.outbox.settings import SmtpSettings
from mailcase.outbox.smtp import SmtpSender
from mailcase.policy import MailboxPolicy, Policy
from mailcase.policy_build import build
from mailcase.ports import OutboxMail
from mailcase.store.store import Store

_BETWEEN: Final = 1.0  # seconds between two looks at the source
_LOOK: Final = "`mailcase check` says more about the servers"
_NOT_TAKEN: Final = "the server's answer says why it does not take mail for this address"
_LOST: Final = (
    "is it in the provider's Junk folder? then add that folder to `folders`; "
    "does mail to this address reach this account? the SMTP server's log says where it went"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the trip; `cure` is what to do where it failed."""

    name: str
    ok: bool
    seconds: float
    detail: str
    cure: str = ""


@dataclass(slots=True)
class Trip:
    """The whole trip."""

    mailbox: str
    message_id: str
    ends: float = float("inf")  # by the event loop's clock
    awaited: Awaited = field(default_factory=Awaited)
    steps: list[Step] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the probe came back."""
        return all(step.ok for step in self.steps)

    def entry(self) -> dict[str, Any]:
        """For --json."""
        keys = ("name", "ok", "seconds", "detail", "cure")
        steps = [{key: getattr(step, key) for key in keys} for step in self.steps]
        return {"mailbox": self.mailbox, "message_id": self.message_id, "ok": self.ok, "steps": steps}


class _FailedError(Exception):
    """A step failed; it is written down already."""


async def round_trip(settings: Settings, name: str, seconds: float, store: Store | None) -> Trip:
    """Send the probe and wait for it, so many seconds in all.

    Raises:
        ConfigError: something of the configuration is wrong, or the mailbox has no way out.
    """
    built = build(settings)
    smtp = built.smtp.get(name)
    if smtp is None:
        raise ConfigError(f"{settings.file}: mailbox {name} has no [mailbox.smtp]: nothing can be sent from it")
    mail = _probe(built.policy, built.policy.mailboxes[name])
    trip = Trip(name, mail.message_id, asyncio.get_running_loop().time() + seconds)
    try:
        async with asyncio.timeout(seconds), finder(built, name, store) as found:
            async with _step(trip, "source", f"the source of {name}", _LOOK) as told:
                told.append(await found.begin())
            await _send(trip, smtp, mail)
            async with _step(trip, "arrive", f"the probe to come back to {mail.to}", _LOST) as told:
                told.append(await _arrived(found, mail))
    except (_FailedError, TimeoutError):
        pass  # the step that failed is in the trip
    return trip


async def _send(trip: Trip, smtp: SmtpSettings, mail: OutboxMail) -> None:
    """As an acknowledgement leaves: with the null sender, else with the mailbox's address (behaviour.md 6)."""
    sender = SmtpSender(smtp)
    try:
        async with _step(trip, "connect", f"the SMTP server {smtp.relay}", _LOOK) as told:
            await sender.connect()
            told.append(f"{smtp.relay} {smtp.security}, {'login accepted' if smtp.user else 'no login'}")
        async with _step(trip, "send", f"the SMTP server {smtp.relay} to take the probe", _NOT_TAKEN) as told:
            try:
                await sender.send(envelope(mail, null_sender=True))
                told.append(f"to {mail.to} with the null sender")
            except Refused as error:
                await sender.send(envelope(mail, null_sender=False))
                told.append(f"to {mail.to} as {mail.from_address}; the null sender was refused: {error}")
    finally:
        await sender.quit()


async def _arrived(found: Finder, mail: OutboxMail) -> str:
    since = utcnow() - timedelta(days=1)
    while True:
        if place := await found.look(mail.message_id, since):
            return place
        await asyncio.sleep(_BETWEEN)


@asynccontextmanager
async def _step(trip: Trip, name: str, what: str, cure: str) -> AsyncIterator[list[str]]:
    """Time a step and write it down; what it says is put into the list. People are told that `what` is waited for."""
    started, told = time.monotonic(), list[str]()
    try:
        with trip.awaited.of(what, lambda: f"{max(0.0, trip.ends - asyncio.get_running_loop().time()):.0f} s at most"):
            yield told
    except MailcaseError as error:
        trip.steps.append(Step(name, ok=False, seconds=_passed(started), detail=str(error), cure=cure))
        raise _FailedError from None
    except asyncio.CancelledError:  # the time limit
        trip.steps.append(Step(name, ok=False, seconds=_passed(started), detail="not within the time limit", cure=cure))
        raise
    trip.steps.append(Step(name, ok=True, seconds=_passed(started), detail="; ".join(told)))


def _passed(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _probe(policy: Policy, box: MailboxPolicy) -> OutboxMail:
    """A new probe each time, from the mailbox to itself."""
    now, word = utcnow(), secrets.token_hex(8)
    signed = tokens.mark(policy.keys, box.group, tokens.NO_CASE, tokens.reference("probe", word), automatic=True)
    headers = (
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", SUPPRESS),
        (tokens.LOOP_HEADER, signed),
    )
    return OutboxMail(
        id=0,
        kind="probe",
        mailbox=box.name,
        group=box.group,
        case="",
        to=box.address,
        to_name="",
        cc=(),
        subject=f"mailcase: test of the mailbox {box.name}",
        text=f"A probe of `mailcase mailbox test {box.name}`. It may be deleted.\n",
        html="",
        headers=headers,
        from_name=box.from_name,
        from_address=box.address,
        message_id=tokens.message_id(signed, box.message_id_domain),
        automatic=True,
        attempts=0,
        created_at=now,
        expires_at=now,
    )
