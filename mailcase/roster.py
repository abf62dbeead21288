"""Who is at work: a source a mailbox, started, ended and replaced as configuration and people want it."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from mailcase.errors import MailcaseError, Transient
from mailcase.house import House
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.maildir.settings import MaildirSettings
from mailcase.intake.state import MailboxState
from mailcase.log import Event, emit
from mailcase.waiting import first_of

PAUSED: Final = "paused:"  # the flag of a mailbox that a person paused, with who and when
_LOOK_EVERY: Final = 2.0  # seconds between looks at the flags
_END_WITHIN: Final = 15.0  # seconds that a source has to end what it is at


def _nothing() -> None:
    pass


class Source(Protocol):
    """Where a mailbox's mail comes from; see intake.watcher and intake.maildir.watcher."""

    @property
    def state(self) -> MailboxState:
        """How it fares; may be read at any time."""
        ...

    async def run(self) -> None:
        """Watch until its stop event; no error of server, store or pipeline ends it."""
        ...

    async def once(self) -> None:
        """One pass; MailcaseError where the mailbox could not be read."""
        ...


Place = ImapSettings | MaildirSettings
#: Makes the source of a mailbox from its settings, with the event that ends it.
Make = Callable[[Place, asyncio.Event], Source]


@dataclass(slots=True)
class _AtWork:
    """One source that runs."""

    settings: Place
    source: Source
    stop: asyncio.Event
    task: asyncio.Task[None]


class Roster:
    """Runs the sources of all mailboxes that are configured, not paused, and ours to work (tenure)."""

    def __init__(self, house: House, make: Make) -> None:
        self._house = house
        self._make = make
        self._at_work: dict[str, _AtWork] = {}
        self._leaving: dict[asyncio.Task[None], str] = {}  # with its mailbox
        self._changed = asyncio.Event()
        self.paused: frozenset[str] = frozenset()
        self._known = False  # whether the store has told who is paused

    def states(self) -> Mapping[str, MailboxState]:
        """How each mailbox at work fares."""
        return {name: one.source.state for name, one in self._at_work.items()}

    def asleep(self) -> Collection[str]:
        """Whose mail is not taken: who is paused; all, until the store has told who is."""
        return self.paused if self._known else self._house.policy.mailboxes.keys()

    def look_again(self) -> None:
        """The configuration changed: put the sources right at once."""
        self._changed.set()

    def at_rest(self, mailbox: str) -> bool:
        """Whether nobody here reads it and all that was read is settled: another daemon may have it."""
        reads = mailbox in self._at_work or mailbox in self._leaving.values()
        return not reads and mailbox not in self._house.pipeline.mailboxes

    async def drop(self) -> None:
        """End every source at once, whatever it is at: another daemon may read its mailbox already.

        Returns when nothing that they asked of the store is still to be written.
        """
        for name in list(self._at_work):
            self._send_home(name)
        leaving = tuple(self._leaving)
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        await self._house.call(_nothing)

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the right sources at work until the stop event, then end them all."""
        try:
            while not stop.is_set():
                self._changed.clear()
                await self._look()
                if self._known:
                    self._put_right()
                await first_of(_LOOK_EVERY, self._changed, stop)
        finally:
            for name in list(self._at_work):
                self._send_home(name)
            await self._gone()

    async def once(self) -> bool:
        """One pass over every mailbox; whether all of them could be read. Raises Unavailable for a busy store."""
        self._take_in(await self._house.call(self._house.store.flags, PAUSED))
        wanted = dict(self._wanted())
        sources = [self._make(settings, asyncio.Event()) for settings in wanted.values()]
        results = await asyncio.gather(*(one.once() for one in sources), return_exceptions=True)
        for name, error in zip(wanted, results, strict=True):
            if isinstance(error, MailcaseError):
                emit(Event.CONNECTION_LOST, mailbox=name, error=str(error))
            elif isinstance(error, BaseException):
                raise error
        return not any(results)

    def _wanted(self) -> Iterator[tuple[str, Place]]:
        built, works = self._house.built, self._house.tenure.works
        places: dict[str, Place] = {**built.imap, **built.maildir}
        for name, settings in places.items():
            if name not in self.paused and works(name):
                yield name, settings

    async def _look(self) -> None:
        """Whom a person paused; a store that is busy is asked again at the next look."""
        try:
            flags = await self._house.call(self._house.store.flags, PAUSED)
        except Transient as error:
            emit(Event.STORE_BUSY, error=str(error))
            return
        self._take_in(flags)

    def _take_in(self, flags: Mapping[str, str]) -> None:
        self._known = True
        paused = frozenset(name.removeprefix(PAUSED) for name in flags)
        configured = self._house.policy.mailboxes.keys()
        for event, names in ((Event.PAUSED, paused - self.paused), (Event.RESUMED, self.paused - paused)):
            for name in sorted(names & configured):
                emit(event, mailbox=name)
        self.paused = paused

    def _put_right(self) -> None:
        wanted = dict(self._wanted())
        for name, one in list(self._at_work.items()):
            if one.task.done():
                self._report_death(self._at_work.pop(name))
            elif wanted.get(name) != one.settings:
                self._send_home(name)
        for name in wanted.keys() - self._at_work.keys():
            self._set_to_work(name, wanted[name])

    def _set_to_work(self, name: str, settings: Place) -> None:
        stop = asyncio.Event()
        source = self._make(settings, stop)
        task = asyncio.create_task(source.run(), name=f"watcher {name}")
        self._at_work[name] = _AtWork(settings, source, stop, task)

    def _send_home(self, name: str) -> None:
        """Let it end what it is at; the one that comes after it need not wait (delivery keys are unique)."""
        one = self._at_work.pop(name)
        one.stop.set()
        self._leaving[one.task] = name
        one.task.add_done_callback(lambda task: self._leaving.pop(task, None))

    def _report_death(self, one: _AtWork) -> None:
        """A source whose own code failed is started anew at this look; the others never notice (P4)."""
        error = None if one.task.cancelled() else one.task.exception()
        emit(Event.TASK_DIED, task=one.task.get_name(), error=repr(error))

    async def _gone(self) -> None:
        leaving = tuple(self._leaving)
        if leaving:
            await asyncio.wait(leaving, timeout=_END_WITHIN)
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
