"""What each mail of the corpus is and what must become of it, decided before a byte of it is written."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["new", "reply", "subject", "body", "automatic", "blacklisted", "malformed"]

#: Hundredths of all mails.
SHARES: Final[dict[Kind, int]] = {
    "new": 40,
    "reply": 35,
    "subject": 10,
    "body": 3,
    "automatic": 5,
    "blacklisted": 5,
    "malformed": 2,
}
#: The chance that a mail of a kind comes from somebody who never wrote before; in all, 60 of 100.
STRANGERS: Final[dict[Kind, float]] = {
    "new": 0.94,
    "reply": 0.22,
    "subject": 0.3,
    "body": 0.3,
    "automatic": 1.0,
    "blacklisted": 0.6,
    "malformed": 0.9,
}
#: The first mails, in hundredths: plain new ones, so that any program numbers them 1, 2, 3 …; only these numbers
#: are written into later mails, so that the truth holds for programs that make cases of different mails.
NUMBERED: Final = 6
HEADERS: Final = ("both", "both", "both", "both", "both", "both", "both", "references", "references", "in_reply_to")
AUTOMATIC: Final = ("away_thread", "away", "bounce", "notification", "list")
LONGEST_CHAIN: Final = 12  # ids in References


@dataclass(frozen=True, slots=True)
class Wish:
    """One mail to be written."""

    index: int
    kind: Kind
    form: str  # the headers of a reply; which automatic or malformed mail
    person: int  # who writes
    stranger: bool  # never wrote before
    case: int | None  # index of the mail that made the case it belongs to; its own: a new case; None: no case
    chain: tuple[int, ...] = ()  # the mails it answers, oldest first
    number: int | None = None  # the running number that it names

    @property
    def acknowledge(self) -> bool | None:
        """Whether it must be answered; None where either is right."""
        return None if self.kind == "malformed" else self.kind == "new"


@dataclass(slots=True)
class _World:
    """What was written so far."""

    rng: random.Random
    people: int = 0
    threads: list[list[Wish]] = field(default_factory=list)
    of_case: dict[int, list[Wish]] = field(default_factory=dict)
    numbered: list[Wish] = field(default_factory=list)

    def writer(self, kind: Kind, known: int | None) -> tuple[int, bool]:
        """Somebody new, or the one that is known (None: anybody who wrote)."""
        if self.people and self.rng.random() >= STRANGERS[kind]:
            return (self.rng.randrange(self.people) if known is None else known), False
        self.people += 1
        return self.people - 1, True


def plan(count: int, seed: int) -> Iterator[Wish]:
    """The wishes of `count` mails in the order of their arrival; the same for the same seed."""
    world = _World(random.Random(seed))
    for index, kind in enumerate(_kinds(count, world.rng)):
        yield _wish(index, kind, world, numbered=index < _numbered(count))


def _numbered(count: int) -> int:
    return max(5, count * NUMBERED // 100)


def _kinds(count: int, rng: random.Random) -> list[Kind]:
    """New mails first, then everything in its share, mixed."""
    kinds: list[Kind] = [kind for kind, share in SHARES.items() for _ in range(count * share // 100)]
    kinds += ["new"] * (count - len(kinds))
    kinds.sort(key=lambda kind: kind != "new")
    first = _numbered(count)
    rest = kinds[first:]
    rng.shuffle(rest)
    return [*kinds[:first], *rest]


def _wish(index: int, kind: Kind, world: _World, *, numbered: bool) -> Wish:
    if kind == "new":
        wish = _new(index, world)
        if numbered:
            world.numbered.append(wish)
        return wish
    if kind == "reply":
        return _joined(world, _reply(index, "reply", world.rng.choice(HEADERS), world))
    if kind in ("subject", "body"):
        return _joined(world, _numbering(index, kind, world))
    if kind == "automatic":
        return _automatic(index, world)
    person, stranger = world.writer(kind, None)
    case = index if kind == "malformed" else None
    return Wish(index, kind, str(world.rng.randrange(1 << 16)), person, stranger, case)


def _new(index: int, world: _World) -> Wish:
    person, stranger = world.writer("new", None)
    wish = Wish(index, "new", "", person, stranger, index)
    world.threads.append([wish])
    world.of_case[index] = world.threads[-1]
    return wish


def _reply(index: int, kind: Kind, form: str, world: _World) -> Wish:
    """To a mail of a thread that is still talked about."""
    age = min(int(world.rng.expovariate(1 / 60)), len(world.threads) - 1)
    thread = world.threads[-1 - age]
    parent = world.rng.choice(thread[-3:])
    person, stranger = world.writer(kind, thread[0].person)
    chain = (*parent.chain, parent.index)[-LONGEST_CHAIN:]
    return Wish(index, kind, form, person, stranger, thread[0].index, chain)


def _numbering(index: int, kind: Kind, world: _World) -> Wish:
    which = world.rng.randrange(len(world.numbered))
    first = world.numbered[which]
    person, stranger = world.writer(kind, first.person)
    return Wish(index, kind, "", person, stranger, first.index, (), which + 1)


def _joined(world: _World, wish: Wish) -> Wish:
    assert wish.case is not None  # noqa: S101 - replies and numbers have one: `_reply`, `_numbering`
    world.of_case[wish.case].append(wish)
    return wish


def _automatic(index: int, world: _World) -> Wish:
    form = AUTOMATIC[world.rng.randrange(len(AUTOMATIC))]
    if form == "away_thread":
        return _reply(index, "automatic", form, world)
    person, stranger = world.writer("automatic", None)
    return Wish(index, "automatic", form, person, stranger, index if form in ("notification", "list") else None)
