"""One history: a seed makes the daemons, what happens to them and whose step comes next; then all comes to rest."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from functools import cache, lru_cache
from random import Random
from typing import Any, Final
from unittest.mock import patch

from mailcase.bench import Bench
from mailcase.errors import Fenced
from mailcase.outbox.compose import Composer
from mailcase.outbox.drain import handing, lane
from mailcase.outbox.settings import SmtpSettings
from mailcase.policy import Limit
from mailcase.shipped import FOLDER
from mailcase.template_files import load_templates
from tests.builders import NOW, make_acknowledge, make_mailbox, make_policy
from tests.simulator.daemon import Around, Life
from tests.simulator.door import Door, Ledger
from tests.simulator.letters import ADDRESS, GROUP, Archive, Letter
from tests.simulator.people import People
from tests.simulator.servers import Held, Post, Relay, Sender
from tests.simulator.steps import Gate, Killed, StillLoop, turn

MOST_STEPS: Final = 2_500  # until rest; more is a history that never ends
_AFTER: Final = ("keep", "seen", "delete", "move:Done")
_HOP: Final = timedelta(minutes=30)
_HOPS: Final = 12  # of the clock, so that what a limit holds may leave or expire


@dataclass(frozen=True)
class Ours:
    """A mail of ours that a relay took."""

    message_id: str  # as whoever has it sees it
    left: str  # its own
    to: str
    subject: str
    sender: str


@dataclass(frozen=True)
class Plan:
    """What a seed stands for."""

    seed: int
    daemons: int = 1
    events: int = 30
    killing: float = 0.02  # chance that a step is the last one of its process
    racing: bool = False
    no_id: float = 0.3  # of the mails, without a Message-ID
    divided: bool = False  # each daemon sends for its own mailboxes alone

    @classmethod
    def of(cls, seed: int) -> "Plan":
        """The usual history of this seed: up to three daemons, whose transactions overlap."""
        chance = Random(seed)
        daemons = chance.choice((1, 2, 3))
        events, killing = chance.randrange(12, 45), chance.choice((0.0, 0.02, 0.06))
        return cls(seed, daemons, events, killing, daemons > 1, divided=chance.random() < 0.5)


@cache
def bench() -> Bench:
    """Three mailboxes, two groups, limits that a short history reaches."""
    names = (("support", "default"), ("billing", "default"), ("library", "library"))
    boxes = [make_mailbox(name=name, address=ADDRESS[name], group=group) for name, group in names]
    hour = timedelta(hours=1)
    limits = {"per_address": Limit(3, hour), "per_domain": Limit(5, hour), "total": Limit(9, hour)}
    policy = make_policy(*boxes, acknowledge=make_acknowledge(**limits, breaker=2))
    return Bench(policy, Composer(policy, load_templates(FOLDER / "templates")))


@dataclass
class World:
    """Everything that there is in one history."""

    plan: Plan
    ledger: Ledger
    fence: bool = True
    now: datetime = NOW  # of the daemons
    server_now: datetime = NOW
    archive: Archive = field(default_factory=Archive)
    posts: dict[str, Post] = field(default_factory=lambda: {box: Post() for box in GROUP})
    arrived: list[tuple[str, Letter, str]] = field(default_factory=list)  # mailbox, letter, sha256
    lives: list[Life] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # promises, as they broke
    steps: int = 0
    quiet: bool = False  # nothing bad happens any more

    def __post_init__(self) -> None:
        self.chance = Random(self.plan.seed)
        self.people = People(self, self.chance)
        self.relay = Relay(lambda: self.now, lambda: "" if self.quiet else self.people.mood())
        after = {box: self.chance.choice(_AFTER) for box in GROUP}
        self.around = Around(
            lambda: self.now, bench(), self.posts, after, self.chance.choice((1, 2, 5)), self.plan.racing,
            self.plan.divided, self.touched, self.broken.append,
        )  # fmt: skip

    # --- what the promises and the people ask ---

    def touched(self, box: str, held: Held) -> None:
        """R1: what the daemon tells the server of must be stored and decided by then."""
        if held.sha256 not in self.settled(box):
            self.broken.append(f"R1: {box} was told of a mail that is not decided")

    def settled(self, box: str) -> set[str]:
        """sha256 of the mails of this mailbox that have an outcome."""
        raise NotImplementedError

    def case_numbers(self) -> list[str]:
        """Of every case."""
        raise NotImplementedError

    def waiting(self) -> bool:
        """Whether a mail of ours waits for its time."""
        raise NotImplementedError

    def progress(self) -> object:
        """Anything that differs while there is something to do."""
        raise NotImplementedError

    def ours(self) -> list[tuple[Ours, str]]:
        """What the relay took, with the mailbox that sent it."""
        by_address = {address: box for box, address in ADDRESS.items()}
        pairs = zip(self.relay.taken, self.relay.left, strict=True)
        taken = [_ours(mail.data, left) for (_, mail), left in pairs]
        return [(one, by_address[one.sender]) for one in taken]

    # --- daemons ---

    def living(self) -> list[Life]:
        return [one for one in self.lives if not one.gate.dead]

    def gone(self, owner: str) -> bool:
        """Whether that life's presence can be taken: it ended, or stood still too long."""
        return not any(one.gate.owner == owner and one.joined for one in self.living())

    def freeze(self, life: Life) -> None:
        """SIGSTOP; in half of the cases long enough to lose its locks."""
        life.gate.frozen = True
        if self.plan.daemons > 1 and self.chance.random() < 0.5:
            life.frozen_out = True
            life.release()
            life.boxes.clear()

    def cut(self, life: Life) -> None:
        """Its connection to the database is lost while it is alive, where others share the store."""
        if self.plan.daemons > 1 and life.joined:
            life.cut()

    def _door(self, life: Life) -> Door:
        def fenced(boxes: Collection[str]) -> None:
            lost = frozenset(boxes) - life.boxes
            if life.frozen_out and not self.fence:
                self.broken.append("F17: a daemon that lost its locks wrote")
            elif lost and not life.frozen_out and not self.fence:
                self.broken.append("F17: a daemon wrote for a mailbox that it had lost")
            elif lost or life.frozen_out:
                raise Fenced("another daemon works this now", lost)

        return Door(self.ledger, life.gate, lambda: life.boxes, fenced)

    def share_out(self) -> None:
        """As many daemons as the plan says; each free mailbox to one that lives."""
        able = [one for one in self.living() if not one.frozen_out]
        while len(able) < self.plan.daemons:
            life = Life(self.around, Gate(f"d{len(self.lives)}"), self._door)
            self.lives.append(life)
            able.append(life)
        kept = {box for one in able for box in one.boxes}
        for box in sorted(GROUP.keys() - kept):
            if free := [one for one in able if one.joined]:
                min(free, key=lambda one: len(one.boxes)).take(box)

    # --- the course of things ---

    def run(self) -> None:
        """The whole history."""
        with self._senders(), asyncio.Runner(loop_factory=StillLoop) as runner:
            runner.get_loop().set_exception_handler(self._stray)
            runner.run(self._course())

    async def _course(self) -> None:
        left = self.plan.events
        while left and self.steps < MOST_STEPS:
            self.share_out()
            await turn()
            if self.chance.random() < 0.25:
                self.people.act()
                left -= 1
            self._one_step()
        self.quiet = True
        for _ in range(_HOPS):
            await self._rest()
            if not self.waiting():
                break
            self.now += _HOP
        if self.steps >= MOST_STEPS:
            self.broken.append("P4: the history does not come to rest")
        for life in self.living():
            life.end()

    def _one_step(self) -> None:
        """Somebody's next step; sometimes his last, before or after it is done."""
        self.steps += 1
        tick = timedelta(seconds=self.chance.randrange(20))
        self.now, self.server_now = self.now + tick, self.server_now + tick
        ready = [(life, step) for life in self.living() for step in life.gate.ready()]
        if self.quiet:
            ready = [(life, step) for life, step in ready if step.name != "rest"]
        if self.plan.racing and self.chance.random() < 0.7:  # a transaction under way waits for another to begin
            ready = [(life, step) for life, step in ready if step.name != "settle"] or ready
        if not ready:
            return
        life, step = self.chance.choice(ready)
        fate = self.chance.random() if not self.quiet else 1.0
        if fate < self.plan.killing / 2:
            life.end()
            return
        try:
            life.gate.let(step)
        except Killed:
            life.end()
        if fate < self.plan.killing:
            life.end()

    async def _rest(self) -> None:
        """Until every daemon has looked twice and nothing came of it."""
        idle = 0
        while idle < 2 and self.steps < MOST_STEPS:
            before = self.progress()
            for life in self.living():
                life.gate.frozen = False
                for step in [one for one in life.gate.ready() if one.name == "rest"]:
                    life.gate.let(step)
            await self._work_off()
            idle = idle + 1 if self.progress() == before else 0

    async def _work_off(self) -> None:
        """Until each part of each daemon rests."""
        while self.steps < MOST_STEPS:
            self.share_out()
            await turn()
            if all(one.name == "rest" for life in self.living() for one in life.gate.ready()):
                return
            self._one_step()

    @contextmanager
    def _senders(self) -> Iterator[None]:
        def sender(settings: SmtpSettings) -> Sender:
            life = next(one for one in self.lives if one.gate.owner == settings.host)
            return Sender(settings, self.relay, life.gate)

        passed = patch.object(handing, "since_boot", lambda: self.server_now.timestamp())
        with patch.object(lane, "SmtpSender", sender), passed:
            yield

    def _stray(self, _: object, context: dict[str, Any]) -> None:
        """What asyncio tells of tasks that nobody awaits: only the killed and the fenced may end so."""
        error = context.get("exception")
        if error is not None and not isinstance(error, Killed | Fenced | asyncio.CancelledError):
            self.broken.append(f"P4: {type(error).__name__}: {error}")


@lru_cache(maxsize=4096)
def _ours(data: bytes, left: bytes) -> Ours:
    mail = message_from_bytes(data)
    to, sender = (str(mail[name]).rpartition("<")[2].rstrip(">") for name in ("To", "From"))
    return Ours(mail["Message-ID"], message_from_bytes(left)["Message-ID"], to, mail["Subject"], sender)
