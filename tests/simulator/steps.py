"""Steps: every touch of the store, of a server or of a relay is one, and a seeded choice says whose comes next."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Killed(BaseException):
    """The process is gone; nothing of it may go on."""


class StillLoop(asyncio.SelectorEventLoop):
    """An event loop in which no time passes: what waits for a timer waits for ever, so that a seed is a history."""

    def time(self) -> float:
        return 0.0


@dataclass
class Step:
    """What a process is about to do; `may` says whether it can go on (a lock may be held by another)."""

    name: str
    work: Callable[[], Any]
    done: "asyncio.Future[Any]"
    may: Callable[[], bool]


@dataclass
class Gate:
    """One life of one process: the steps it waits to be let do."""

    owner: str  # unique for each life
    waiting: list[Step] = field(default_factory=list)
    dead: bool = False
    frozen: bool = False

    async def step(self, name: str, work: Callable[[], Any], may: Callable[[], bool] = lambda: True) -> Any:
        """Wait to be let do it; its result, or what it raises."""
        self.alive()
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting.append(Step(name, work, done, may))
        return await done

    def alive(self) -> None:
        """Raise Killed in a process that is gone."""
        if self.dead:
            raise Killed

    def ready(self) -> list[Step]:
        """The steps that may be done now."""
        self.waiting = [one for one in self.waiting if not one.done.cancelled()]
        return [] if self.frozen or self.dead else [one for one in self.waiting if one.may()]

    def let(self, step: Step) -> None:
        """Do it and let its process go on."""
        self.waiting.remove(step)
        try:
            result = step.work()
        except Exception as error:
            step.done.set_exception(error)
        else:
            if not step.done.done():
                step.done.set_result(result)

    def kill(self) -> None:
        """As kill -9: nothing of it happens any more."""
        self.dead = True
        self.waiting.clear()


async def turn(times: int = 7) -> None:
    """Let every process run until it waits for a step."""
    for _ in range(times):
        await asyncio.sleep(0)
