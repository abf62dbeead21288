"""Three daemons on one PostgreSQL, killed, frozen and cut off at random while people write and answer."""

import contextlib
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import psycopg

from soak._letters import AGENTS, GROUP, MOVED, STAFFED, Letters
from soak._post import People, Post
from soak._rounds import Round, outcome
from soak._truth import untrue
from soak.part import Outcome, Work
from tests.servers.crew import Crew
from tests.servers.invariants import Box, Scene, findings

SAYS: Final = "three daemons on one PostgreSQL under random kills, freezes and restarts; SOAK_MAILS=20000"
MINUTES: float = 10.0

_OUTCOMES: Final = "SELECT outcome, count(*) FROM delivery GROUP BY 1"
_KINDS: Final = "SELECT kind || ' ' || state, count(*) FROM outbox GROUP BY 1"
_CASES: Final = 'SELECT count(*) FROM "case"'
_BYTES: Final = "SELECT pg_database_size(current_database())"
_WHY: Final = (
    "SELECT mailbox || ' ' || source || ' after ' || attempts || ' tries: ' || reason || ' ' || error FROM delivery \
WHERE outcome = 'quarantined'"
)
_UNDECIDED: Final = "SELECT count(*) FROM delivery WHERE outcome IS NULL"
_OPEN: Final = "SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending')"
_NOT_TOLD: Final = "SELECT mailbox, count(*) FROM delivery WHERE source LIKE 'imap:%' AND NOT marked GROUP BY 1"
_FETCHED: Final = "SELECT count(*) FROM delivery WHERE source LIKE 'imap:%'"
_ROUNDS: Final = 3  # of one length together, each with servers and a store of its own
_SIZE: Final = 3
_TEMPFAIL: Final = 75
_LEASE_S: Final = 5
_SETTLED_WITHIN: Final = 900.0  # seconds for what is left when the troubles are over
_BETWEEN_S: Final = (2.0, 7.0)  # from one trouble to the next
_MOVE: Final = "move:Done"
_STAFF: Final = """
[[assignment]]
name = "in turn"
mailbox = "{box}"
group = "First line"
pick = "round_robin"
"""


@dataclass
class Trouble:
    """One trouble after another, never all daemons at once for long."""

    crew: Crew
    chance: random.Random
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def one(self) -> None:
        """Kill, freeze, or the database; with what follows until all are up again."""
        what = self.chance.choices(("kill", "freeze", "short freeze", "postgres"), (5, 3, 2, 1))[0]
        self.seen[what] += 1
        at = self.chance.randrange(_SIZE)
        if what == "kill":
            self.crew.kill(at)
            time.sleep(self.chance.uniform(0, 4))
            self.crew.start(at)
        elif what == "postgres":
            self.crew.postgres.kill()
            time.sleep(self.chance.uniform(0, 3))
            self.crew.postgres.start()
        else:
            self.crew.freeze(at)
            lease = _LEASE_S * (2.5 if what == "freeze" else 0.5)
            time.sleep(self.chance.uniform(0, lease))
            self.crew.thaw(at)

    def mend(self) -> None:
        """A daemon that could not start, since the database was away (75), is started as systemd would."""
        for at, daemon in enumerate(self.crew.daemons):
            if daemon is not None and daemon.poll() is not None:
                self.seen[f"ended by itself with {daemon.returncode}"] += 1
                if daemon.returncode != _TEMPFAIL:
                    last = " | ".join(self.crew.log(at).read_text().splitlines()[-8:])[-2000:]
                    self.wrong.append(f"daemon {at} ended by itself with {daemon.returncode}: {last}")
                self.crew.start(at)


def run(work: Work) -> Outcome:
    """Rounds, each kept when it has been settled and compared; an interrupted one begins anew."""
    mails = int(os.environ.get("SOAK_MAILS", "20000"))
    rounds: list[Round] = work.kept("rounds", [])
    while (number := len(rounds)) < _ROUNDS:
        share = mails * (number + 1) // _ROUNDS - mails * number // _ROUNDS
        rounds.append(_round(work, share, work.minutes * 60 / _ROUNDS))
        work.keep("rounds", rounds)
        work.say("\n".join(outcome(rounds[-1:]).lines))
    return outcome(rounds)


def _round(work: Work, mails: int, seconds: float) -> Round:
    """Deliver for four fifths of the time, trouble all of it, then settle and count."""
    seed = random.randrange(1 << 32)
    work.say(f"seed {seed}, {mails} mails and what they are answered, {seconds:.0f} s")
    with Crew(_SIZE, lease=f"{_LEASE_S}s") as crew:
        _furnish(crew)
        for at in range(_SIZE):
            crew.start(at)
        crew.wait_for_shares(dict.fromkeys(range(_SIZE), 4), 120)
        crew.wait(lambda: sum(len(crew.events(at, "baseline_set")) for at in range(_SIZE)) >= 12, "no baseline", 120)
        began = time.monotonic()
        post, trouble = Post(crew, Letters(seed), mails, seconds * 0.8), Trouble(crew, random.Random(seed))
        threads = post.run()
        people = People(post, random.Random(seed))
        living = people.run(lambda: time.monotonic() - began >= seconds)
        _trouble(work, post, trouble, began, seconds)
        for one in (*threads, living):
            one.join()
        over = time.monotonic()
        stuck = _settle(crew, trouble)
        settled = time.monotonic() - over
        statuses = [crew.stop(at) for at in range(_SIZE)]
        return _seen(post, people, trouble) | {"seed": seed, "settled": settled, "stuck": stuck, "statuses": statuses}


def _furnish(crew: Crew) -> None:
    """Mailboxes that share cases, some that take away what is decided, and agents who get the cases of two in turn."""
    text = crew.config.read_text()
    for box, group in GROUP.items():
        text = text.replace(f'group = "{box}"', f'group = "{group}"')
    for box in MOVED:
        text = text.replace(f'user = "{box}"', f'user = "{box}"\nafter = "{_MOVE}"')
    crew.config.write_text(text + "".join(_STAFF.format(box=box) for box in STAFFED))
    people = [
        ("group", "add", "First line"),
        *(("agent", "add", one, "--name", one, "--group", "First line") for one in AGENTS),
    ]
    for one in people:
        done = crew.call(*one)
        assert done.returncode == 0, done.stderr.decode()


def _trouble(work: Work, post: Post, trouble: Trouble, began: float, seconds: float) -> None:
    told, crew = 0.0, post.crew
    while (spent := time.monotonic() - began) < seconds:
        trouble.one()
        time.sleep(trouble.chance.uniform(*_BETWEEN_S))
        trouble.mend()
        if spent - told > 20:
            told = spent
            with contextlib.suppress(psycopg.OperationalError):
                given = post.taken["laid"] + post.taken["lmtp"]
                work.say(f"{spent:4.0f} s  given {given}  decided {crew.decided()}  {dict(crew.outbox())}")


def _settle(crew: Crew, trouble: Trouble) -> str:
    """Wait until nothing is undecided or open; what is, when the time is over."""
    deadline, left = time.monotonic() + _SETTLED_WITHIN, {"": 1}
    while left and time.monotonic() < deadline:
        trouble.mend()
        waiting = {
            "undecided": _count(crew, _UNDECIDED),
            "open in the outbox": _count(crew, _OPEN),
            "not taken away": sum(count for box, count in _counts(crew, _NOT_TOLD).items() if box in MOVED),
            "not fetched": sum(len(one) for one in crew.put.values()) - _count(crew, _FETCHED),
        }
        left = {what: count for what, count in waiting.items() if count}
        time.sleep(1)
    return ", ".join(f"{count} {what}" for what, count in left.items())


def _count(crew: Crew, asked: str) -> int:
    return int(str(crew.postgres.rows(asked)[0][0]))


def _counts(crew: Crew, asked: str) -> dict[str, int]:
    return {str(name): int(str(count)) for name, count in sorted(crew.postgres.rows(asked), key=str)}


def _seen(post: Post, people: People, trouble: Trouble) -> Round:
    """What a round that is settled left behind, in numbers that can be added up, and what is wrong with it."""
    crew, letters = post.crew, post.letters
    found = [*_promises(post), *untrue(crew, letters.threads, crew.sink.mails), *trouble.wrong, *people.wrong()]
    audited = crew.call("audit", "--stuck-after", "1s")
    said = audited.stdout.decode().splitlines() or audited.stderr.decode().splitlines()
    if audited.returncode:
        found += said[:40]
    given, answers = post.taken["laid"] + post.taken["lmtp"], people.answered
    if given != post.mails + answers.total():
        found.append(f"{post.mails} mails and {answers.total()} answers were written, and {given} delivered")
    numbers = {"threads": len(letters.threads), "cases": _count(crew, _CASES), "relay": len(crew.sink.mails)}
    return {
        "numbers": {**numbers, **post.taken, **answers, "bytes": _count(crew, _BYTES)},
        "outbox": _counts(crew, _KINDS), "outcomes": _counts(crew, _OUTCOMES), "troubles": dict(trouble.seen),
        "audit": said[-1] if said else "said nothing", "sound": not audited.returncode, "found": found,
        "quarantined": [str(row[0]) for row in crew.postgres.rows(_WHY)],
    }  # fmt: skip


def _promises(post: Post) -> list[str]:
    """P1 to P3, P5 and P6 over servers, store and relay."""
    crew = post.crew
    boxes = [
        Box(crew.put[name], name, crew.dovecot, name, after=_MOVE if name in MOVED else "keep") for name in crew.names
    ]
    found = findings(Scene(crew.postgres.url, boxes, (crew.sink,), crew.call))
    return found + findings(Scene(crew.postgres.url, [Box(post.by_lmtp.get(name, []), name) for name in crew.names]))
