"""A shared store's side of tenure in memory: what store.tenure_door keeps, without PostgreSQL."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, TypeVar

from mailcase.errors import TenureLost, Unavailable
from mailcase.sharing import Standing

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class MemoryHall:
    """Who is there; every daemon has a seat of its own."""

    members: dict[str, frozenset[str]] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    signs: int = 0  # of life, until now
    clock: tuple[datetime, float] | None = None  # what time it is there, as Standing says it
    away: bool = False  # the server cannot be reached
    one_at_a_time: RLock = field(default_factory=RLock)  # each daemon asks in a thread of its own

    def end(self, owner: str) -> None:
        """Its session is gone."""
        with self.one_at_a_time:
            self.members.pop(owner, None)
            self.holders = {name: one for name, one in self.holders.items() if one != owner}


def _alone(
    work: Callable[Concatenate["MemorySeat", P], T],
) -> Callable[Concatenate["MemorySeat", P], T]:
    """As a transaction does: what one daemon looks at no other one changes meanwhile."""

    @wraps(work)
    def done(seat: "MemorySeat", /, *args: P.args, **options: P.kwargs) -> T:
        with seat.hall.one_at_a_time:
            return work(seat, *args, **options)

    return done


@dataclass
class MemorySeat:
    """One daemon's store (mailcase.tenure.TenureStore)."""

    hall: MemoryHall
    shared: bool = True
    owner: str = ""
    slow: bool = False  # the next look is too slow, for once
    room: int = 10_000  # locks that the server has room for
    asked: list[int] = field(default_factory=list)  # how many mailboxes were asked for, each time

    @_alone
    def tenure_join(self, owner: str, wants: Collection[str]) -> None:
        if self.hall.away:
            raise Unavailable("store: away")
        self.hall.end(owner)
        self.owner, self.hall.signs = owner, self.hall.signs + 1
        self.hall.members[owner] = frozenset(wants)

    @_alone
    def tenure_look(self, wants: Collection[str]) -> Standing:
        if self.slow:
            self.slow = False
            raise Unavailable("store: slow")
        self._alive()
        self.hall.signs += 1
        self.hall.members[self.owner] = frozenset(wants)
        holders = {name: one for name, one in self.hall.holders.items() if one in self.hall.members}
        return Standing(dict(self.hall.members), holders, dict(self.hall.last), self.hall.clock)

    @_alone
    def tenure_take(self, mailboxes: Collection[str]) -> frozenset[str]:
        self._alive()
        self.hall.signs += 1
        self.asked.append(len(mailboxes))
        free = [name for name in mailboxes if self.hall.holders.get(name, self.owner) == self.owner]
        gained = free[: self.room - len(self.hall.holders)]
        if free and not gained:
            raise Unavailable("store: no room for more locks")
        self.hall.holders.update(dict.fromkeys(gained, self.owner))
        self.hall.last.update(dict.fromkeys(gained, self.owner))
        return frozenset(gained)

    @_alone
    def tenure_give_back(self, mailboxes: Collection[str]) -> None:
        self._alive()
        for name in mailboxes:
            del self.hall.holders[name]

    def tenure_leave(self) -> None:
        self.hall.end(self.owner)

    def _alive(self) -> None:
        if self.hall.away or self.owner not in self.hall.members:
            self.hall.end(self.owner)
            raise TenureLost("store: the lock is gone")
