"""A history over the twin, and the promises that must hold at its end."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from mailcase.outbox.limits import domain_of
from tests.simulator.letters import GROUP, Letter
from tests.simulator.rows import Message
from tests.simulator.servers import LOST
from tests.simulator.twin import Flaws, Twin
from tests.simulator.world import Plan, World

HOUR = timedelta(hours=1)


class TwinWorld(World):
    """With the twin as its store."""

    ledger: Twin

    @classmethod
    def of(cls, plan: Plan, flaws: Flaws | None = None) -> "TwinWorld":
        """Not yet run."""
        twin = Twin(flaws or Flaws())
        world = cls(plan, twin, fence=twin.flaws.fence)
        twin.outbox.gone = world.gone
        return world

    def settled(self, box: str) -> set[str]:
        mails = self.ledger.mails
        return {
            _sha256(one.raw)
            for number, one in mails.arrivals.items()
            if one.mailbox == box and number in mails.outcomes
        }

    def case_numbers(self) -> list[str]:
        return [one.number for one in self.ledger.tables.cases.values()]

    def waiting(self) -> bool:
        return any(row.state == "pending" for row in self.ledger.outbox.rows.values())

    def progress(self) -> object:
        twin = self.ledger
        folders = tuple((len(post.inbox), len(post.done)) for post in self.posts.values())
        rows = tuple((row.state, row.next_attempt_at) for row in twin.outbox.rows.values())
        return len(twin.mails.arrivals), len(twin.mails.outcomes), len(twin.mails.marked), folders, rows


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def broken(world: TwinWorld) -> list[str]:
    """Every promise that does not hold, in words."""
    checks = (_lost, _doubled, _acknowledged, _bounded, _numbers, _marks, _open)
    return [*world.broken, *(what for check in checks for what in check(world))]


def _letter(world: TwinWorld, message: Message) -> Letter | None:
    return world.archive.by_sha256.get(message.sha256)


def _lost(world: TwinWorld) -> Iterator[str]:
    """P1: each mail that lies on the server or that we touched there has an outcome; and so has its letter."""
    for box, post in world.posts.items():
        done = world.settled(box)
        held = {one.sha256 for one in (*post.inbox.values(), *post.done)}
        yield from (f"P1: a mail of {box} has no outcome" for sha256 in sorted(held - done))
    twin = world.ledger
    taken = {sha256 for post in world.posts.values() for sha256 in post.taken}
    for box, letter, sha256 in world.arrived:
        rows = [
            twin.mails.outcomes.get(number, "undecided")
            for number, one in twin.mails.arrivals.items()
            if GROUP[one.mailbox] == GROUP[box] and world.archive.by_sha256[_sha256(one.raw)] == letter
        ]
        if sha256 not in taken and (not rows or set(rows) == {"duplicate"}):
            yield f"P1: letter {letter.number} to {box} was {rows or 'never read'}"


def _doubled(world: TwinWorld) -> Iterator[str]:
    """P2: a letter is one message and at most one case in each group, whatever happened."""
    tables = world.ledger.tables
    incoming = [one for one in tables.messages.values() if one.direction == "in"]
    messages = Counter((one.group, letter.number) for one in incoming if (letter := _letter(world, one)))
    yield from (
        f"P2: letter {number} is {count} messages of {group}"
        for (group, number), count in messages.items()
        if count > 1
    )
    origins = [tables.messages[one.origin] for one in tables.cases.values() if one.origin in tables.messages]
    cases = Counter((one.group, letter.number) for one in origins if (letter := _letter(world, one)))
    yield from (
        f"P2: letter {number} made {count} cases in {group}" for (group, number), count in cases.items() if count > 1
    )


def _acknowledged(world: TwinWorld) -> Iterator[str]:
    """P3: at most one acknowledgement of a letter by a group, and none of automatic mail."""
    sent: Counter[tuple[str, int]] = Counter()
    for mail, _ in world.ours():
        number = next(at for at, one in world.ledger.tables.outbox.items() if one.mail.message_id == mail.left)
        answer = world.ledger.tables.answers[number]
        letter = world.archive.by_sha256[_sha256(world.ledger.mails.arrivals[answer.delivery].raw)]
        sent[answer.group, letter.number] += 1
        if letter.kind == "automatic":
            yield f"P3: automatic letter {letter.number} was acknowledged"
    yield from (
        f"P3: letter {number} was acknowledged {count} times by {group}"
        for (group, number), count in sent.items()
        if count > 1
    )


def _bounded(world: TwinWorld) -> Iterator[str]:
    """R6: the caps within an hour by the daemons' clock; each further daemon may be one mail ahead.

    Whoever sends asks for those in total and of a domain; who decides asks for that of an address.
    """
    rules = world.around.bench.policy.acknowledge
    times: dict[tuple[str, int], list[datetime]] = defaultdict(list)
    for row in world.ledger.outbox.rows.values():
        if row.state in ("sent", "uncertain", "bounced") and row.claimed_at is not None:
            times["in total", rules.total.count].append(row.claimed_at)
            times[f"to {domain_of(row.mail.to)}", rules.per_domain.count].append(row.claimed_at)
            times[f"to {row.mail.to}", rules.per_address.count].append(row.mail.created_at)
    for (whom, count), at in times.items():
        late = max(sum(1 for other in at if timedelta(0) <= when - other < HOUR) for when in at)
        if late > count + world.plan.daemons - 1:
            yield f"R6: {late} mails {whom} within an hour, {count} are the limit"


def _numbers(world: TwinWorld) -> Iterator[str]:
    """R8: a number is one case's for ever."""
    numbers = Counter(world.case_numbers())
    yield from (f"R8: {number} stands for {count} cases" for number, count in numbers.items() if count > 1)


def _marks(world: TwinWorld) -> Iterator[str]:
    """A made-up mark leads nowhere; an answer to our mail stands on the case that we wrote about."""
    tables = world.ledger.tables
    cases = {one.message_id: case for case, pk in tables.links if (one := tables.messages[pk]).direction == "out"}
    for pk, one in tables.messages.items():
        letter = _letter(world, one)
        if letter is None or one.direction == "out":
            continue
        on = {case: link for (case, message), link in tables.links.items() if message == pk}
        if letter.kind == "forged" and any(link.linked_by == "token" for link in on.values()):
            yield f"R5: forged letter {letter.number} was linked by its token"
        if letter.answers in cases and cases[letter.answers] not in on:
            yield f"B7: letter {letter.number} answers {letter.answers} and does not stand on its case"


def _open(world: TwinWorld) -> Iterator[str]:
    """At rest nothing is under way: no mail undecided, none untold, none `sending`."""
    twin = world.ledger
    waiting = [number for number in twin.mails.arrivals if number not in twin.mails.outcomes]
    yield from (f"P1: delivery {number} waits" for number in waiting)
    for number, row in twin.outbox.rows.items():
        if row.state == "sending":
            yield f"P3: mail {number} is still sending"
        here = row.state == "uncertain" and row.reason != "interrupted"
        if here and row.error not in ("", LOST):  # what is raised there by mistake counts as such
            yield f"P3: mail {number} is uncertain by a fault of ours: {row.error}"
