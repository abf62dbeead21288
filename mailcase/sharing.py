"""Which daemon works which mailbox, where several share one store: fair shares that move as little as can be. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

#: Sources of the journal that one daemon at a time reads; mail of the others is handed in to any of them.
WATCHED: Final = ("imap:", "maildir:")


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is there and who holds what, at one moment."""

    members: Mapping[str, frozenset[str]] = field(default_factory=dict)  # living owner -> what it is configured for
    holders: Mapping[str, str] = field(default_factory=dict)  # mailbox -> living owner that holds it
    last: Mapping[str, str] = field(default_factory=dict)  # mailbox -> owner that had it last
    clock: tuple[datetime, float] | None = None  # the store's time, and ours since boot then; None: not well known

    @property
    def wanted(self) -> frozenset[str]:
        """Every mailbox that some living daemon is configured for."""
        return frozenset[str]().union(*self.members.values())


@dataclass(frozen=True, slots=True)
class Portion:
    """Whose mail one daemon sends, so that a mailbox's mail leaves by one: those mailboxes, or all `but` those."""

    mailboxes: frozenset[str] = frozenset()
    but: bool = False

    def __contains__(self, mailbox: str) -> bool:
        return (mailbox in self.mailboxes) != self.but

    def without(self, mailboxes: Collection[str]) -> "Portion":
        """All of it but these mailboxes."""
        left = self.mailboxes | frozenset(mailboxes) if self.but else self.mailboxes - frozenset(mailboxes)
        return Portion(left, self.but)


EVERYTHING: Final = Portion(but=True)  # of a store that nobody shares


def portion(standing: Standing, me: str, mine: frozenset[str]) -> Portion:
    """What `me`, who works `mine`, sends. The senior sends for mailboxes that nobody works or wants as well."""
    if senior(standing) != me:
        return Portion(mine)
    return Portion((standing.wanted | standing.holders.keys()) - mine, but=True)


def assign(standing: Standing, me: str) -> frozenset[str]:
    """The mailboxes that `me` should work (architecture.md: at most its fair share).

    Every daemon comes to the same answer from the same facts: each wanted mailbox has one living daemon that is
    configured for it; where all want the same, their counts differ by one at most. Who has a mailbox keeps it
    unless he has too many; what is free moves before what is held, so that no step undoes the one before.
    """
    shares = _as_it_is(standing)
    while step := _relief(standing, shares):
        mailbox, giver, taker = step
        shares[giver].discard(mailbox)
        shares[taker].add(mailbox)
    return frozenset(shares.get(me, ()))


def senior(standing: Standing) -> str:
    """The daemon that does what one alone must do; "" where none is there. One without mailboxes comes last."""
    return min(standing.members, key=lambda name: (not standing.members[name], name), default="")


def _as_it_is(standing: Standing) -> dict[str, set[str]]:
    """Everything with its holder; what is free with who had it last, else with who has least."""
    shares: dict[str, set[str]] = {name: set() for name in sorted(standing.members)}
    free: list[str] = []
    for mailbox in sorted(standing.wanted):
        owner = standing.holders.get(mailbox) or standing.last.get(mailbox, "")
        if mailbox in standing.members.get(owner, ()):
            shares[owner].add(mailbox)
        else:
            free.append(mailbox)
    for mailbox in free:
        takers = [name for name, wants in standing.members.items() if mailbox in wants]
        shares[_least(takers, shares)].add(mailbox)
    return shares


def _relief(standing: Standing, shares: Mapping[str, set[str]]) -> tuple[str, str, str] | None:
    """The next move from who has most to who has at least two less: (mailbox, giver, taker); None when fair."""
    for giver in sorted(shares, key=lambda name: (-len(shares[name]), name)):
        poorer = [name for name in shares if len(shares[name]) + 2 <= len(shares[giver])]
        for taker in sorted(poorer, key=lambda name: (len(shares[name]), name)):
            if movable := shares[giver] & standing.members[taker]:
                return _cheapest(movable, standing), giver, taker
    return None


def _cheapest(mailboxes: Iterable[str], standing: Standing) -> str:
    """One that nobody has to give back, if there is one."""
    return min(mailboxes, key=lambda mailbox: (mailbox in standing.holders, mailbox))


def _least(names: Iterable[str], shares: Mapping[str, Collection[str]]) -> str:
    return min(names, key=lambda name: (len(shares[name]), name))
