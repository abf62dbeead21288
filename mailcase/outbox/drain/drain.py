"""The drain's loop: what is due, what the limits say of it, and into which lane it goes."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from mailcase.errors import Transient
from mailcase.log import Event
from mailcase.outbox import breaker
from mailcase.outbox.breaker import Breaker
from mailcase.outbox.drain.counted import queued_since, with_more
from mailcase.outbox.drain.desk import LEASE, Call, Desk, Report
from mailcase.outbox.drain.held import Held
from mailcase.outbox.drain.lane import ENOUGH, Lane
from mailcase.outbox.limits import Expire, Hold, is_near, judge
from mailcase.outbox.settings import SmtpSettings
from mailcase.outbox.way_out import way_out
from mailcase.policy import Policy
from mailcase.ports import Judge, OutboxMail, OutboxStore, SendCounts
from mailcase.sharing import EVERYTHING, Portion
from mailcase.waiting import first_of

_BATCH: Final = 100  # rows looked at in one pass
_LONGEST_REST: Final = 5.0  # seconds between looks when nothing woke us: a command of an agent queues mail, too
_SHORTEST_REST: Final = 1.0
_FULL_REST: Final = 1.0  # seconds between looks while the lanes hold a batch or every relay is down: none is free
_RECENT: Final = timedelta(seconds=5)  # so often is counted what left, near a limit always
_MANY: Final = 200  # mails in a window: counting fewer costs nothing
_STORE_PAUSE: Final = 5.0  # seconds after the store could not be read
_NO_RELAY: Final = timedelta(hours=1)
_GRACE: Final = 10.0  # seconds for an open dialogue when the daemon stops (architecture.md)


class Drain:
    """Sends everything due in the outbox, each mailbox in a lane of its own.

    Args:
        store: where the rows are; called through `call`, in the writer thread.
        smtp: the SMTP settings by mailbox name, asked at each pass: a reload applies at once.
        policy: the policy in force, likewise.
        now: the clock, aware UTC.
        report: takes each event and its fields.
        owner: this daemon's id, written into rows that are being sent.
        chance: jitter in [0, 1).
        portion: the mailboxes whose mail is ours to send, asked at each pass; limits count everybody's.
        lease: of the store that several daemons share.
        judge: says who is told of an agent's mail that will not leave.
        place: another number whenever this daemon lost its place among those that share the store.
    """

    def __init__(
        self,
        store: OutboxStore,
        call: Call,
        *,
        smtp: Callable[[], Mapping[str, SmtpSettings]],
        policy: Callable[[], Policy],
        now: Callable[[], datetime],
        report: Report,
        owner: str,
        chance: Callable[[], float] = random.random,
        portion: Callable[[], Portion] = lambda: EVERYTHING,
        lease: timedelta = LEASE,
        judge: Callable[[], Judge] | None = None,
        place: Callable[[], int] = lambda: 0,
    ) -> None:
        self._desk = Desk(store, call, now, report, owner, chance, portion, judge, lease, place)
        self._smtp = smtp
        self._policy = policy
        self._lanes: dict[str, Lane] = {}
        self._old: dict[Lane, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._settled = False  # whether what others left was looked at since the start
        self._ways: Mapping[str, SmtpSettings] = {}  # as they were at the last pass; none before the first
        never = (datetime.min.replace(tzinfo=UTC), SendCounts(0, {}, 0))
        self._placed = never  # as counted then, and put into lanes since
        self._recent = never  # as counted then, and handed over since
        self._granted: list[OutboxMail] = []  # let go by that count, and perhaps not yet claimed
        self._busiest: tuple[int, int] | None = None  # the hour in which it was asked, and the answer

    def wake(self) -> None:
        """Something was queued: look at once. From the event loop's thread."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; then open dialogues have ten seconds.

        Raises:
            MailcaseError: the store failed for good.
        """
        try:
            while not stop.is_set():
                self._wake.clear()
                await first_of(await self._look(stop), self._wake, stop)
                if self._is_shut() or sum(len(lane.taken) for lane in self._lanes.values()) >= _BATCH:
                    await first_of(_FULL_REST, stop)
        finally:
            await self._close(_GRACE)

    async def once(self) -> None:
        """Send everything that is due now, then return."""
        await self.settle_orphans()
        try:
            while await self._pass():
                while await self._pass():
                    pass
                await asyncio.gather(*(lane.join() for lane in self._lanes.values()))
        finally:
            await self._close(_GRACE)

    async def settle_orphans(self) -> None:
        """What a daemon that is gone left `sending` (R3): automatic mail is never repeated. Raises Transient."""
        desk = self._desk
        for row, state in await desk.call(desk.store.settle_orphans, desk.owner, desk.now()):
            event = Event.SEND_UNCERTAIN if state == "uncertain" else Event.SEND_POSTPONED
            desk.report(event, {"outbox_id": row, "reason": "daemon_gone"})
        self._settled = True

    async def _look(self, stop: asyncio.Event) -> float:
        """Pass until nothing new is due; the seconds until the next look."""
        try:
            if not self._settled:
                await self.settle_orphans()
            while not stop.is_set() and await self._pass() and not self._is_shut():
                pass
            return await self._until_next()
        except Transient as error:
            self._desk.report(Event.STORE_BUSY, {"error": str(error)})
            return _STORE_PAUSE

    async def _until_next(self) -> float:
        now = self._desk.now()
        due = await self._desk.call(self._desk.store.next_due, now, self._desk.portion())
        seconds = _LONGEST_REST if due is None else (due - now).total_seconds()
        return min(max(seconds, _SHORTEST_REST), _LONGEST_REST)

    async def _close(self, grace: float) -> None:
        await asyncio.gather(*(lane.close(grace) for lane in (*self._lanes.values(), *self._old)))
        self._lanes.clear()
        self._old.clear()

    async def _pass(self) -> bool:
        """Place a batch of due rows; False when there was none."""
        desk = self._desk
        for broken in (lane.broken for lane in self._lanes.values() if lane.broken is not None):
            raise broken
        await self._free_changed()
        now, (portion, known) = desk.now(), self._hungry()
        taken = self._taken()  # before it is read: what ends meanwhile was read as still pending
        due = await desk.call(desk.store.due, now, known + _BATCH, portion)
        rows = [mail for mail in due if mail.id not in taken]
        if not rows:
            return False
        counts = await self._counts(rows, all_of_them=len(due) < known + _BATCH)
        breaker_open = await self._breaker_open(counts)
        held = Held()
        for mail in rows:
            if await self._place(mail, counts, held, now, breaker_open=breaker_open):
                counts = with_more(counts, (mail,), self._placed[0])
        self._placed = (self._placed[0], counts)
        await held.write(desk)
        return True

    async def _free_changed(self) -> None:
        """Another login or relay may work, and anything after a start or a take-over: the old one's rest is over."""
        portion = self._desk.portion()
        ways = {name: settings for name, settings in self._smtp().items() if name in portion}
        if changed := [name for name, settings in ways.items() if self._ways.get(name) != settings]:
            await self._desk.free_stranded(changed)
        self._ways = ways

    def _is_shut(self) -> bool:
        """Whether no relay of ours takes mail: then a look finds out nothing but why each row waits."""
        lanes = [self._lanes.get(mailbox) for mailbox in self._ways]
        return bool(lanes) and all(lane is not None and lane.rest is not None and not lane.taken for lane in lanes)

    def _hungry(self) -> tuple[Portion, int]:
        """The mailboxes whose lanes want more, and how many of their rows those have: a look reads these again.

        So what is read, and held in memory, does not grow with what waits.
        """
        portion, taken = self._desk.portion(), Counter(mail.mailbox for mail in self._taken().values())
        full = {mailbox for mailbox, rows in taken.items() if rows >= ENOUGH}
        return portion.without(full), sum(rows for mailbox, rows in taken.items() if mailbox not in full)

    async def _counts(self, rows: Sequence[OutboxMail], *, all_of_them: bool) -> SendCounts:
        """What the store counts, and the rows that lanes have taken: rather one too many than one too few.

        An earlier count will do where all that waits was looked at, and nothing of it is near a limit or the breaker.
        """
        now, (at, counts) = self._desk.now(), self._placed
        rules, many = self._policy().acknowledge, counts.total + counts.last_hour > _MANY
        fresh = all_of_them and many and timedelta(0) <= now - at <= _RECENT
        queued = replace(counts, last_hour=counts.last_hour + queued_since(at, rows))
        if not fresh or any(is_near(mail, queued, rules) for mail in rows if mail.limited):
            taken = self._taken()  # before it is counted: what leaves meanwhile is in one of the two
            self._placed = (now, with_more(await self._stored_counts(), tuple(taken.values())))
        return self._placed[1]

    def _taken(self) -> dict[int, OutboxMail]:
        """What lanes have, those too that end with what they have begun."""
        return {row: mail for lane in (*self._lanes.values(), *self._old) for row, mail in lane.taken.items()}

    async def _stored_counts(self) -> SendCounts:
        rules, desk = self._policy().acknowledge, self._desk
        windows = (rules.total.window.total_seconds(), rules.per_domain.window.total_seconds())
        return await desk.call(desk.store.counts, desk.now(), *windows)

    async def _within(self, mail: OutboxMail) -> bool:
        """Where others send by the same limits, what they sent since this mail was placed counts too (K9)."""
        desk, policy = self._desk, self._policy()
        if desk.portion() == EVERYTHING or not mail.limited:
            return True
        now, (at, counts) = desk.now(), self._recent
        if not (timedelta(0) <= now - at <= _RECENT) or is_near(mail, counts, policy.acknowledge):
            taken = self._taken()
            self._granted = [one for one in self._granted if one.id in taken]  # before it is counted, as above
            counts = await self._stored_counts()
            self._recent = (now, with_more(counts, self._granted))
        at, counts = self._recent
        verdict = judge(mail, counts, policy.acknowledge, policy.cases.freemail, now, breaker_open=False)
        if isinstance(verdict, Hold):
            await desk.wait(mail, verdict.until, verdict.reason)
            return False
        self._granted.append(mail)
        self._recent = (at, with_more(counts, (mail,)))
        return True

    async def _breaker_open(self, counts: SendCounts) -> bool:
        desk = self._desk
        before = Breaker.from_text(await desk.flag(breaker.WATCH_FLAG))
        flag = await desk.flag(breaker.FLAG) is not None
        after = before.next(counts, await self._busiest_hour(), self._policy().acknowledge, desk.now(), flag=flag)
        if after == before:
            return after.is_open
        await desk.set_flag(breaker.WATCH_FLAG, after.to_text())
        if after.is_open != flag:
            await desk.set_flag(breaker.FLAG, after.opened_at.isoformat() if after.opened_at else None)
        if after.is_open != before.is_open:
            fields = {"last_hour": counts.last_hour, "threshold": after.threshold or before.threshold}
            desk.report(Event.BREAKER_OPENED if after.is_open else Event.BREAKER_CLOSED, fields)
        return after.is_open

    async def _busiest_hour(self) -> int:
        """As the store has it, asked once an hour: it reads a week of mail."""
        now = self._desk.now()
        hour = int(now.timestamp() // 3600)
        if self._busiest is None or self._busiest[0] != hour:
            self._busiest = (hour, await self._desk.call(self._desk.store.busiest_hour, now))
        return self._busiest[1]

    async def _place(
        self, mail: OutboxMail, counts: SendCounts, held: Held, now: datetime, *, breaker_open: bool
    ) -> bool:
        """Into its lane, held back, or given up; True if it is on its way."""
        policy = self._policy()
        verdict = judge(mail, counts, policy.acknowledge, policy.cases.freemail, now, breaker_open=breaker_open)
        if isinstance(verdict, Expire):
            await self._desk.expired(mail, verdict.reason)
        elif isinstance(verdict, Hold):
            held.add(mail, verdict.until, verdict.reason)
        elif (lane := self._lane(self._mailbox(mail))) is None:
            held.add(mail, now + _NO_RELAY, "no_smtp", f"mailbox {mail.mailbox} has no [mailbox.smtp]")
        elif (rest := lane.rest_of(mail)) is not None:
            held.add(mail, rest.until, rest.reason, rest.error)
        else:
            lane.put(mail)
            return True
        return False

    def _mailbox(self, mail: OutboxMail) -> str:
        """Whose servers send it: of a mailbox that was renamed since, those of the one that has its address now."""
        if mail.mailbox in self._smtp():
            return mail.mailbox
        addresses = {name: box.address for name, box in self._policy().mailboxes.items()}
        return way_out(mail.mailbox, mail.from_address, addresses)

    def _lane(self, mailbox: str) -> Lane | None:
        """The mailbox's lane; a new one when its settings changed, while the old one ends what it has open."""
        settings = self._smtp().get(mailbox)
        lane = self._lanes.get(mailbox)
        if lane is not None and lane.settings != settings:
            lane = None
            self._retire(self._lanes.pop(mailbox))
        if lane is None and settings is not None:
            lane = self._lanes[mailbox] = Lane(mailbox, settings, self._desk, self.wake, self._within)
        return lane

    def _retire(self, lane: Lane) -> None:
        self._old[lane] = asyncio.create_task(lane.close(None))
        self._old[lane].add_done_callback(lambda _: self._old.pop(lane, None))
