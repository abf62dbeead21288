"""Watches one mailbox on its IMAP server: connects for ever, looks, waits in IDLE or by the clock."""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Protocol

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_exponential,
    wait_random,
)

from mailcase.clock import utcnow
from mailcase.errors import Fenced, MailcaseError, TokenRefused, Unavailable
from mailcase.intake.faring import Faring, Room, no_limit
from mailcase.intake.gate import Gate, Permit
from mailcase.intake.imap.failures import FolderMissing, LoginRefused, Refused, ServerBusy
from mailcase.intake.imap.filling import Filling
from mailcase.intake.imap.ports import Alarm, InStore, MailSession, Submit
from mailcase.intake.imap.session import ImapSession
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.imap.sync import FolderSync
from mailcase.intake.state import MailboxState
from mailcase.log import Event, bound, emit
from mailcase.ports import Journal
from mailcase.waiting import first_of

RENEW_IDLE_S: Final = 300.0  # a dead peer shows only at the next command (I9)
LOGIN_TRIES: Final = 3
LOGIN_PAUSE_S: Final = 3600.0  # after that many refusals, so that no account is locked out
TOKEN_PAUSE_S: Final = 300.0  # after a refused token, doubled each time up to LOGIN_PAUSE_S (F40)
LOCAL_PAUSE_S: Final = 30.0  # at most, where only our own store or disk is waited for
STEADY_S: Final = 60.0  # a connection that lasted so long lets the pauses begin small again
_backoff = wait_exponential(multiplier=1, max=300) + wait_random(0, 2)


class OpenSession(Protocol):
    """Makes a logged-in session; ImapSession.open is the one that is used."""

    async def __call__(self, settings: ImapSettings) -> MailSession:
        """Connect and log in; raises Transient, Permanent, LoginRefused, TokenRefused."""
        ...


class Watcher:
    """One mailbox: `await watcher.run()` until the stop event, or `await watcher.once()` for one pass.

    `in_store` runs the journal's functions in the writer thread; `submit` returns when its mails are settled, or
    leaves a slow one behind; then `drained` waits for that one. `alarm` gets what somebody must look at; `gate`
    bounds how many are connected to the host at once; `room` raises Unavailable where the disk is too full to
    take mail. `state` may be read at any time.
    """

    def __init__(
        self,
        settings: ImapSettings,
        journal: Journal,
        in_store: InStore,
        submit: Submit,
        *,
        stop: asyncio.Event | None = None,
        alarm: Alarm | None = None,
        now: Callable[[], datetime] = utcnow,
        open_session: OpenSession = ImapSession.open,
        gate: Gate | None = None,
        drained: Callable[[], Awaitable[None]] | None = None,
        room: Room = no_limit,
    ) -> None:
        self.mailbox = settings.mailbox
        self.settings = settings
        self.stop = stop or asyncio.Event()
        self._faring = Faring(journal, in_store, stop=self.stop, now=now, alarm=alarm, room=room)
        self._journal = journal
        self._submit = submit
        self._drained = drained
        self._now = now
        self._open_session = open_session
        self._gate = gate or Gate(1)
        self._refusals = 0  # of the login, one after another
        self._token_refusals = 0
        self._steady_attempt = 0  # the pauses grow with the attempts since this one
        self._opened_at: float | None = None
        self._turns = 0  # connections since the last error that were ended to make room
        self._may_idle = settings.idle
        self._filling = Filling(self._faring.filled)

    @property
    def state(self) -> MailboxState:
        """How the mailbox fares. One that takes turns with others counts as connected in between."""
        return self._faring.state

    async def once(self) -> None:
        """Read every folder to its end, wait until all of it is settled, mark, log out.

        Raises MailcaseError where the mailbox or one of its folders could not be read; the other folders were.
        """
        with bound(mailbox=self.mailbox):
            try:
                async with self._gate.permit(self.stop) as permit:
                    errors = await self._pass() if permit else []
                if errors:
                    raise errors[0]
            except MailcaseError as error:
                self._faring.failed(error)
                raise

    async def _pass(self) -> list[Refused]:
        session = await self._open()
        try:
            sync = self._sync(session)
            errors = await self._look(sync, self.settings.watched, compare=True)
            if self._drained is not None:
                await self._drained()
                await sync.finish()
            await self._filling.ask(session, self.settings.watched[0])  # last: it may end the connection
        finally:
            self._faring.connected(False)
            await session.logout()
        return errors

    async def run(self) -> None:
        """Watch until the stop event. No error of server, store or pipeline ends it; each is tried again."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(Exception),  # a positive test: others swallow CancelledError
            wait=self._pause,
            sleep=self._sleep,
            stop=lambda _: self.stop.is_set(),
            before_sleep=self._note_failure,
            retry_error_callback=lambda _: None,
        )
        with bound(mailbox=self.mailbox):
            await retrying(self._visit)
        self._faring.connected(False)

    async def _visit(self) -> None:
        """Turn after turn until an error or the stop event; most mailboxes have one turn that lasts."""
        self._turns = 0
        self._opened_at = None
        while not self.stop.is_set():
            rest = await self._turn()
            self._turns += 1
            await self._sleep(rest)

    async def _turn(self) -> float:
        """One connection from login to its end; the seconds until the next look is due."""
        async with self._gate.permit(self.stop) as permit:
            if permit is None:
                return 0.0
            session = await self._open()
            self._opened_at = asyncio.get_running_loop().time()
            try:
                return await self._stay(session, permit)
            except BaseException:
                self._faring.connected(False)
                raise
            finally:
                await self._leave(session, permit)

    async def _leave(self, session: MailSession, permit: Permit) -> None:
        if self.stop.is_set() or permit.wanted.is_set():
            await session.logout()
        else:
            session.close()

    async def _open(self) -> MailSession:
        self._faring.room()
        session = await self._open_session(self.settings)
        self._refusals = self._token_refusals = 0
        self._faring.connected(True)
        if not self._turns:
            emit(Event.CONNECTED, host=self.settings.host)
        return session

    async def _stay(self, session: MailSession, permit: Permit) -> float:
        """Look and wait, until the stop event or until others wait for the connection."""
        folders, sync = self.settings.watched, self._sync(session)
        announced = tuple(one for one in (folders[0], self.settings.sent_folder) if one)
        loop, poll_s = asyncio.get_running_loop(), self.settings.poll_s
        errors = await self._look(sync, folders, compare=not self._turns)
        await self._filling.ask(session, folders[0])
        looked = loop.time()
        while not (self.stop.is_set() or permit.wanted.is_set()):
            left = looked + poll_s - loop.time()
            if left > 0 and await self._wait(session, permit, left, idle=not errors):
                errors = await self._look(sync, announced, compare=False)
            elif not (self.stop.is_set() or permit.wanted.is_set()):
                errors = await self._look(sync, folders, compare=False)
                await self._filling.ask(session, folders[0])
                looked = loop.time()
        return max(0.0, looked + poll_s - loop.time())

    async def _wait(self, session: MailSession, permit: Permit, seconds: float, *, idle: bool) -> bool:
        """Wait for the next look; True if the server announced a mail in the first folder.

        Only the clock counts after a folder was refused, for then it is not sure which one is selected.
        """
        wakers = (self.stop, permit.wanted)
        with permit.resting():
            if idle and self._may_idle and session.can_idle:
                try:
                    return await session.idle(min(seconds, RENEW_IDLE_S), *wakers)
                except Refused as error:
                    self._may_idle = False
                    emit(Event.IDLE_REFUSED, error=str(error))
            await first_of(seconds, *wakers)
        return False

    def _sync(self, session: MailSession) -> FolderSync:
        faring = self._faring
        shop = (self._journal, faring.in_store, self._submit)
        clock = (faring.alarm, self._now, self.stop)
        return FolderSync(session, self.settings, *shop, *clock, room=faring.room, withheld=faring.withheld)

    async def _look(self, sync: FolderSync, folders: tuple[str, ...], *, compare: bool) -> list[Refused]:
        """Look at these folders; one that the server refuses does not keep us from the others.

        Nor does one for which it wants us to come later (a broken index may be told so for ever); raises ServerBusy
        where that is so of all of them.
        """
        errors: list[Refused] = []
        busy = 0
        for folder in reversed(folders):  # the first one last: it stays selected, and IDLE watches it
            try:
                await sync.look(folder, compare=compare)
            except ServerBusy as error:
                busy += 1
                if error.again_s or busy == len(folders):
                    raise
                errors.append(Refused(str(error)))
            except Refused as error:
                errors.append(error)
        for one in errors:
            missing = isinstance(one, FolderMissing)
            self._faring.alarm(Event.FOLDER_MISSING if missing else Event.FOLDER_REFUSED, str(one))
        if errors:
            self._faring.failed(errors[0])
        elif not self.stop.is_set():
            self._faring.looked()
        return errors

    def _note_failure(self, attempt: RetryCallState) -> None:
        error = attempt.outcome.exception() if attempt.outcome else None
        if error is None:
            return
        if isinstance(error, Fenced):  # tenure is about to end us: neither mailbox nor server is to blame
            emit(Event.FENCED, error=str(error))
            return
        self._faring.failed(error)
        pause = round(attempt.upcoming_sleep, 1)
        if isinstance(error, TokenRefused):
            if self._token_refusals == 1:  # told once, and again only after it was mended
                self._faring.alarm(Event.TOKEN_ENDED, str(error))
        elif isinstance(error, LoginRefused) and self._refusals >= LOGIN_TRIES:
            self._faring.alarm(Event.LOGIN_REFUSED, f"{error}; next try in an hour")
        elif isinstance(error, Unavailable):  # our own store or disk: the server is not to blame
            emit(Event.STORE_BUSY, error=str(error), pause_s=pause)
        elif isinstance(error, MailcaseError):
            emit(Event.CONNECTION_LOST, host=self.settings.host, error=str(error), pause_s=pause)
        else:
            emit(Event.TASK_DIED, task=f"watcher {self.mailbox}", error=repr(error), exc_info=error)

    def _pause(self, attempt: RetryCallState) -> float:
        error = attempt.outcome.exception() if attempt.outcome else None
        if isinstance(error, TokenRefused):
            self._token_refusals += 1
            return min(TOKEN_PAUSE_S * 2.0 ** min(self._token_refusals - 1, 10), LOGIN_PAUSE_S)
        if isinstance(error, LoginRefused):
            self._refusals += 1
            if self._refusals >= LOGIN_TRIES:
                return LOGIN_PAUSE_S
        since = copy.copy(attempt)
        since.attempt_number = attempt.attempt_number - self._steady_until(attempt)
        pause = float(_backoff(since))
        if isinstance(error, ServerBusy):
            return max(pause, min(error.again_s, LOGIN_PAUSE_S))
        return min(pause, LOCAL_PAUSE_S) if isinstance(error, Unavailable) else pause

    def _steady_until(self, attempt: RetryCallState) -> int:
        """The attempt after which the pauses begin small again."""
        lasted = self._opened_at is not None and asyncio.get_running_loop().time() - self._opened_at >= STEADY_S
        if lasted or self._turns:
            self._steady_attempt = attempt.attempt_number - 1
        return self._steady_attempt

    async def _sleep(self, seconds: float) -> None:
        await first_of(seconds, self.stop)
