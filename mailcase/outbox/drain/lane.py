"""One mailbox's way out: its own queue, connections and back-off, so that it never holds up the others (P4)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mailcase.errors import ConfigError, MailcaseError, TokenRefused, Transient
from mailcase.health.stages import timed
from mailcase.log import Event
from mailcase.outbox.backoff import delay
from mailcase.outbox.drain.desk import Desk
from mailcase.outbox.drain.handing import Handing
from mailcase.outbox.drain.held import Held
from mailcase.outbox.failures import RelayShut
from mailcase.outbox.settings import SmtpSettings
from mailcase.outbox.smtp import SmtpSender
from mailcase.ports import OutboxMail

ENOUGH: Final = 50  # rows that a lane holds: more of its mailbox is not looked for
_FEW: Final = 10  # rows that are left when it asks for more
_LINGER: Final = 5.0  # seconds that a connection waits for the next mail
_STORE_PAUSE: Final = 1.0  # seconds
_BEHIND: Final = timedelta(seconds=1)  # later than the others that wait for the relay
_STOPPED: Final = timedelta(hours=1)  # a refused login is not repeated sooner: accounts get locked
_TOKEN_LOOK: Final = timedelta(minutes=1)  # a look asks nobody: the token's source knows when it may ask again


#: Asked right before a mail is handed over: whether the limits still let it go; if not, that is written down.
Within = Callable[[OutboxMail], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Rest:
    """The relay is given a rest, and why."""

    until: datetime
    reason: str
    error: str


class Lane:
    """Sends the rows put into it, over at most `settings.pool` connections."""

    def __init__(
        self, mailbox: str, settings: SmtpSettings, desk: Desk, freed: Callable[[], None], within: Within
    ) -> None:
        self.settings = settings
        self._within = within
        self._freed = freed  # told when mail that waited for the relay is due again, and when few rows are left
        self._mailbox = mailbox
        self._desk = desk
        self._handing = Handing(desk, mailbox)
        self._queue: asyncio.Queue[OutboxMail | None] = asyncio.Queue()
        self._workers: set[asyncio.Task[None]] = set()
        self._looking = 0  # workers that will look into the queue again
        self._idle = 0  # of them, those that wait for it: a dialogue that hangs holds up no other mail
        self._failures = 0
        # Times that the relay let us in and took no mail, and its rests since; with the null sender and without, for it
        # may be shut at one of the two only.
        self._turned_away = {True: 0, False: 0}
        self._turned: dict[bool, Rest] = {}
        self._ended = False  # no token is to be had, and that was told
        self._rest: Rest | None = None
        self.broken: Exception | None = None  # the store failed for good under this lane
        self.taken: dict[int, OutboxMail] = {}  # rows that are in here, by id

    @property
    def rest(self) -> Rest | None:
        """While the relay is down: rows wait in the store instead."""
        return self._rest if self._rest is not None and self._desk.now() < self._rest.until else None

    def rest_of(self, mail: OutboxMail) -> Rest | None:
        """While the relay is down, or takes no mail of this one's kind of sender."""
        turned = self._turned.get(mail.automatic)
        return self.rest or (turned if turned is not None and self._desk.now() < turned.until else None)

    def put(self, mail: OutboxMail) -> None:
        """Take a row."""
        self.taken[mail.id] = mail
        self._queue.put_nowait(mail)
        if self._looking < self.settings.pool and self._idle < self._queue.qsize():
            self._looking += 1
            self._workers = {task for task in self._workers if not task.done()}
            self._workers.add(asyncio.create_task(self._work(), name=f"smtp {self._mailbox}"))

    async def join(self) -> None:
        """Wait until every row that was put in has been dealt with."""
        await self._queue.join()

    async def close(self, grace: float | None) -> None:
        """Start no more; after `grace` seconds an open dialogue is cut, as a crash would (its row stays `sending`)."""
        while not self._queue.empty():
            if (mail := self._queue.get_nowait()) is not None:
                self.taken.pop(mail.id, None)
            self._queue.task_done()
        for _ in range(self._looking):
            self._queue.put_nowait(None)
        if not self._workers:
            return
        _, late = await asyncio.wait(self._workers, timeout=grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def _work(self) -> None:
        sender = SmtpSender(self.settings)
        try:
            while (mail := await self._next()) is not None:
                await self._one(sender, mail)
        except BaseException:
            sender.close()
            raise
        finally:
            self._looking -= 1
        await sender.quit()

    async def _next(self) -> OutboxMail | None:
        """The next row, or None: nothing came for a while, or the lane closes."""
        while True:
            self._idle += 1
            try:
                mail = await asyncio.wait_for(self._queue.get(), _LINGER)
            except TimeoutError:
                if self._queue.empty():
                    return None
                continue
            finally:
                self._idle -= 1
            if mail is None:
                self._queue.task_done()
            return mail

    async def _one(self, sender: SmtpSender, mail: OutboxMail) -> None:
        try:
            if self.broken is None and self._desk.is_ours(mail):
                await self._hand_or_wait(sender, mail)
        except Transient as error:  # the store's: the row is still pending and comes again
            self._desk.report(Event.STORE_BUSY, {"error": str(error)})
            await asyncio.sleep(_STORE_PAUSE)
        except Exception as error:  # the store's too: the drain must end, and not send on without a memory
            self.broken = error
            sender.close()
        finally:
            self.taken.pop(mail.id, None)
            self._queue.task_done()
            if len(self.taken) == _FEW:
                self._freed()

    async def _hand_or_wait(self, sender: SmtpSender, mail: OutboxMail) -> None:
        if (rest := self.rest_of(mail)) is not None:
            await self._desk.wait(mail, rest.until, rest.reason, rest.error)
        elif await self._within(mail):
            await self._hand(sender, mail)

    async def _hand(self, sender: SmtpSender, mail: OutboxMail) -> None:
        ready = await self._handing.ready(mail, self.settings.relay)
        if ready is None or not await self._connected(sender, mail):
            return
        try:
            with timed("send"):
                await self._handing.hand(sender, mail, ready)
        except (ConfigError, TokenRefused) as error:
            await self._refused(mail, error)
        except RelayShut as error:
            await self._turn_away(mail, str(error))
        else:
            self._turned_away[mail.automatic] = 0

    async def _turn_away(self, mail: OutboxMail, error: str) -> None:
        """Send no more of that kind for a while; the others go before this one, at which alone it may be shut."""
        if self.rest_of(mail) is None:  # else another worker has met it, too
            self._turned_away[mail.automatic] += 1
        pause = delay(self._turned_away[mail.automatic], self._desk.chance())
        rest = self._turned[mail.automatic] = Rest(self._desk.now() + pause, Event.SMTP_LOST.word, error)
        self._desk.report(Event.SMTP_LOST, {**self._told(rest), "error": error})
        await self._desk.failed_for_now(mail, rest.reason, error, not_before=rest.until + _BEHIND)
        await self._put_back(rest, lambda one: one.automatic == mail.automatic)

    async def _connected(self, sender: SmtpSender, mail: OutboxMail) -> bool:
        try:
            await sender.connect()
        except (ConfigError, TokenRefused) as error:
            await self._refused(mail, error)
            return False
        except Transient as error:
            self._failures += 1
            await self._shut(Event.SMTP_LOST, delay(self._failures, self._desk.chance()), mail, str(error))
            return False
        await self._opened()
        return True

    async def _opened(self) -> None:
        """The relay lets us in; after a rest, nothing waits on for it until its own hour is over."""
        self._failures, self._ended = 0, False
        if self._rest is not None and self.rest is None:
            self._rest = None
            await self._desk.free_stranded([self._mailbox])
            self._freed()

    async def _refused(self, mail: OutboxMail, error: MailcaseError) -> None:
        """Somebody must act. That no token is to be had is told once; rows wait until there is one (F40)."""
        if isinstance(error, TokenRefused):
            tell, self._ended = not self._ended, True
            pause = min(timedelta(seconds=error.again_s), _TOKEN_LOOK)
            await self._shut(Event.TOKEN_ENDED, pause, mail, str(error), tell=tell)
        else:
            await self._shut(Event.SMTP_REFUSED, _STOPPED, mail, str(error))

    async def _shut(self, event: Event, pause: timedelta, mail: OutboxMail, error: str, *, tell: bool = True) -> None:
        """Send nothing by this relay for a while; no row is used up by it."""
        rest = self._rest = Rest(self._desk.now() + pause, event.word, error)
        if tell:
            self._desk.report(event, {**self._told(rest), "error": error})
        await self._desk.wait(mail, rest.until, rest.reason, error)
        await self._put_back(rest)

    def _told(self, rest: Rest) -> dict[str, str]:
        return {"mailbox": self._mailbox, "relay": self.settings.relay, "until": rest.until.isoformat()}

    async def _put_back(self, rest: Rest, which: Callable[[OutboxMail], bool] = lambda _: True) -> None:
        """What waits in the queue waits in the store instead, written down in one commit."""
        waiting = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        rows = [mail for mail in waiting if mail is not None and which(mail)]
        for one in waiting:
            if one is None or not which(one):  # None: another worker's word to end
                self._queue.put_nowait(one)
                self._queue.task_done()
        held = Held()
        for mail in rows:
            held.add(mail, rest.until, rest.reason, rest.error)
        try:
            await held.write(self._desk)
        finally:
            for mail in rows:
                self.taken.pop(mail.id, None)
                self._queue.task_done()
