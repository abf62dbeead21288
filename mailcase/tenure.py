"""Keeps this daemon's share of the mailboxes where several daemons work on one store (architecture.md)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

from mailcase.clock import Clock
from mailcase.errors import TenureLost, Transient, Unavailable
from mailcase.health.situation import CLOCKS_DIFFER_S
from mailcase.log import Event, emit
from mailcase.ports import Journalled
from mailcase.sharing import EVERYTHING, WATCHED, Portion, Standing, assign, portion, senior
from mailcase.tenure_port import TenureStore, Workers
from mailcase.waiting import first_of
from mailcase.writer import Writer

T = TypeVar("T")
LONGEST_REST: Final = 5.0  # seconds between looks: a mailbox without a daemon waits no longer (30 s with the lease)
_SOON: Final = 0.5  # seconds: something is about to be given back, or the store may be back
AT_ONCE: Final = 50  # mailboxes taken at once: within a lease on any server
ABANDONED_AFTER: Final = timedelta(hours=1)  # without a daemon that is configured for it: nobody restarts so long
UNWATCHED_AFTER: Final = timedelta(seconds=60)  # mail that was handed in to another daemon is left to it so long


async def _nothing() -> None:
    pass


@dataclass(slots=True)
class Tenure:
    """Which mailboxes are ours. On a store that is not shared all of them are, and nothing is asked.

    Args:
        store: where tenure is kept.
        owner: this daemon's id.
        wants: the mailboxes of the configuration in force.
        lease: how long the store waits for a sign of life.
        now: the clock.
        clock: is kept to the store's time.
    """

    store: TenureStore
    owner: str
    wants: Callable[[], Collection[str]]
    lease: timedelta
    now: Callable[[], datetime]
    clock: Clock = field(default_factory=Clock)
    knows: Callable[[Journalled], bool] = lambda _: True  # whether our own configuration can decide it
    standing: Standing = field(default_factory=Standing)  # as of the last look
    looked: Callable[[], object] = lambda: None  # told after each look: what is ours to send may have changed
    orphans: Callable[[], Awaitable[None]] = _nothing  # settles what daemons that are gone left half sent
    place: int = 0  # another number whenever the store let go of what we held
    _held: frozenset[str] = frozenset()  # what the store gave us
    _ours: frozenset[str] = frozenset()  # of that, what is not about to be given back
    _nobody: dict[str, datetime] = field(default_factory=dict)  # mailbox -> since when nobody holds it
    _strange: dict[str, datetime] = field(default_factory=dict)  # mailbox that nobody knows -> since when
    _joined: bool = False
    _seated: bool = False  # perhaps: who is cut off while he joins may have a place and not know it
    _stays: bool = False  # not for one pass only
    _settling: asyncio.Task[None] | None = None
    _call: Writer = field(default_factory=Writer)  # a thread of its own: the heartbeat waits for no transaction

    def works(self, mailbox: str) -> bool:
        """Whether this daemon is the one that works it."""
        return not self.store.shared or mailbox in self._ours

    @property
    def is_senior(self) -> bool:
        """Whether this daemon does what one alone should do."""
        return not self.store.shared or (self._joined and senior(self.standing) == self.owner)

    def sends(self) -> Portion:
        """The mailboxes whose mail this daemon sends: those that it works; the senior nobody's as well."""
        if not self.store.shared:
            return EVERYTHING
        return portion(self.standing, self.owner, self._ours) if self._joined else Portion()

    @property
    def unheld(self) -> Mapping[str, datetime]:
        """Mailboxes that no daemon holds, with when that began."""
        return self._nobody if self._joined else {}

    def takes_up(self, row: Journalled) -> bool:
        """Whether undecided mail that nobody here works on is ours to decide.

        What was handed in to another living daemon is under way there: it is left to it for a while. Mail of a
        mailbox that nobody has or is configured for any more is decided by the senior daemon; where that does not
        know it either, only later: a daemon with another configuration may just restart.
        """
        if not self.store.shared:
            return True
        mailbox = row.delivery.mailbox
        if mailbox not in self._ours:
            elsewhere = mailbox in self.standing.wanted or mailbox in self.standing.holders
            return not elsewhere and self.is_senior and (self.knows(row) or self._is_abandoned(row))
        alone = self.standing.members.keys() <= {self.owner}
        old = self.now() - row.delivery.received_at >= UNWATCHED_AFTER
        return alone or old or row.delivery.source.startswith(WATCHED)

    def _is_abandoned(self, row: Journalled) -> bool:
        """Whether nobody was configured for its mailbox for so long; one pass has only the mail's age to go by."""
        now = self.now()
        since = self._strange.setdefault(row.delivery.mailbox, now) if self._stays else row.delivery.received_at
        return now - since >= ABANDONED_AFTER

    async def join(self) -> None:
        """Be one of those who share the store; raises Unavailable."""
        if self.store.shared:
            await self._join(self.wants())

    async def run(self, workers: Workers, stop: asyncio.Event, released: asyncio.Event) -> None:
        """Keep our share until `stop`, and what we then hold until `released`: then all of it is settled."""
        self._stays = True
        while self.store.shared and not released.is_set():
            try:
                await self._turn(workers, stop)
            except TenureLost as error:
                await self._lost(workers, error)
            except Transient as error:  # slow for once, or not back yet
                emit(Event.STORE_BUSY, error=str(error))
            leaving = self._held != self._ours
            await first_of(self._rest if self._joined and not leaving else _SOON, released)
        await released.wait()
        if self._settling is not None:
            await self._settling

    @asynccontextmanager
    async def visiting(self) -> AsyncIterator[None]:
        """Within it, what is free is ours: one pass takes nothing from daemons that stay. Raises Unavailable."""
        if not self.store.shared:
            yield
            return
        await self._join(())
        others = {name: self.standing.holders[name] for name in self.wants() if name in self.standing.holders}
        await self._take(frozenset(self.wants()) - others.keys())
        self._ours = self._held
        if others := {**others, **{name: "" for name in self.wants() if name not in self._held | others.keys()}}:
            emit(Event.HELD_BY_OTHERS, mailboxes=sorted(others))
        beating = asyncio.create_task(self._beat(), name="tenure")
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def leave(self) -> None:
        """At the end, when all is settled: others take over at their next look."""
        if self._seated:
            with suppress(Transient):  # our connection ends with the process in any case
                await self._ask(self.store.tenure_leave)
        self._seated, self._joined, self._held, self._ours = False, False, frozenset(), frozenset()
        self._call.close()

    @property
    def _rest(self) -> float:
        return min(self.lease.total_seconds() / 4, LONGEST_REST)

    async def _ask(self, work: Callable[..., T], *args: object) -> T:
        """In our thread; a store that does not answer for so long has let go of us."""
        try:
            async with asyncio.timeout(self.lease.total_seconds()):
                return await self._call(work, *args)
        except TimeoutError:
            raise TenureLost("the store does not answer") from None

    async def _join(self, wants: Collection[str]) -> None:
        self._seated = True
        try:
            await self._ask(self.store.tenure_join, self.owner, tuple(wants))
            await self._see(wants)
        except TenureLost as error:  # there was nothing to lose
            raise Unavailable(str(error)) from None
        self._joined = True
        emit(Event.JOINED, owner=self.owner)
        if abs(self.clock.ahead_s) > CLOCKS_DIFFER_S:
            emit(Event.CLOCK_DIFFERS, seconds=round(self.clock.ahead_s))

    async def _see(self, wants: Collection[str]) -> None:
        """Tell the store that we live; see who is there, and what time it is there."""
        self.standing = await self._ask(self.store.tenure_look, tuple(wants))
        if self.standing.clock is not None:
            self.clock.keep_to(*self.standing.clock)

    async def _turn(self, workers: Workers, stop: asyncio.Event) -> None:
        if self._joined:
            await self._see(self.wants())
        elif stop.is_set():
            return
        else:
            await self.join()
        self._note_free()
        if stop.is_set():
            return
        mine = assign(self.standing, self.owner)
        await self._give_back(mine, workers)
        others = {name for name, owner in self.standing.holders.items() if owner != self.owner}
        await self._take_if_room(mine - self._held - others)
        self._set(self._held & mine, workers)
        self.looked()
        if self._settling is None or self._settling.done():  # it waits for the writer, and the heartbeat must not
            self._settling = asyncio.create_task(self._settle_orphans(), name="orphans")

    async def _settle_orphans(self) -> None:
        try:
            await self.orphans()
        except Transient as error:
            emit(Event.STORE_BUSY, error=str(error))
        except Exception as error:  # at the next look; the heartbeat goes on
            emit(Event.TASK_DIED, task="orphans", error=repr(error))

    def _note_free(self) -> None:
        free = self.standing.wanted - self.standing.holders.keys()
        self._nobody = {name: self._nobody.get(name, self.now()) for name in free}
        self._strange = {name: at for name, at in self._strange.items() if name not in self.standing.wanted}

    def _set(self, ours: frozenset[str], workers: Workers) -> None:
        if ours != self._ours:
            self._ours = ours
            workers.look_again()

    async def _give_back(self, mine: frozenset[str], workers: Workers) -> None:
        """What others are to work, as soon as nothing of it is under way here."""
        self._set(self._held & mine, workers)
        if rested := frozenset(name for name in self._held - mine if workers.at_rest(name)):
            await self._ask(self.store.tenure_give_back, rested)
            self._held -= rested
            emit(Event.GIVEN_BACK, mailboxes=sorted(rested))

    async def _take_if_room(self, free: Iterable[str]) -> None:
        """A server whose lock table is full holds up nothing else of a look."""
        try:
            await self._take(free)
        except TenureLost:
            raise
        except Transient as error:
            emit(Event.STORE_BUSY, error=str(error))

    async def _take(self, free: Iterable[str]) -> None:
        names = sorted(free)
        for start in range(0, len(names), AT_ONCE):
            if gained := frozenset(await self._ask(self.store.tenure_take, names[start : start + AT_ONCE])):
                self._held |= gained
                self._nobody = {name: at for name, at in self._nobody.items() if name not in gained}
                emit(Event.TAKEN, mailboxes=sorted(gained))

    async def _lost(self, workers: Workers, error: Exception) -> None:
        """Somebody else may work all of it already: whatever we are at ends here, unsettled."""
        emit(Event.TENURE_LOST, error=str(error))
        self._let_go()
        self._nobody = {}
        await workers.drop()

    def _let_go(self) -> None:
        self._joined, self._held, self._ours = False, frozenset(), frozenset()
        self.place += 1

    async def _beat(self) -> None:
        """The heartbeat of one pass. Mailboxes that it loses stay lost: writes in their names are refused.

        It joins again all the same, or what became of the mail that it was sending could never be written down.
        """
        while True:
            await asyncio.sleep(self._rest if self._joined else min(self._rest, _SOON))
            try:
                await (self._see if self._joined else self._join)(())
            except TenureLost as error:
                emit(Event.TENURE_LOST, error=str(error))
                self._let_go()
            except Transient as error:
                emit(Event.STORE_BUSY, error=str(error))
