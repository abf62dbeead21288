"""Tells people once when something needs them: alarms begin, are repeated daily, and end, over restarts too."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from mailcase.config import Settings
from mailcase.errors import Transient
from mailcase.health import letters
from mailcase.health.conditions import Condition, conditions
from mailcase.health.letters import Letter
from mailcase.health.notices import Notice, choose, notices, way_out
from mailcase.health.plan import Plan, plan
from mailcase.health.pulse import Pulse
from mailcase.health.situation import AlarmTold, Situation
from mailcase.log import Event, emit
from mailcase.policy import MailboxPolicy, Policy
from mailcase.store.alarms import AlarmChange
from mailcase.store.store import Store
from mailcase.waiting import first_of

LOOK_EVERY: Final = 5.0  # seconds
_REROUTE_EVERY: Final = timedelta(seconds=30)

Call = Callable[..., Awaitable[Any]]


class Post:
    """The way to the administrators: who they are, and which mailbox's SMTP server takes the mail there.

    Args:
        settings: as now in force.
        policy: likewise.
        smtp: the mailboxes that have a way out, by name.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        policy: Callable[[], Policy],
        smtp: Callable[[], Mapping[str, object]],
    ) -> None:
        self.settings = settings
        self.policy = policy
        self._smtp = smtp

    @property
    def zone(self) -> ZoneInfo:
        """[cases] timezone"""
        return ZoneInfo(self.settings().cases.timezone)

    def sender(self, now: Situation) -> MailboxPolicy | None:
        """The mailbox to send by: [alarm] mailbox, unless another one works and it does not."""
        return choose(self.policy(), self.settings().alarm.mailbox, self._smtp(), now.numbers.relays.keys())

    def reaches(self, now: Situation) -> bool:
        """Whether there is anybody to tell, and a way."""
        return bool(self.settings().alarm.to) and self.sender(now) is not None

    def write(self, kind: Any, letter: Letter, about: str, now: Situation) -> list[Notice]:
        """The letter to everybody in [alarm] to."""
        box = self.sender(now)
        to = self.settings().alarm.to
        return notices(kind, letter, about, to, way_out(self.policy(), box), box) if box else []


class Alarms:
    """`await alarms.run(stop)`: compares the pulse with the alarms that are open, and tells what changed."""

    def __init__(
        self, store: Store, call: Call, pulse: Pulse, post: Post, queued: Callable[[], None], owner: str
    ) -> None:
        self._owner = owner
        self._store = store
        self._call = call
        self._pulse = pulse
        self._post = post
        self._queued = queued  # the drain is to look
        self._gone: dict[str, datetime] = {}
        self._rerouted: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Look until the stop event."""
        while not stop.is_set():
            await self.look()
            await first_of(LOOK_EVERY, stop)

    async def look(self) -> None:
        """One look at the newest situation; a store that is busy is asked again at the next one."""
        if not self._pulse.began:
            return
        now = self._pulse.view().situation
        try:
            await self._compare(now)
            await self._reroute(now)
        except Transient as error:
            emit(Event.STORE_BUSY, error=str(error))

    async def _compare(self, now: Situation) -> None:
        is_open = await asyncio.to_thread(self._store.open_alarms)
        found = conditions(now)
        keys = {one.key for one in found}
        if any(one.key not in keys for one in is_open):
            keys |= await asyncio.to_thread(self._store.held_by_others, self._owner, now.now)
        self._gone = {one.key: self._gone.get(one.key, now.now) for one in is_open if one.key not in keys}
        step = plan(now, found, is_open, self._gone, told=self._post.reaches(now))
        self._pulse.over = {one.key: self._gone[one.key] for one in step.over}
        if step.drop:
            theirs = await asyncio.to_thread(self._store.mailboxes_of_others, self._owner)
            step = replace(step, drop=tuple(one for one in step.drop if one.mailbox not in theirs))
        if step:
            await self._take(step, is_open, now)

    async def _take(self, step: Plan, is_open: tuple[AlarmTold, ...], now: Situation) -> None:
        mails = list(self._mails(step, now))
        told = [one.id for one in (*step.tell, *step.remind)] if mails else []
        change = AlarmChange(
            seen=frozenset(one.id for one in is_open),
            begin=step.begin,
            ended=[one.id for one in (*step.end, *step.drop)],
            told=told,
            told_begin=self._post.reaches(now),
            notices=mails,
        )
        if not await self._call(self._store.change_alarms, change, now.now):
            return
        _report(step)
        if mails:
            self._queued()

    def _mails(self, step: Plan, now: Situation) -> Iterator[Notice]:
        """At most one mail of each sort to each administrator, however many conditions."""
        zone, host, tokens = self._post.zone, now.host, now.facts.by_token
        begun: list[Condition | AlarmTold] = [*step.begin, *step.tell]
        over = [one for one in step.end if one.told_at is not None]
        if begun:
            letter = letters.beginning(begun, host, zone, tokens)
            yield from self._post.write("alarm", letter, _about("begin", begun, now), now)
        if step.remind:
            letter = letters.reminder(step.remind, host, zone, tokens)
            yield from self._post.write("alarm", letter, _about("remind", step.remind, now), now)
        if over:
            yield from self._post.write("alarm", letters.ending(over, host, zone), _about("end", over, now), now)

    async def _reroute(self, now: Situation) -> None:
        """A notice whose own relay turned out not to work leaves by another mailbox."""
        box = self._post.sender(now)
        recently = self._rerouted is not None and now.now - self._rerouted < _REROUTE_EVERY
        if box is None or not now.numbers.relays or box.name in now.numbers.relays or recently:
            return
        self._rerouted = now.now
        if await self._call(self._store.reroute_notices, way_out(self._post.policy(), box), now.now):
            self._queued()


def _about(what: str, these: Iterable[Condition | AlarmTold], now: Situation) -> str:
    return "|".join((what, now.now.isoformat(), *(one.key for one in these)))


def _report(step: Plan) -> None:
    for one in step.begin:
        emit(Event.ALARM_RAISED, alarm=one.word, mailbox=one.mailbox, since=one.since.isoformat(), error=one.detail)
    for row in (*step.end, *step.drop):
        emit(Event.ALARM_ENDED, alarm=row.word, mailbox=row.mailbox, since=row.since.isoformat())
