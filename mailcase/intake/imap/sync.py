"""One look at one folder: plan, fetch in batches, journal, hand on, and mark what is decided."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from mailcase import faults
from mailcase.health.stages import count, timed
from mailcase.intake.ahead import Ahead
from mailcase.intake.imap import plan
from mailcase.intake.imap.batches import batches, slices
from mailcase.intake.imap.failures import Refused, ServerBusy
from mailcase.intake.imap.giving import Giving
from mailcase.intake.imap.marking import KEEP, After, mark, parse_after
from mailcase.intake.imap.ports import Alarm, InStore, MailSession, SelectedFolder, Submit, Withheld
from mailcase.intake.imap.settings import ImapSettings
from mailcase.log import Event, emit
from mailcase.ports import Arrival, Cursor, Journal

_MARKED_EACH: Final = 4  # batches, before the server is told what of them is decided: each time is a commit of its own


class FolderSync:
    """Looks at the folders of one session, one after another.

    In memory are the batches that are being settled by `submit` and the next one (`Ahead`: octets of two at most), and
    the facts of one slice. `room` is called before each fetch and raises Unavailable where what is fetched could not
    be kept: it stays on the server. `withheld` is told what the server did not give in each look. The sent folder is
    only read, whatever `after` says (B16).
    """

    def __init__(
        self,
        session: MailSession,
        settings: ImapSettings,
        journal: Journal,
        in_store: InStore,
        submit: Submit,
        alarm: Alarm,
        now: Callable[[], datetime],
        stop: asyncio.Event,
        *,
        room: Callable[[], None] = lambda: None,
        withheld: Withheld = lambda _folder, _uids, *, compared: None,  # noqa: ARG005  as it is told
    ) -> None:
        self._session = session
        self._settings = settings
        self._journal = journal
        self._in_store = in_store
        self._submit = submit
        self._alarm = alarm
        self._now = now
        self._stop = stop
        self._room = room
        self._withheld = withheld
        self._seen: dict[str, SelectedFolder] = {}  # as they were at the last look
        self._after = parse_after(settings.after)
        self._giving = Giving(session, alarm)
        self._ahead = Ahead(settings.batch_mails, settings.batch_bytes)
        self._handed_on = 0  # batches

    async def look(self, folder: str, *, compare: bool) -> None:
        """Read the folder to its end, wait until all of it is settled, and mark it.

        `compare` forces the comparison of the whole UID list. Raises Transient and Permanent from session, store
        and pipeline; what was journalled by then is safe. Ends early once the stop event is set.
        """
        self._giving.begin(folder)
        selected = await self._select(folder)
        try:
            cursor = await self._cursor(selected)
            if cursor is not None:
                now = self._now()
                compare = compare or plan.compare_due(cursor, now, self._settings.compare_s)
                await self._read(selected, cursor, now if compare else None)
            if not self._stop.is_set():
                self._withheld(folder, self._giving.withheld, compared=compare or cursor is None)
            await self._ahead.settled()
        finally:
            await self._ahead.leave_nothing_behind()
        await self._mark(selected)
        self._seen[folder] = selected

    async def finish(self) -> None:
        """Tell the server what was settled only after the looks had ended; raises as `look`."""
        for folder, seen in self._seen.items():
            if await self._in_store(self._journal.unmarked, self._settings.source, folder, seen.uidvalidity):
                await self._mark(await self._select(folder))

    async def _select(self, folder: str) -> SelectedFolder:
        """Select it; one whose UIDs the server gives again is one with another UIDVALIDITY."""
        found = await self._session.select(folder, read_only=self._after_in(folder).kind == "keep")
        cursor = await self._in_store(self._journal.cursor, self._settings.source, folder)
        selected = plan.numbered(found, cursor)
        if plan.has_begun(selected, cursor):
            return plan.next_round(selected)
        if plan.set_back(selected, cursor) and not await self._session.search_above((selected.uidnext or 1) - 1):
            return plan.next_round(selected)  # else its UIDNEXT says nothing: it lists UIDs beyond it
        return selected

    def _is_sent(self, folder: str) -> bool:
        return bool(folder) and folder == self._settings.sent_folder

    def _after_in(self, folder: str) -> After:
        """What becomes of a decided mail there; agents' own mails are never touched."""
        return KEEP if self._is_sent(folder) else self._after

    async def _cursor(self, selected: SelectedFolder) -> Cursor | None:
        """The cursor to go on from; None where its making could not be ended and begins anew at the next look."""
        source = self._settings.source
        cursor = await self._in_store(self._journal.cursor, source, selected.name)
        if cursor is not None and cursor.uidvalidity == selected.uidvalidity:
            named = replace(cursor, mailbox=self._settings.mailbox)
            await self._save(cursor, named)  # at once: by its name of today a later move of the mailbox finds it
            return named
        old = cursor or await self._in_store(self._journal.moved_cursor, self._settings.mailbox, selected.name)
        if old is None and self._settings.start == "new":
            old = await self._in_store(self._journal.lost_cursor, self._settings.mailbox, selected.name)
        uids = await self._session.search_all()
        baseline = plan.baseline_uid(selected, uids)
        older = [uid for uid in uids if uid < baseline]
        if old is not None:
            return await self._restart(selected, old, baseline, older)
        return await self._first(selected, baseline, older)

    async def _first(self, selected: SelectedFolder, baseline: int, older: Sequence[int]) -> Cursor | None:
        """Begin with this folder; of what lies there only the dates are asked for, a slice at a time (B1)."""
        newest: datetime | None = None
        for part in slices(older):
            if self._stop.is_set():
                return None
            newest = plan.newest(newest, await self._giving.dates(part))
        if newest is not None:
            newest = min(newest, self._now())  # one still to come would make all later mail old
        settings = self._settings
        first = plan.first_cursor(settings.source, settings.mailbox, selected, baseline, newest, settings.start)
        await self._in_store(self._journal.save_cursor, first)
        emit(Event.BASELINE_SET, folder=selected.name, baseline=baseline, start=settings.start)
        return first

    async def _restart(
        self, selected: SelectedFolder, old: Cursor, baseline: int, older: Sequence[int]
    ) -> Cursor | None:
        """Read again what a new UIDVALIDITY or another host may have brought.

        The new cursor is saved only after all of it is journalled, since below its baseline nothing is asked for
        again. Until then each look begins anew; what was journalled meanwhile is known by its key.
        """
        if old.uidvalidity:
            emit(Event.UIDVALIDITY_CHANGED, folder=selected.name, was=old.uidvalidity, now=selected.uidvalidity)
        else:  # a Maildir, or a store of a backup
            emit(Event.BASELINE_SET, folder=selected.name, baseline=baseline, start=old.baseline_at)
        source = self._settings.source
        cursor = plan.restarted_cursor(old, source, self._settings.mailbox, selected, baseline)
        known = await self._in_store(self._journal.known_uids, source, selected.name, selected.uidvalidity)
        before: Mapping[int, datetime] = {}
        if earlier := plan.rounds(selected.uidvalidity):
            await self._save(old, plan.begun(old))
            place = (source, selected.name, earlier)
            before = await self._in_store(self._journal.received, *place) if older else {}
        for part in slices(older):
            if self._stop.is_set():
                return None
            facts = await self._giving.facts(part)
            await self._giving.look_for({uid for uid in part if uid not in known} - {one.uid for one in facts})
            others = plan.unlike(facts, before)
            await self._mark(selected, old, {one.uid for one in facts} - {one.uid for one in others})
            await self._take(selected, plan.by_date(others, cursor, known), None)
        if self._stop.is_set() or self._giving.withheld:
            return None
        await self._in_store(self._journal.save_cursor, cursor)
        return cursor

    async def _read(self, selected: SelectedFolder, cursor: Cursor, compared_at: datetime | None) -> None:
        session = self._session
        uids = await (session.search_all() if compared_at else session.search_above(cursor.last_uid))
        since = await self._since(cursor) if min(uids, default=cursor.baseline_uid) < cursor.baseline_uid else None
        known: frozenset[int] = frozenset()
        if compared_at:
            place = (cursor.source, selected.name, selected.uidvalidity)
            known = await self._in_store(self._journal.known_uids, *place)
        moving = cursor
        for part in slices(plan.candidates(uids, known, cursor, since)):
            wanted = plan.by_uid(await self._giving.listed(part), cursor)
            await self._take(selected, wanted, moving)
            moving = plan.moved_on(moving, (one.mail.uid for one in wanted))
            if self._stop.is_set():
                return
        await self._save(cursor, replace(plan.moved_on(moving, uids), compared_at=compared_at or cursor.compared_at))

    async def _since(self, cursor: Cursor) -> frozenset[int] | None:
        day = plan.since_day(cursor.start)
        return frozenset(await self._session.search_since(day)) if day else None

    async def _save(self, before: Cursor, after: Cursor) -> None:
        if after != before:
            await self._in_store(self._journal.save_cursor, after)

    async def _take(self, selected: SelectedFolder, wanted: Sequence[plan.Wanted], cursor: Cursor | None) -> None:
        """Fetch, journal and hand on; the cursor, if any, moves with each batch."""
        settings = self._settings
        known = {one.mail.uid: one for one in wanted}
        mails = [one.mail for one in wanted]
        for some in batches(mails, settings.batch_bytes, settings.batch_mails, settings.max_size):
            self._room()
            with timed("fetch"):
                batch = await self._giving.sized(some, settings.max_size)
                raws = await self._giving.fetch(batch)
            faults.hit("after_fetch")
            arrivals = [
                self._arrival(selected, known[mail.uid], raws[mail.uid], oversize=batch.oversize)
                for mail in batch.mails
                if mail.uid in raws
            ]
            if batch.oversize:
                arrivals = [replace(one, remainder=await self._giving.remainder(batch.mails[0])) for one in arrivals]
            cursor = plan.moved_on(cursor, batch.uids) if cursor else None
            await self._hand_on(selected, arrivals, cursor)
            if self._stop.is_set():
                break

    def _arrival(self, selected: SelectedFolder, wanted: plan.Wanted, raw: bytes, *, oversize: bool) -> Arrival:
        mail = wanted.mail
        return Arrival(
            mailbox=self._settings.mailbox,
            source=self._settings.source,
            folder=selected.name,
            key=f"{selected.uidvalidity}:{mail.uid}",
            uidvalidity=selected.uidvalidity,
            uid=mail.uid,
            received_at=mail.received_at or self._now(),  # the moment we see it, where the server's cannot be read
            raw=raw,
            backlog=wanted.backlog,
            oversize=oversize,
            sent=self._is_sent(selected.name),
            late=wanted.late,
        )

    async def _hand_on(self, selected: SelectedFolder, arrivals: Sequence[Arrival], cursor: Cursor | None) -> None:
        """Journal this batch, let it be settled, mark now and then what is decided, and wait for room for another.

        Marked is before that wait and not after it: behind it the next batch is fetched at once, since whoever decides
        would soon have nothing to do. What is decided by the end of the look is marked there.
        Nothing that can fail stands between journal and submit: what is journalled is not fetched again.
        """
        if not arrivals:
            return
        with timed("journal"):
            rows = await self._in_store(self._journal.journal, arrivals, cursor)
        faults.hit("after_journal")
        pairs = [(row, one.raw) for row, one in zip(rows, arrivals, strict=True) if row.outcome is None]
        emit(Event.JOURNALLED, folder=selected.name, mails=len(rows), new=sum(row.new for row in rows))
        if late := sum(row.new and one.late for row, one in zip(rows, arrivals, strict=True)):
            emit(Event.FOUND_LATE, folder=selected.name, mails=late)
            count("found_late", self._settings.mailbox, times=late)
        if pairs:
            raws = [raw for _, raw in pairs]
            self._ahead.begin(self._submit([row for row, _ in pairs], raws), len(raws), sum(map(len, raws)))
        self._handed_on += 1
        if self._handed_on % _MARKED_EACH == 0:
            await self._mark(selected)
        await self._ahead.room()

    async def _mark(
        self, selected: SelectedFolder, before: Cursor | None = None, same: Collection[int] | None = None
    ) -> None:
        """Tell the server what is decided and not yet told, also what an earlier run left; then remember it (I8).

        Of the round of numbers `before` those UIDs alone that are the `same` mails still.
        """
        if same is not None and not same:
            return
        number = before.uidvalidity if before else selected.uidvalidity
        rows = await self._in_store(self._journal.unmarked, self._settings.source, selected.name, number)
        if same is not None:
            rows = [(delivery, uid) for delivery, uid in rows if uid in same]
        for part in slices(rows):
            faults.hit("before_mark")
            try:
                after = self._after_in(selected.name)
                with timed("mark"):
                    await mark(self._session, selected, after, [uid for _, uid in part], self._alarm)
            except (Refused, ServerBusy) as error:  # which is no reason to leave mail unread
                if isinstance(error, ServerBusy) and error.again_s:
                    raise
                self._alarm(Event.MARK_FAILED, str(error))
                return
            faults.hit("after_mark")
            await self._in_store(self._journal.set_marked, [delivery for delivery, _ in part])
