"""Watches one mailbox on its IMAP server: connects for ever, looks, waits in IDLE or by the clock."""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_exponential,
    wait_random,
)

from mailcase.clock import utcnow
from mailcase.errors import MailcaseError, Unavailable
from mailcase.intake.imap.failures import LoginRefused, Refused
from mailcase.intake.imap.ports import Alarm, InStore, MailSession, Submit
from mailcase.intake.imap.session import ImapSession
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.imap.sync import FolderSync
from mailcase.intake.state import MailboxState
from mailcase.log import Event, bound, emit
from mailcase.ports import Journal
from mailcase.waiting import first_of

RENEW_IDLE_S = 300.0  # a dead peer shows only at the next command (I9)
LOGIN_TRIES = 3
LOGIN_PAUSE_S = 3600.0  # after that many refusals, so that no account is locked out
ALARM_AGAIN_S = 3600.0
STEADY_S = 60.0  # a connection that lasted so long lets the pauses begin small again
_backoff = wait_exponential(multiplier=1, max=300) + wait_random(0, 2)


class OpenSession(Protocol):
    """Makes a logged-in session; ImapSession.open is the one that is used."""

    async def __call__(self, settings: ImapSettings) -> MailSession:
        """Connect and log in; raises Transient, Permanent, LoginRefused."""
        ...


class Watcher:
    """One mailbox: `await watcher.run()` until the stop event, or `await watcher.once()` for one pass.

    `in_store` runs the journal's functions in the writer thread; `submit` returns when its mails are settled, or
    leaves a slow one behind; then `drained` waits for that one. `alarm` gets what somebody must look at; `gate`
    bounds how many log in to a host at once. `state` may be read at any time.
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
        gate: asyncio.Semaphore | None = None,
        drained: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.settings = settings
        self.state = MailboxState()
        self.stop = stop or asyncio.Event()
        self._journal = journal
        self._in_store = in_store
        self._submit = submit
        self._tell = alarm or self._log_alarm
        self._drained = drained
        self._told: dict[tuple[Event, str], float] = {}
        self._now = now
        self._open_session = open_session
        self._gate = gate or asyncio.Semaphore()
        self._refusals = 0
        self._steady_attempt = 0  # the pauses grow with the attempts since this one
        self._opened_at: float | None = None
        self._may_idle = settings.idle

    async def once(self) -> None:
        """Read every folder to its end, wait until all of it is settled, mark, log out.

        Raises MailcaseError where the mailbox or one of its folders could not be read; the other folders were.
        """
        with bound(mailbox=self.settings.mailbox):
            session = await self._open()
            try:
                sync = self._sync(session)
                errors = await self._look(sync, self.settings.folders, compare=True)
                if self._drained is not None:
                    await self._drained()
                    await sync.finish()
            finally:
                self.state = replace(self.state, connected=False)
                await session.logout()
        if errors:
            raise errors[0]

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
        with bound(mailbox=self.settings.mailbox):
            await retrying(self._visit)

    async def _visit(self) -> None:
        """One connection from login to its end, which is an error or the stop event."""
        if self.stop.is_set():
            return
        self._opened_at = None
        session = await self._open()
        self._opened_at = asyncio.get_running_loop().time()
        try:
            await self._stay(session)
        finally:
            self.state = replace(self.state, connected=False)
            await self._leave(session)

    async def _leave(self, session: MailSession) -> None:
        if self.stop.is_set():
            await session.logout()
        else:
            session.close()

    async def _open(self) -> MailSession:
        async with self._gate:
            session = await self._open_session(self.settings)
        self._refusals = 0
        self.state = replace(self.state, connected=True)
        emit(Event.CONNECTED, host=self.settings.host)
        return session

    async def _stay(self, session: MailSession) -> None:
        folders, sync = self.settings.folders, self._sync(session)
        loop = asyncio.get_running_loop()
        errors = await self._look(sync, folders, compare=True)
        looked = loop.time()
        while not self.stop.is_set():
            left = looked + self.settings.poll_s - loop.time()
            if left > 0 and await self._wait(session, left, idle=not errors):
                errors = await self._look(sync, folders[:1], compare=False)
            elif not self.stop.is_set():
                errors = await self._look(sync, folders, compare=False)
                looked = loop.time()

    async def _wait(self, session: MailSession, seconds: float, *, idle: bool) -> bool:
        """Wait for the next look; True if the server announced a mail in the first folder.

        Only the clock counts after a folder was refused, for then it is not sure which one is selected.
        """
        if idle and self._may_idle and session.can_idle:
            try:
                return await session.idle(min(seconds, RENEW_IDLE_S), self.stop)
            except Refused as error:
                self._may_idle = False
                emit(Event.IDLE_REFUSED, error=str(error))
        await first_of(seconds, self.stop)
        return False

    def _sync(self, session: MailSession) -> FolderSync:
        shop = (self._journal, self._in_store, self._submit)
        return FolderSync(session, self.settings, *shop, self._alarm, self._now, self.stop)

    async def _look(self, sync: FolderSync, folders: tuple[str, ...], *, compare: bool) -> list[Refused]:
        """Look at these folders; one that the server refuses does not keep us from the others."""
        errors: list[Refused] = []
        for folder in reversed(folders):  # the first one last: it stays selected, and IDLE watches it
            try:
                await sync.look(folder, compare=compare)
            except Refused as error:
                self._alarm(Event.FOLDER_MISSING, str(error))
                errors.append(error)
        if errors:
            self._remember(errors[0])
        elif not self.stop.is_set():
            self.state = MailboxState(last_look=self._now(), connected=True)
        return errors

    def _remember(self, error: BaseException) -> None:
        since = self.state.failing_since or self._now()
        self.state = replace(self.state, error=str(error) or type(error).__name__, failing_since=since)

    def _note_failure(self, attempt: RetryCallState) -> None:
        error = attempt.outcome.exception() if attempt.outcome else None
        if error is None:
            return
        self._remember(error)
        if isinstance(error, LoginRefused):
            self._note_refusal(error, attempt)
        elif isinstance(error, Unavailable):  # the store's: the server is not to blame
            emit(Event.STORE_BUSY, error=str(error), pause_s=round(attempt.upcoming_sleep, 1))
        elif isinstance(error, MailcaseError):
            self._note_lost(str(error), attempt)
        else:
            emit(Event.TASK_DIED, task=f"watcher {self.settings.mailbox}", error=repr(error), exc_info=error)

    def _note_lost(self, error: str, attempt: RetryCallState) -> None:
        pause = round(attempt.upcoming_sleep, 1)
        emit(Event.CONNECTION_LOST, host=self.settings.host, error=error, pause_s=pause)

    def _note_refusal(self, error: LoginRefused, attempt: RetryCallState) -> None:
        if self._refusals >= LOGIN_TRIES:
            self._alarm(Event.LOGIN_REFUSED, f"{error}; next try in an hour")
        else:
            self._note_lost(str(error), attempt)

    def _pause(self, attempt: RetryCallState) -> float:
        error = attempt.outcome.exception() if attempt.outcome else None
        if isinstance(error, LoginRefused):
            self._refusals += 1
            if self._refusals >= LOGIN_TRIES:
                return LOGIN_PAUSE_S
        loop_time = asyncio.get_running_loop().time()
        if self._opened_at is not None and loop_time - self._opened_at >= STEADY_S:
            self._steady_attempt = attempt.attempt_number - 1
        since = copy.copy(attempt)
        since.attempt_number = attempt.attempt_number - self._steady_attempt
        return float(_backoff(since))

    async def _sleep(self, seconds: float) -> None:
        await first_of(seconds, self.stop)

    def _alarm(self, event: Event, text: str) -> None:
        """Pass an alarm on, the same one once an hour."""
        now = asyncio.get_running_loop().time()
        self._told = {key: at for key, at in self._told.items() if now - at < ALARM_AGAIN_S}
        if (event, text) not in self._told:
            self._told[event, text] = now
            self._tell(event, text)

    def _log_alarm(self, event: Event, text: str) -> None:
        emit(event, error=text)
