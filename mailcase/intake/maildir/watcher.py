"""Watches one Maildir: looks at it by the clock, for ever; the same face as intake.watcher."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from mailcase.clock import utcnow
from mailcase.errors import Fenced, MailcaseError, Unavailable
from mailcase.intake.faring import Faring, Room, no_limit
from mailcase.intake.imap.failures import Refused
from mailcase.intake.imap.ports import Alarm, InStore, Submit
from mailcase.intake.maildir.ports import MaildirJournal
from mailcase.intake.maildir.settings import MaildirSettings
from mailcase.intake.maildir.sync import MaildirSync
from mailcase.intake.state import MailboxState
from mailcase.log import Event, bound, emit
from mailcase.waiting import first_of


class MaildirWatcher:
    """One mailbox: `await watcher.run()` until the stop event, or `await watcher.once()` for one pass.

    What it is given is what `Watcher` is given. It has a thread of its own, so that a disk that hangs holds up this
    mailbox alone: the common threads also look up host names.
    """

    def __init__(
        self,
        settings: MaildirSettings,
        journal: MaildirJournal,
        in_store: InStore,
        submit: Submit,
        *,
        stop: asyncio.Event | None = None,
        alarm: Alarm | None = None,
        now: Callable[[], datetime] = utcnow,
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

    @property
    def state(self) -> MailboxState:
        """How the mailbox fares; connected: the last look found a Maildir."""
        return self._faring.state

    async def once(self) -> None:
        """Read the Maildir to its end, wait until all of it is settled, and tell the files.

        Raises MailcaseError where it could not be read.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="maildir")
        with bound(mailbox=self.mailbox):
            try:
                sync = self._sync(thread)
                await self._look(sync)
                if self._drained is not None:
                    await self._drained()
                    await sync.tell()
            except MailcaseError as error:
                self._note(error)
                raise
            finally:
                thread.shutdown(wait=False)

    async def run(self) -> None:
        """Watch until the stop event. No error of disk, store or pipeline ends it; each is tried again."""
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="maildir")
        with bound(mailbox=self.mailbox):
            try:
                sync = self._sync(thread)
                while not self.stop.is_set():
                    await self._try(sync)
                    await first_of(self.settings.poll_s, self.stop)
            finally:
                thread.shutdown(wait=False)

    async def _try(self, sync: MaildirSync) -> None:
        try:
            await self._look(sync)
        except Exception as error:
            self._note(error)

    def _sync(self, thread: ThreadPoolExecutor) -> MaildirSync:
        return MaildirSync(self.settings, self._journal, self._submit, self._faring, self.stop, thread)

    async def _look(self, sync: MaildirSync) -> None:
        await sync.look()
        if not self.stop.is_set():
            self._faring.looked()

    def _note(self, error: Exception) -> None:
        if isinstance(error, Fenced):  # tenure is about to end us: the Maildir is not to blame
            emit(Event.FENCED, error=str(error))
            return
        self._faring.failed(error)
        self._faring.connected(not isinstance(error, Refused))
        if isinstance(error, Refused):
            self._faring.alarm(Event.FOLDER_MISSING, str(error))
        elif isinstance(error, Unavailable):  # our own store or disk
            emit(Event.STORE_BUSY, error=str(error), pause_s=self.settings.poll_s)
        else:
            emit(Event.TASK_DIED, task=f"watcher {self.mailbox}", error=repr(error), exc_info=error)
