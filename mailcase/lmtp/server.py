"""The LMTP server of the daemon: whom it takes mail for, what it journals, and how it ends (RFC 2033)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from aiosmtpd.smtp import Session

from mailcase import faults
from mailcase.clock import utcnow
from mailcase.errors import MailcaseError, Unavailable
from mailcase.health.stages import count
from mailcase.house import House
from mailcase.lmtp import replies
from mailcase.lmtp.budget import Budget, Load
from mailcase.lmtp.copies import SOURCE, Copies
from mailcase.lmtp.envelope import Handed, Recipient, mailbox_of, traces
from mailcase.lmtp.place import Place
from mailcase.lmtp.session import LmtpSession
from mailcase.log import Event, emit
from mailcase.ports import Journalled

MOST_SESSIONS: Final = 100
FINISH_WITHIN: Final = 10.0  # seconds that a mail under way has after a stop
_PATIENCE: Final = 60.0  # seconds that a client waits for room in memory; it gives up after two minutes or more
_SETTLE_WITHIN: Final = 2.0  # seconds that mail already journalled has after a stop; else the next start decides it
_FIRST: Final = 256 * 1024  # bytes of room for a mail whose size was not announced


def _room_enough() -> None:
    pass


class LmtpServer:
    """`await server.start()` listens; `await server.run(stop)` ends it in order.

    Args:
        place: where it listens.
        house: asked for the rules at each mail, so that a reload is in force at once.
        paused: the names of mailboxes that a person paused: their mail stays with its server.
        room: raises Unavailable where the disk is too full to take mail.
    """

    def __init__(
        self,
        place: Place,
        house: House,
        *,
        paused: Callable[[], Collection[str]] = frozenset,
        room: Callable[[], None] = _room_enough,
    ) -> None:
        self.place = place
        self.closing = False
        self.last_mail: dict[str, datetime] = {}  # by mailbox
        self._house = house
        self._paused = paused
        self._room = room
        self._budget = Budget(lambda: house.settings.intake.memory)
        self._work: set[asyncio.Task[Any]] = set()  # journalling
        self._settling: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None
        self._sessions: set[LmtpSession] = set()
        self._nobody = asyncio.Event()  # there is no connection
        self._nobody.set()

    async def start(self) -> None:
        """Listen; raises ConfigError or Unavailable as `Place.bind`."""
        loop, host, made = asyncio.get_running_loop(), socket.gethostname(), self.place.bind()
        serve = loop.create_unix_server if self.place.path else loop.create_server
        try:
            self._server = await serve(lambda: LmtpSession(self, host), sock=made)
        except OSError as error:
            made.close()
            raise Unavailable(f"[lmtp] listen: {self.place}: {error.strerror}") from None
        emit(Event.LMTP_LISTENING, place=str(self.place))

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until the stop event, then end in order."""
        await stop.wait()
        await self.stop()

    async def stop(self) -> None:
        """Take no more connections, finish the mails under way, tell the others 421."""
        self.closing = True
        if self._server is not None:
            self._server.close()
            self.place.leave()
        for session in tuple(self._sessions):
            session.dismiss()
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_WITHIN):
                await self._nobody.wait()
        for session in tuple(self._sessions):
            session.abort()
        while self._work:
            await asyncio.wait(tuple(self._work))
        if self._settling:
            _, late = await asyncio.wait(tuple(self._settling), timeout=_SETTLE_WITHIN)
            for task in late:
                task.cancel()

    def joined(self, session: LmtpSession) -> None:
        """A connection begins."""
        self._sessions.add(session)
        self._nobody.clear()

    def left(self, session: LmtpSession) -> None:
        """A connection has ended; what it handed in is journalled all the same."""
        self._sessions.discard(session)
        if not self._sessions:
            self._nobody.set()

    # --- aiosmtpd's hooks: what each command is answered ---

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: LmtpSession, session: Session, _envelope: Handed, host: str, _offered: list[str]
    ) -> list[str]:
        """LHLO: what RFC 2033 5 wants offered, and SIZE."""
        session.host_name = host
        more = ("PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8")
        return [f"250-{server.hostname}", *(f"250-{one}" for one in more), f"250 SIZE {self.limit()}"]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: LmtpSession, _session: Session, envelope: Handed, address: str, options: list[str]
    ) -> str:
        """MAIL: a mail that is announced too large is refused before it comes."""
        sizes = [one.partition("=")[2] for one in options if one.startswith("SIZE=")]
        envelope.size = int(sizes[0]) if sizes else 0
        if envelope.size > self.limit():
            self._note(replies.TOO_LARGE, size=envelope.size)
            return replies.TOO_LARGE
        envelope.mail_from = address
        return replies.SENDER

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: LmtpSession, _session: Session, envelope: Handed, address: str, _options: list[str]
    ) -> str:
        """RCPT: a mailbox of ours, unless it is paused or the disk is full."""
        name = mailbox_of(address, self._house.policy.mailboxes.values())
        if name is None:
            self._note(replies.NOBODY, address=address)
            return replies.NOBODY
        if name in self._paused():
            self._note(replies.PAUSED, mailbox=name)
            return replies.PAUSED
        if full := self._full():
            self._note(replies.NO_ROOM, mailbox=name, error=full)
            return replies.NO_ROOM
        envelope.recipients.append(Recipient(address, name))
        envelope.rcpt_tos.append(address)
        return replies.RECIPIENT

    async def handle_exception(self, error: Exception) -> str:
        """A fault of ours never makes the client give up its mail."""
        emit(Event.TASK_DIED, task="lmtp connection", error=repr(error))
        return replies.NO_STORE

    # --- one mail ---

    def crowded(self) -> bool:
        """Whether there are more connections than we serve."""
        return len(self._sessions) > MOST_SESSIONS

    def limit(self) -> int:
        """Bytes of the largest mail, as configured now."""
        return self._house.settings.intake.max_size

    async def room_for(self, envelope: Handed) -> Load | None:
        """Room for the announced size; where none was announced it grows with the content."""
        return await self._budget.load(envelope.size or _FIRST, _PATIENCE)

    def refuse(self, envelope: Handed, reply: str) -> list[str]:
        """Note it, and answer for each recipient."""
        self._note(reply, mailboxes=sorted({one.mailbox for one in envelope.recipients}))
        return [reply] * len(envelope.recipients)

    async def take(self, envelope: Handed, content: bytes, load: Load) -> AsyncIterator[str]:
        """250 for each recipient once the delivery of its mailbox is durable, else 451 or 452 (B1).

        A client that goes away meanwhile stops nothing: it got no 250 and sends the mail again, which is then a
        duplicate of this one (B2).
        """
        faults.hit("after_fetch")
        copies = Copies(traces(envelope.mail_from or "", envelope.recipients), content, load)
        del content  # a large mail is not held twice while it is journalled (R10)
        loop = asyncio.get_running_loop()
        answers = {name: loop.create_future() for name in copies.mailboxes}
        self._start(self._journal(copies, answers), self._work)
        for one in envelope.recipients:
            yield await asyncio.shield(answers[one.mailbox])

    async def _journal(self, copies: Copies, answers: "Mapping[str, asyncio.Future[str]]") -> None:
        """One mailbox after another, so that one copy is in memory; after the first that fails none is tried."""
        kept: list[Journalled] = []
        reply = replies.TAKEN
        for name, answer in answers.items():
            if reply == replies.TAKEN:
                reply = await self._journal_one(copies, name, kept)
            answer.set_result(reply)
        if put_off := list(answers)[len(kept) :]:
            self._note(reply, mailboxes=sorted(put_off))
        self._start(self._hand_on(kept, copies), self._settling)

    async def _journal_one(self, copies: Copies, name: str, kept: list[Journalled]) -> str:
        now = utcnow()
        try:
            self._room()
            rows = await self._house.call(self._house.store.journal, [copies.arrival(name, now)], None)
        except Exception as error:  # whatever the store's trouble is, the mail stays with its server
            emit(Event.STORE_BUSY, error=str(error) if isinstance(error, MailcaseError) else repr(error))
            return replies.NO_ROOM if self._full() else replies.NO_STORE
        faults.hit("after_journal")
        kept += rows
        self._house.pipeline.in_flight |= {one.delivery.id for one in rows}  # nobody else is to take them up
        self.last_mail[name] = now
        count("lmtp", replies.TAKEN[:3])
        emit(Event.JOURNALLED, mailbox=name, source=SOURCE, mails=1, new=1)
        return replies.TAKEN

    async def _hand_on(self, kept: Sequence[Journalled], copies: Copies) -> None:
        """To the pipeline, behind the client's back; what fails there lies in the journal and is taken up again."""
        pipeline = self._house.pipeline
        try:
            for one in kept:  # without patience: the room is given back when the copy is no longer held
                await pipeline.submit([one], [copies.raw(one.delivery.mailbox)], patience=None)
        except Exception as error:
            emit(Event.TASK_DIED, task="lmtp settling", error=repr(error))
        finally:
            pipeline.in_flight -= {one.delivery.id for one in kept}
            copies.release()

    def _full(self) -> str:
        """What the disk lacks; "" where there is room."""
        try:
            self._room()
        except Unavailable as error:
            return str(error)
        return ""

    def _start(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[Any]]) -> None:
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)

    def _note(self, reply: str, **fields: object) -> None:
        """4xx: the client keeps the mail; 5xx: it tells the sender."""
        count("lmtp", reply[:3])
        emit(Event.LMTP_DEFERRED if reply.startswith("4") else Event.LMTP_REFUSED, reply=reply, **fields)
