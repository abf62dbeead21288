"""A daemon on SQLite that is killed all the time: at random points and at any moment, in all four ways of `after`."""

import os
import random
import select
import signal
import time
from collections import Counter
from typing import Any, Final

from mailcase.faults import POINTS
from soak.part import Outcome, Work
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.invariants import desk_scene, findings
from tests.servers.letters import letter
from tests.servers.prefork import PREFORK, Process
from tests.servers.smtp import SmtpSink

SAYS = "One daemon on SQLite under random kill points and random SIGKILLs, all four `after`"
MINUTES = 10.0
AFTERS: Final = ("keep", "seen", "move:Done", "delete")
_ROUND: Final = 45.0  # seconds of kills with one desk; then it is looked at
_REACHED: Final = 15.0  # seconds in which a point should be reached; then it is killed wherever it is
_RESTED: Final = 600.0  # seconds for what is left at the end of a round
_TEMPFAIL: Final = 75
_ENDED: Final = "ended by itself with "
_RAW: Final = ("", '[store]\nraw = "file:raw/"\n')  # by the seed: in the store, or a file that is there before its row
_UNLIMITED: Final = '[acknowledge]\nper_domain = "1000000/1h"\ntotal = "1000000/1h"\n'


def run(work: Work) -> Outcome:
    """Rounds until the time is over, at least one for each `after`; each with a desk and a seed of its own."""
    rounds: list[dict[str, Any]] = work.kept("rounds", [])
    while work.left() > 0 or len(rounds) < len(AFTERS):
        missing = set(POINTS) - {name for one in rounds for name in one["points"]}
        rounds.append(_round(_seed(), AFTERS[len(rounds) % len(AFTERS)], work, missing))
        work.keep("rounds", rounds)
        work.say(f"round {len(rounds)}: {rounds[-1]}")
    return _outcome(rounds, whole=work.minutes >= MINUTES)


def _seed() -> int:
    """KILL_SEED=… takes the same choices again; at which moment they meet the daemon is not in our hands."""
    return int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**6))


def _outcome(rounds: list[dict[str, Any]], *, whole: bool) -> Outcome:
    """What all rounds gave; in the whole length each point must have been reached."""
    found = [f"seed {one['seed']}, after = {one['after']}: {line}" for one in rounds for line in one["found"]]
    total = {name: sum(one[name] for one in rounds) for name in ("mails", "kills", "cases", "shunted")}
    reached = Counter[str]()
    for one in rounds:
        reached.update(one["points"])
    missed = sorted(set(POINTS) - set(reached))
    lines = (
        f"{len(rounds)} rounds, {total['kills']} kills, {total['mails']} mails, {total['cases']} cases: "
        f"{len(found)} findings",
        f"ended at: {', '.join(f'{name} {times}' for name, times in sorted(reached.items()))}",
        f"in quarantine after three kills each, and decided after `quarantine retry`: {total['shunted']}",
        *([f"never reached in this time: {', '.join(missed)}"] if missed else []),
        *found[:20],
    )
    return Outcome(not found and not (whole and missed), lines)


def _round(seed: int, after: str, work: Work, missing: set[str]) -> dict[str, Any]:
    work.say(f"seed {seed}, after = {after}")
    seconds = min(_ROUND, work.minutes * 60 / len(AFTERS))
    with Dovecot() as dovecot, SmtpSink() as sink:
        desk = Desk(dovecot, sink, after=after, extra=_UNLIMITED + _RAW[seed % len(_RAW)])
        try:
            return {"seed": seed, "after": after, **_torture(desk, random.Random(seed), seconds, missing)}
        except Exception as error:
            error.add_note(f"seed {seed}, after = {after}")
            raise
        finally:
            desk.close()


def _torture(desk: Desk, chance: random.Random, seconds: float, missing: set[str]) -> dict[str, Any]:
    """Kill and start again for so long, then let it come to rest and look."""
    assert desk.once() == 0
    put: list[bytes | str] = []
    points: Counter[str] = Counter()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        fault = _fault(chance, sorted(missing))
        daemon = desk.run(fault=fault)
        what = _live(desk, daemon, fault, put, chance)
        points[what] += 1
        missing.discard(what)
    shunted = _rest(desk)
    found = [*_by_itself(points), *findings(desk_scene(desk, put))]
    if (cases := len(desk.cases())) != len(put):
        found.append(f"{cases} cases of {len(put)} mails")
    kills = sum(times for what, times in points.items() if not what.startswith(_ENDED))
    return {"mails": len(put), "cases": cases, "kills": kills, "points": points, "shunted": shunted} | {"found": found}


def _fault(chance: random.Random, missing: list[str]) -> str:
    """Where it is to die, often where none died yet; or "": at any moment."""
    if chance.random() >= 0.7:
        return ""
    if missing and chance.random() < 0.5:
        return chance.choice(missing)
    return f"{chance.choice(POINTS)}:{chance.randint(1, 4)}"


def _by_itself(points: Counter[str]) -> list[str]:
    """A daemon that could not start (75) is started again, as systemd would; any other end of its own is a fault."""
    return [f"a daemon {what}" for what in points if what.startswith(_ENDED) and what != f"{_ENDED}{_TEMPFAIL}"]


def _live(desk: Desk, daemon: Process, fault: str, put: list[bytes | str], chance: random.Random) -> str:
    """Mail comes until the daemon dies at its point, or is killed at some moment; what ended it."""
    until = time.monotonic() + (_REACHED if fault else chance.uniform(1.0, 5.0))
    while daemon.poll() is None and time.monotonic() < until:
        for _ in range(chance.randint(0, 2)):
            raw = letter(f"{len(put)}")
            desk.put(raw)
            put.append(f"<m{len(put)}@visitor.example>")
        select.select([], [], [], chance.uniform(0.0, 0.6))
    alive = daemon.poll() is None
    daemon.kill()
    status = daemon.wait()
    desk.left_alone()
    if status != -signal.SIGKILL:
        return f"{_ENDED}{status}"
    return "any moment" if alive else fault.partition(":")[0]


def _rest(desk: Desk) -> int:
    """Let it work to the end undisturbed, and what was shunted as well; how many that were."""
    _once(desk)
    shunted = [str(one["id"]) for one in desk.json("quarantine", "list")]
    for one in shunted:
        desk.json("quarantine", "retry", one)
    _once(desk)
    return len(shunted)


def _once(desk: Desk) -> None:
    """A pass over all that has gathered; raises AssertionError, or subprocess.TimeoutExpired."""
    done = PREFORK.run(desk._command("run", "--once"), env=desk._env(""), timeout=_RESTED)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
