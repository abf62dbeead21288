"""Handing one row to a relay: built, checked, claimed, sent; the null sender and its one exception."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from mailcase.clock import since_boot
from mailcase.errors import ConfigError, Permanent, TokenRefused, Transient
from mailcase.faults import hit
from mailcase.intake.extract import taken_out
from mailcase.intake.references import message_ids
from mailcase.log import Event
from mailcase.outbox.drain.desk import Desk
from mailcase.outbox.failures import (
    CopyFailed,
    LostFile,
    MemberFailed,
    Refused,
    RelayShut,
    Taken,
    TakenOver,
    Uncertain,
    UsedUp,
)
from mailcase.outbox.guard import check
from mailcase.outbox.mime import Envelope, envelope
from mailcase.outbox.relay_ids import ids_told
from mailcase.outbox.smtp import SmtpSender
from mailcase.ports import OutboxMail

_NAMING: Final = ("In-Reply-To", "References")
#: Of a lease, for which a claim needs no second look: nobody settles its row within a lease of it, and the other half
#: is for what the look and the beginning of the mail take.
_SURELY: Final = 0.5


def null_sender_flag(mailbox: str) -> str:
    """The flag that remembers which relay of a mailbox refuses the null sender."""
    return f"null_sender_refused:{mailbox}"


@dataclass(frozen=True, slots=True)
class Handing:
    """Hands the rows of one mailbox to its relay and writes down what became of each."""

    desk: Desk
    mailbox: str

    async def ready(self, mail: OutboxMail, relay: str) -> Envelope | None:
        """The row as it will leave, checked; None if it cannot leave (that is written down)."""
        try:
            null_sender = mail.automatic and await self.desk.flag(null_sender_flag(self.mailbox)) != relay
            files = await self._files(mail)
            return _checked(mail, files, null_sender=null_sender)
        except Transient:  # the store's
            raise
        except LostFile as error:
            if await self.desk.claim(mail):
                await self.desk.failed(mail, "file_unreadable", str(error))
        except Permanent as error:
            if await self.desk.claim(mail):
                await self.desk.failed(mail, "unsendable", str(error))
        except Exception as error:  # a fault of ours: it is tried until the mail expires
            if await self.desk.claim(mail):
                await self.desk.failed_for_now(mail, "internal_error", repr(error))
        return None

    async def _files(self, mail: OutboxMail) -> tuple[bytes, ...]:
        """The bytes of its files, whole; raises LostFile where one cannot be read, and then nothing is sent."""
        read = []
        for file in mail.files:
            try:
                raw = await self.desk.call(self.desk.store.raw, file.sha256)
                read.append(await asyncio.to_thread(taken_out, raw, file.part) if file.part else raw)
            except Permanent as error:
                raise LostFile(f"the file {file.name} cannot be read: {error}") from error
        return tuple(read)

    async def hand(self, sender: SmtpSender, mail: OutboxMail, ready: Envelope) -> None:
        """Claim the row and send it over the open connection.

        Raises:
            ConfigError, TokenRefused: the relay wants another login; the mail was not taken.
            RelayShut: it takes no mail now.
        """
        may_leave = partial(self._must_be_claimed, mail, since_boot(), self.desk.place())
        if not await self.desk.claim(mail):
            return
        hit("outbox_claimed")
        try:
            taken = await self._send(sender, mail, ready, may_leave)
        except (ConfigError, TokenRefused, RelayShut):
            raise
        except TakenOver:
            self.desk.taken_over(mail)
        except Refused as error:
            await self._refused(mail, error)
        except Permanent as error:
            await self.desk.failed(mail, "unsendable", str(error))
        except Uncertain as error:
            await self.desk.uncertain(mail, str(error))
        except Transient as error:
            await self.desk.failed_for_now(mail, "relay_busy", str(error))
        except Exception as error:  # a fault of ours, and nobody knows how far it got
            await self.desk.uncertain(mail, repr(error))
        else:
            hit("after_data")
            await self.desk.taken(mail, taken, _other_ids(sender, mail, ready, taken))

    async def _refused(self, mail: OutboxMail, error: Refused) -> None:
        """For good, unless the relay said it of the account."""
        if error.of_account:
            await self.desk.failed_for_now(mail, "relay_busy", str(error))
        else:
            await self.desk.failed(mail, "refused", str(error))

    async def _must_be_claimed(self, mail: OutboxMail, since: float, place: int) -> None:
        """Where others may have taken us for dead (frozen, cut off; F17) the claim is looked at again.

        Raises:
            TakenOver: the row is another daemon's, or has been settled.
            Transient: the store cannot say it now.
        """
        sure = since_boot() - since < self.desk.lease.total_seconds() * _SURELY and self.desk.place() == place
        if not sure and not await self.desk.is_claimed(mail):
            raise TakenOver(f"mail {mail.id} was taken over while this daemon stood still")

    async def _send(
        self, sender: SmtpSender, mail: OutboxMail, ready: Envelope, may_leave: Callable[[], Awaitable[None]]
    ) -> Taken:
        """With the null sender; a relay that says 5yz is asked once more with the mailbox's address."""
        try:
            return await _sent(sender, ready, may_leave)
        except Refused:
            if ready.sender:
                raise
        await sender.connect()
        taken = await _sent(sender, _checked(mail, await self._files(mail), null_sender=False), may_leave)
        relay = sender.settings.relay
        self.desk.report(Event.NULL_SENDER_REFUSED, {"mailbox": self.mailbox, "relay": relay})
        await self.desk.set_flag(null_sender_flag(self.mailbox), relay)
        return taken


async def _sent(sender: SmtpSender, ready: Envelope, may_leave: Callable[[], Awaitable[None]]) -> Taken:
    """Sent; where a copy ended the dialogue, once more to the customer alone; where a member did, to the others."""
    try:
        return await sender.send(ready, may_leave)
    except UsedUp:  # some relays take ten mails a connection, or one
        await sender.connect()
        return await _sent(sender, ready, may_leave)
    except MemberFailed as error:
        return await _without(error, sender, ready, may_leave)
    except CopyFailed as error:
        lost = str(error)
    await sender.connect()
    taken = await sender.send(ready.without_copies(), may_leave)
    return replace(taken, lost=(f"{lost}; sent without copies",))


async def _without(
    ended: MemberFailed, sender: SmtpSender, ready: Envelope, may_leave: Callable[[], Awaitable[None]]
) -> Taken:
    """To the other members of a group, and later to him at whom the dialogue ended."""
    others = ready.without(ended.address)
    if not others.recipients:
        raise ended
    await sender.connect()
    try:
        taken = await _sent(sender, others, may_leave)
    except Refused as error:
        if not ready.sender:  # perhaps it is the null sender that is refused
            raise
        raise Transient(str(error)) from error  # the others are not wanted; he may be
    why = f"not yet to {ended.address}: {ended}"
    later = (ended.address, *taken.later)
    return replace(taken, later=later, why="; ".join(filter(None, (why, taken.why))))


def _other_ids(sender: SmtpSender, mail: OutboxMail, ready: Envelope, taken: Taken) -> tuple[str, ...]:
    """The ids that the relay gave it, where it tells them."""
    named = (one for name, value in mail.headers if name in _NAMING for one in message_ids(value))
    ours = (mail.message_id, *named, ready.sender, *ready.recipients, mail.from_address, mail.to, *mail.cc)
    return ids_told(sender.settings.host, taken.said, ours) if taken.said else ()


def _checked(mail: OutboxMail, files: tuple[bytes, ...], *, null_sender: bool) -> Envelope:
    ready = envelope(mail, files, null_sender=null_sender)
    check(mail, ready)
    return ready
