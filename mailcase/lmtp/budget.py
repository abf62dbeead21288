"""How much mail handed in may be in memory at once: who comes when it is full waits, or is put off (R10)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Budget:
    """So many bytes for all mails that are received, journalled or decided; first come, first served."""

    most: Callable[[], int]  # [intake] memory, as configured now
    used: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _freed: asyncio.Event = field(default_factory=asyncio.Event)

    async def load(self, size: int, patience: float) -> "Load | None":
        """Room for a mail of that many bytes; None if there was none within `patience` seconds."""
        try:
            async with asyncio.timeout(patience), self._turn:
                while not self.fits(size):
                    self._freed.clear()
                    await self._freed.wait()
                self.used += size
        except TimeoutError:
            return None
        return Load(self, size)

    def fits(self, more: int) -> bool:
        """Whether there is room for more; a single mail always has it."""
        return not self.used or self.used + more <= self.most()

    def give_back(self, size: int) -> None:
        """So many bytes are free again."""
        self.used -= size
        self._freed.set()


@dataclass(slots=True)
class Load:
    """The room of one mail."""

    budget: Budget
    held: int

    def hold(self, size: int) -> bool:
        """Make it room for `size` bytes in all; False, and nothing changed, where there is not so much."""
        more = size - self.held
        if more > 0 and not self.budget.fits(more):
            return False
        if more > 0:
            self.budget.used += more
            self.held = size
        return True

    def becomes(self, size: int) -> None:
        """It is `size` bytes in all: they are there already, so they count whether there is room or not."""
        self.budget.give_back(self.held - size)
        self.held = size

    def release(self) -> None:
        """Give the room back; harmless when repeated."""
        held, self.held = self.held, 0
        self.budget.give_back(held)
