"""One look at one Maildir: list, read in batches, journal, hand on, and tell the files what is decided."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from mailcase import faults
from mailcase.intake.faring import Faring
from mailcase.intake.imap import plan
from mailcase.intake.imap.batches import Batch, batches, slices
from mailcase.intake.imap.failures import FolderMissing
from mailcase.intake.imap.marking import parse_after
from mailcase.intake.imap.ports import MailFact, Submit
from mailcase.intake.maildir import files
from mailcase.intake.maildir.files import MailFile
from mailcase.intake.maildir.names import in_order
from mailcase.intake.maildir.ports import MaildirJournal
from mailcase.intake.maildir.quota import share_used
from mailcase.intake.maildir.settings import MaildirSettings
from mailcase.log import Event, emit
from mailcase.ports import Arrival, Cursor

T = TypeVar("T")
LIST_EVERY_S: Final = 60.0  # though the folder's times say that nothing changed (clocks of a file server)
_ROUNDS: Final = 3  # of one look, while mail programs move files under our eyes


class MaildirSync:
    """Looks at one Maildir, again and again; `thread` is where its disk may block.

    One batch of mails is in memory, the names of what lies there, and the facts of one slice.
    """

    def __init__(
        self,
        settings: MaildirSettings,
        journal: MaildirJournal,
        submit: Submit,
        faring: Faring,
        stop: asyncio.Event,
        thread: Executor,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._submit = submit
        self._faring = faring
        self._stop = stop
        self._thread = thread
        self._after = parse_after(settings.after)
        self._done: set[str] = set()  # keys that need no second look: journalled, or left on purpose
        self._before: frozenset[str] = frozenset()  # keys that lay there at the first connection
        self._cursor: Cursor | None = None
        self._stamp: tuple[int, ...] | None = None  # of new/ and cur/ when everything in them was read
        self._listed_at = 0.0
        self._unread: list[str] = []  # mails of this look that could not be read, with the reason

    async def look(self) -> None:
        """Read what is new to its end, wait until it is settled, and tell the files.

        Raises FolderMissing where this is no Maildir or must not be read, Transient from store and pipeline; what
        was journalled by then is safe. Ends early once the stop event is set.
        """
        stamp = await self._asked(files.stamp)
        now = asyncio.get_running_loop().time()
        if stamp is None or stamp != self._stamp or now - self._listed_at >= LIST_EVERY_S:
            self._stamp = None
            if await self._rounds():
                self._stamp, self._listed_at = stamp, now
        await self.tell()
        self._faring.filled(await self._asked(share_used))

    async def _rounds(self) -> bool:
        """Read until nothing vanishes meanwhile; whether everything that lies there was read."""
        vanished = True
        for _ in range(_ROUNDS):
            hidden: list[str] = []
            listed = await self._asked(files.listing, hidden)
            self._unread = [f"{one}: another mail has the same unique name: rename this file" for one in hidden]
            vanished = await self._read(listed)
            if not vanished or self._stop.is_set():
                break
        if self._unread:
            more = f" (and {len(self._unread) - 1} more)" if len(self._unread) > 1 else ""
            self._faring.alarm(Event.MAIL_REFUSED, f"{self._settings.path}/{self._unread[0]}{more}")
        return not (vanished or self._unread or self._stop.is_set())

    async def tell(self) -> None:
        """Do to the files what `after` says, where it is decided and not yet done; then remember it (I8)."""
        rows = await self._faring.in_store(self._journal.unmarked_keys, self._settings.source)
        for last in (False, True):  # twice, since a listing can miss what a mail program moves meanwhile
            listed = await self._list() if rows and self._after.kind != "keep" else {}
            left: list[tuple[int, str]] = []
            for part in slices(rows):
                left += await self._tell_part(part, listed, last=last)
            rows = left

    async def _tell_part(
        self, rows: Sequence[tuple[int, str]], listed: Mapping[str, str], *, last: bool
    ) -> list[tuple[int, str]]:
        """Those that are to be tried once more."""
        faults.hit("before_mark")
        places = [listed[key] for _, key in rows if key in listed]
        failed = await self._on_disk(files.tell, self._settings.path, self._after, places) if places else {}
        faults.hit("after_mark")
        refused = {place for place, error in failed.items() if not isinstance(error, FileNotFoundError)}
        for place in sorted(refused)[:1]:
            said = f"{self._settings.path}: {len(refused)} mails cannot be told, {place}: {failed[place].strerror}"
            self._faring.alarm(Event.MARK_FAILED, said)
        again = {key for _, key in rows if listed and (key not in listed or listed[key] in failed)}
        if last:  # whatever is still not there is gone: nobody is left to be told of
            again = {key for key in again if listed.get(key) in refused}
        await self._faring.in_store(self._journal.set_marked, [row for row, key in rows if key not in again])
        return [one for one in rows if one[1] in again]

    async def _list(self) -> dict[str, str]:
        return await self._asked(files.listing)

    async def _read(self, listed: Mapping[str, str]) -> bool:
        """Take what is not known; True if something vanished meanwhile."""
        cursor = self._cursor or await self._first_look(listed)
        self._done &= listed.keys()
        unknown = sorted(listed.keys() - self._done, key=in_order)
        vanished = False
        for part in slices(unknown):
            mails = await self._asked(files.facts, [(key, listed[key]) for key in part])
            wanted = [one for one in mails if self._is_wanted(one, cursor)]
            self._done.update({one.key for one in mails} - {one.key for one in wanted})
            vanished |= len(mails) < len(part)
            vanished |= await self._take(wanted)
            if self._stop.is_set():
                break
        return vanished

    def _is_wanted(self, mail: MailFile, cursor: Cursor) -> bool:
        return mail.key not in self._before or plan.takes_old(mail.received_at, cursor.start)

    async def _first_look(self, listed: Mapping[str, str]) -> Cursor:
        """Where this process begins: with what the journal knows, or at a first connection (B1)."""
        journal, source, ask = self._journal, self._settings.source, self._faring.in_store
        cursor = await ask(journal.cursor, source, "")
        if cursor is None:
            old = await ask(journal.moved_cursor, self._settings.mailbox, "")
            if old is None and self._settings.start == "new":
                old = await ask(journal.lost_cursor, self._settings.mailbox, "")
            cursor = await (self._moved(old, listed) if old else self._begin(listed))
        elif cursor.mailbox != self._settings.mailbox:  # renamed: by its name of today a later move finds it
            cursor = replace(cursor, mailbox=self._settings.mailbox)
            await ask(journal.save_cursor, cursor)
        self._before = await ask(journal.baseline_keys, source, listed)
        self._done = set(await ask(journal.known_keys, source, listed))
        if cursor.start == "new":
            self._done |= self._before
        self._cursor = cursor
        return cursor

    async def _begin(self, listed: Mapping[str, str]) -> Cursor:
        """The first connection ever: whatever lies there now lay there before."""
        settings = self._settings
        newest = await self._asked(files.newest, list(listed.values()))
        cursor = Cursor(settings.source, "", settings.mailbox, 0, 0, 0, newest, settings.start)
        return await self._save(cursor, listed.keys())

    async def _moved(self, old: Cursor, listed: Mapping[str, str]) -> Cursor:
        """This mailbox had another path, or was read by IMAP, or is not in a backup: what lay there before did so here.

        It is known by its name or by its time.
        """
        before = set(await self._faring.in_store(self._journal.baseline_keys, old.source, listed))
        for part in slices(list(listed.items())):
            mails = await self._asked(files.facts, part)
            newest = old.baseline_at
            before |= {one.key for one in mails if newest is not None and one.received_at <= newest}
        place = Cursor(self._settings.source, "", self._settings.mailbox, 0, 0, 0, old.baseline_at, old.start)
        return await self._save(place, before)

    async def _save(self, cursor: Cursor, before: Iterable[str]) -> Cursor:
        keys = frozenset(before)
        await self._faring.in_store(self._journal.begin_maildir, cursor, keys)
        emit(Event.BASELINE_SET, folder=str(self._settings.path), baseline=len(keys), start=cursor.start)
        return cursor

    async def _take(self, wanted: Sequence[MailFile]) -> bool:
        """Read, journal and hand on, batch after batch; True if something vanished meanwhile."""
        settings, vanished = self._settings, False
        facts = [MailFact(at, one.size, one.received_at) for at, one in enumerate(wanted)]
        for batch in batches(facts, settings.batch_bytes, settings.batch_mails, settings.max_size):
            self._faring.room()
            mails = [wanted[at] for at in batch.uids]
            raws = await self._raws(mails, batch)
            vanished |= len(raws) < len(mails)
            faults.hit("after_fetch")
            await self._hand_on([self._arrival(one, raws[one.key], batch) for one in mails if one.key in raws])
            if self._stop.is_set():
                break
        return vanished

    async def _raws(self, mails: Sequence[MailFile], batch: Batch) -> dict[str, bytes]:
        """The raw mails by key; one that is gone or cannot be read does not hold up the others (P4)."""
        raws: dict[str, bytes] = {}
        for mail in mails:
            if batch.oversize:
                emit(Event.OVERSIZE, folder=mail.place, size=mail.size)
            try:
                raws[mail.key] = await self._on_disk(
                    partial(files.read, self._settings.path, mail.place, oversize=batch.oversize)
                )
            except FileNotFoundError:
                emit(Event.MAIL_GONE, folder=str(self._settings.path), key=mail.key)
            except OSError as error:
                self._unread.append(f"{mail.place}: {error.strerror}")
        return raws

    def _arrival(self, mail: MailFile, raw: bytes, batch: Batch) -> Arrival:
        settings, backlog = self._settings, mail.key in self._before
        place = (settings.mailbox, settings.source, "", mail.key, None, None)
        return Arrival(*place, mail.received_at, raw, backlog=backlog, oversize=batch.oversize)

    async def _hand_on(self, arrivals: Sequence[Arrival]) -> None:
        """Journal and let it be settled; nothing that can fail stands between."""
        if not arrivals:
            return
        rows = await self._faring.in_store(self._journal.journal, arrivals, None)
        faults.hit("after_journal")
        self._done.update(one.key for one in arrivals)
        emit(Event.JOURNALLED, folder=self._settings.source, mails=len(rows), new=sum(row.new for row in rows))
        pairs = [(row, one.raw) for row, one in zip(rows, arrivals, strict=True) if row.outcome is None]
        if pairs:
            await self._submit([row for row, _ in pairs], [raw for _, raw in pairs])

    async def _asked(self, work: Callable[..., T], *args: Any) -> T:
        """What the disk says of the Maildir; its errors name the folder and the cure."""
        path = self._settings.path
        try:
            return await self._on_disk(work, path, *args)
        except OSError as error:
            missing = isinstance(error, FileNotFoundError | NotADirectoryError)
            what = "is no Maildir (it has no folders cur and new)" if missing else f"cannot be read: {error.strerror}"
            raise FolderMissing(f"{path} {what}; look at [mailbox.maildir] path and its rights") from error

    async def _on_disk(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args))
