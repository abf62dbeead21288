"""Keeps this daemon's share of the mailboxes where several daemons work on one store (architecture.md)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from mailcase.errors import TenureLost, Transient, Unavailable
from mailcase.log import Event, emit
from mailcase.ports import Journalled
from mailcase.sharing import Standing, assign, senior
from mailcase.waiting import first_of
from mailcase.writer import Writer

T = TypeVar("T")
LONGEST_REST: Final = 5.0  # seconds between looks: a mailbox without a daemon waits no longer (30 s with the lease)
_SOON: Final = 0.5  # seconds: something is about to be given back, or the store may be back
UNWATCHED_AFTER: Final = timedelta(seconds=60)  # mail that was handed in to another daemon is left to it so long
_WATCHED: Final = ("imap:", "maildir:")  # sources of the journal that one daemon alone reads


class TenureStore(Protocol):
    """What this needs of the store; see store.tenure_door."""

    @property
    def shared(self) -> bool:
        """Whether others may work on it too."""
        ...

    def tenure_join(self, owner: str, wants: Collection[str], now: datetime) -> None:
        """Be there, with a new fence; Unavailable."""
        ...

    def tenure_look(self, wants: Collection[str], now: datetime) -> Standing:
        """The heartbeat, and who is there; TenureLost where this daemon is no longer, Unavailable for once."""
        ...

    def tenure_take(self, mailboxes: Collection[str], now: datetime) -> frozenset[str]:
        """Those of them that could be had."""
        ...

    def tenure_give_back(self, mailboxes: Collection[str]) -> None:
        """They are free for others."""
        ...

    def tenure_leave(self) -> None:
        """An orderly stop: everything is free."""
        ...


class Workers(Protocol):
    """Those who read the mailboxes; see roster."""

    def look_again(self) -> None:
        """What this daemon works has changed."""
        ...

    def at_rest(self, mailbox: str) -> bool:
        """Whether nobody reads it and all that was read is settled."""
        ...

    async def drop(self) -> None:
        """End at once whatever is read; nothing is settled first."""
        ...


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
    """

    store: TenureStore
    owner: str
    wants: Callable[[], Collection[str]]
    lease: timedelta
    now: Callable[[], datetime]
    standing: Standing = field(default_factory=Standing)  # as of the last look
    orphans: Callable[[], Awaitable[None]] = _nothing  # settles what daemons that are gone left half sent
    _held: frozenset[str] = frozenset()  # what the store gave us
    _ours: frozenset[str] = frozenset()  # of that, what is not about to be given back
    _nobody: dict[str, datetime] = field(default_factory=dict)  # mailbox -> since when nobody holds it
    _joined: bool = False
    _settling: asyncio.Task[None] | None = None
    _call: Writer = field(default_factory=Writer)  # a thread of its own: the heartbeat waits for no transaction

    def works(self, mailbox: str) -> bool:
        """Whether this daemon is the one that works it."""
        return not self.store.shared or mailbox in self._ours

    @property
    def is_senior(self) -> bool:
        """Whether this daemon does what one alone should do."""
        return not self.store.shared or (self._joined and senior(self.standing) == self.owner)

    @property
    def unheld(self) -> Mapping[str, datetime]:
        """Mailboxes that no daemon holds, with when that began."""
        return self._nobody if self._joined else {}

    def takes_up(self, row: Journalled) -> bool:
        """Whether undecided mail that nobody here works on is ours to decide.

        What was handed in to another living daemon is under way there: it is left to it for a while. Mail of a
        mailbox that nobody is configured for any more is decided by the senior daemon.
        """
        if not self.store.shared:
            return True
        mailbox = row.delivery.mailbox
        if mailbox not in self._ours:
            return mailbox not in self.standing.wanted and self.is_senior
        alone = self.standing.members.keys() <= {self.owner}
        old = self.now() - row.delivery.received_at >= UNWATCHED_AFTER
        return alone or old or row.delivery.source.startswith(_WATCHED)

    async def join(self) -> None:
        """Be one of those who share the store; raises Unavailable."""
        if self.store.shared:
            await self._join(self.wants())

    async def run(self, workers: Workers, stop: asyncio.Event, released: asyncio.Event) -> None:
        """Keep our share until `stop`, and what we then hold until `released`: then all of it is settled."""
        while self.store.shared and not released.is_set():
            try:
                await self._turn(workers, stop)
            except (TenureLost, TimeoutError) as error:
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
        self.standing = await self._ask(self.store.tenure_look, (), self.now())
        others = {name: self.standing.holders[name] for name in self.wants() if name in self.standing.holders}
        await self._take(frozenset(self.wants()) - others.keys())
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
        if self._joined:
            with suppress(Transient):  # our connection ends with the process in any case
                await self._ask(self.store.tenure_leave)
        self._joined, self._held, self._ours = False, frozenset(), frozenset()
        self._call.close()

    @property
    def _rest(self) -> float:
        return min(self.lease.total_seconds() / 4, LONGEST_REST)

    async def _ask(self, work: Callable[..., T], *args: object) -> T:
        """In our thread; a store that does not answer for so long has let go of us."""
        async with asyncio.timeout(self.lease.total_seconds()):
            return await self._call(work, *args)

    async def _join(self, wants: Collection[str]) -> None:
        try:
            await self._ask(self.store.tenure_join, self.owner, tuple(wants), self.now())
        except TimeoutError:
            raise Unavailable("the store does not answer") from None
        self._joined = True
        emit(Event.JOINED, owner=self.owner)

    async def _turn(self, workers: Workers, stop: asyncio.Event) -> None:
        if not self._joined:
            if stop.is_set():
                return
            await self.join()
        self.standing = await self._ask(self.store.tenure_look, tuple(self.wants()), self.now())
        self._note_free()
        if stop.is_set():
            return
        mine = assign(self.standing, self.owner)
        await self._give_back(mine, workers)
        await self._take(mine - self._held - self.standing.holders.keys())
        self._set(self._held & mine, workers)
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

    async def _take(self, free: Iterable[str]) -> None:
        if not (free := frozenset(free)):
            return
        if gained := frozenset(await self._ask(self.store.tenure_take, free, self.now())):
            self._held |= gained
            self._ours |= gained
            self._nobody = {name: at for name, at in self._nobody.items() if name not in gained}
            emit(Event.TAKEN, mailboxes=sorted(gained))

    async def _lost(self, workers: Workers, error: Exception) -> None:
        """Somebody else may work all of it already: whatever we are at ends here, unsettled."""
        emit(Event.TENURE_LOST, error=str(error) or "the store does not answer")
        self._joined, self._held, self._ours, self._nobody = False, frozenset(), frozenset(), {}
        await workers.drop()

    async def _beat(self) -> None:
        """The heartbeat of one pass; what it loses, its writes find out."""
        while True:
            await asyncio.sleep(self._rest)
            try:
                self.standing = await self._ask(self.store.tenure_look, (), self.now())
            except (TenureLost, TimeoutError) as error:
                emit(Event.TENURE_LOST, error=str(error) or "the store does not answer")
                self._held = self._ours = frozenset()
                return
            except Transient as error:
                emit(Event.STORE_BUSY, error=str(error))
