"""At most so many connections to one host at a time, in the order of asking, and logins a little apart."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from mailcase.waiting import first_of

APART_S: Final = (0.05, 0.1)  # seconds between two logins to one host: at least, at most
_LONG_S: Final = 3600.0


class Permit:
    """The right to one connection. Once `wanted` is set, its holder ends what it is at and gives it back."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.admitted = asyncio.Event()
        self.wanted = asyncio.Event()
        self.rests = False
        self._changed = changed

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Inside, its holder has nothing to do (IDLE), so that it may be asked to make room."""
        self.rests = True
        self._changed()
        try:
            yield
        finally:
            self.rests = False


class Gate:
    """The connections to one host.

    Of those who rest only as many are asked for their permit as wait for one, first those who have held it longest:
    nobody starves behind a mailbox that idles or has much to read, and nobody leaves in vain.
    """

    def __init__(self, permits: int) -> None:
        self._permits = permits
        self._held: list[Permit] = []  # the longest held one first
        self._waiting: list[Permit] = []  # the longest waiting one first
        self._next_login = 0.0  # by the loop's clock

    @asynccontextmanager
    async def permit(self, stop: asyncio.Event) -> AsyncIterator[Permit | None]:
        """Wait for one's turn and hold a permit inside; None where the stop event came first."""
        mine = Permit(self._move_on)
        self._waiting.append(mine)
        self._move_on()
        try:
            while not (mine.admitted.is_set() or stop.is_set()):
                await first_of(_LONG_S, mine.admitted, stop)
            await self._keep_apart(stop)
            yield None if stop.is_set() else mine
        finally:
            (self._held if mine in self._held else self._waiting).remove(mine)
            self._move_on()

    def allow(self, permits: int) -> None:
        """Another number of permits is in force from now on; nobody is thrown out."""
        self._permits = permits
        self._move_on()

    async def _keep_apart(self, stop: asyncio.Event) -> None:
        """Wait until this login may follow the one before."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._next_login)
        if not stop.is_set():
            self._next_login = at + random.uniform(*APART_S)  # noqa: S311  spreads logins, guards no secret
            if at > now:
                await first_of(at - now, stop)

    def _move_on(self) -> None:
        """Let in whoever there is room for, and ask as many who rest for their permit as still wait."""
        while self._waiting and len(self._held) < self._permits:
            admitted = self._waiting.pop(0)
            self._held.append(admitted)
            admitted.admitted.set()
        asked = sum(one.wanted.is_set() for one in self._held)
        resting = [one for one in self._held if one.rests and not one.wanted.is_set()]
        for one in resting[: max(0, len(self._waiting) - asked)]:
            one.wanted.set()


class Gates:
    """The gate of each host, all with the same number of permits (`[intake] connections_per_host`)."""

    def __init__(self, permits: int) -> None:
        self._permits = permits
        self._gates: dict[str, Gate] = {}

    def of(self, host: str) -> Gate:
        """The gate that all mailboxes of this host share."""
        return self._gates.setdefault(host.lower(), Gate(self._permits))

    def allow(self, permits: int) -> None:
        """Another number of permits is in force from now on."""
        self._permits = permits
        for gate in self._gates.values():
            gate.allow(permits)
