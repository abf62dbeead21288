"""Ten thousand mails into one of ten mailboxes while a few arrive in the others."""

import os
import pickle
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from soak.part import Outcome, Work
from tests.servers.burst import FEW_ANSWERS, USERS, Burst
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.invariants import desk_scene, findings
from tests.servers.smtp import Received, SmtpSink

SAYS = "A flood into one of ten mailboxes: the others wait less than a minute, and memory stays flat"
MINUTES = 5.0
FLOOD = 10_000
_LONGEST_DELAY = 60.0  # seconds (F20)
_MOST_GROWTH = 32  # MiB from the middle to the end
_EVERY = 0.5  # seconds between looks
_LEFT = "left"  # what the relay has got, written when the servers end
_PLACES = Path("/tmp")  # noqa: S108 - where mkdtemp makes it; Dovecot's own user must come in, and its paths be short
_NAMED = "mc-soak-burst-"


def run(work: Work) -> Outcome:
    """One flood; shorter where fewer minutes are asked for (2,000 mails a minute).

    Once it lies there, mailboxes, store and what left are kept: after an interruption, which kills the daemon, the next
    one goes on with them. In the end all of it is compared, and the memory of each of those daemons.
    """
    place = place_of(work)
    with _burst(work, place) as burst:
        known: dict[str, Any] = work.kept("known", {})
        if known:
            go_on(burst, known)
        else:
            known = _lie_there(work, burst, min(FLOOD, max(500, int(2000 * work.minutes))))
        outcome = _worked(work, burst, known)
    forget(place)
    return outcome


def place_of(work: Work) -> Path:
    """A short folder for servers and store: the one of the run before, if its flood lay there and it ended in order."""
    before = work.kept("place", "")
    if before and work.kept("known", {}) and _is_mine(Path(before) / _LEFT):
        return Path(before)
    if before:
        forget(Path(before))
    work.keep("known", {})
    place = Path(tempfile.mkdtemp(prefix=_NAMED, dir=_PLACES))
    place.chmod(0o755)  # Dovecot's own user looks into it
    work.keep("place", str(place))
    return place


def _is_mine(left: Path) -> bool:
    """Whether the file is there, and nobody else's: it will be unpickled."""
    return left.exists() and left.stat().st_uid == os.getuid()


def forget(place: Path) -> None:
    """Take such a folder away, and never another one: its name was read from a file.

    Raises:
        ValueError: `place_of` makes none of that name.
    """
    if place.parent != _PLACES or not place.name.startswith(_NAMED):
        raise ValueError(f"{place} is no folder of a burst")
    shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _burst(work: Work, place: Path) -> Iterator[Burst]:
    """Servers and desk in that folder; what the relay has got outlives it too, unless this process is killed."""
    left, mails = place / _LEFT, list[Received]()
    if left.exists():
        mails = pickle.loads(left.read_bytes())  # noqa: S301 - a file of ours
        left.unlink()
    sink = SmtpSink(port=work.kept("smtp", 0) if work.kept("known", {}) else 0)
    sink.mails = mails
    work.keep("smtp", sink.port)
    with ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot(users=USERS, folder=place / "dovecot"))
        stack.callback(lambda: left.write_bytes(pickle.dumps(sink.mails)))
        stack.enter_context(sink)
        desk = Desk(dovecot, sink, extra=FEW_ANSWERS, folder=place / "desk")
        stack.callback(desk.close)
        yield Burst(desk)


def _lie_there(work: Work, burst: Burst, flood: int) -> dict[str, Any]:
    assert burst.desk.once() == 0
    burst.flood(flood)
    burst.trickle()
    work.say(f"{flood} mails lie there")
    known: dict[str, Any] = {"flood": flood, "lives": [], "took": 0.0}
    _keep(work, burst, known, 0.0)
    return known


def _keep(work: Work, burst: Burst, known: dict[str, Any], took: float) -> None:
    """Everything that a next daemon needs; of this one the seconds and its memory, behind those of the ones before."""
    now = {"put": burst.put, "delays": burst.delays, "trickled": burst.trickled, "overtaken": burst.overtaken}
    work.keep("known", {**known, **now, "lives": [*known["lives"], burst.memory], "took": known["took"] + took})


def go_on(burst: Burst, known: dict[str, Any]) -> None:
    """Let the burst be as it was kept."""
    burst.put, burst.delays = known["put"], known["delays"]
    burst.trickled, burst.overtaken = known["trickled"], known["overtaken"]
    burst.found_again()


def _worked(work: Work, burst: Burst, known: dict[str, Any]) -> Outcome:
    """Watch a daemon until all is decided, then compare; `known` is what those before it did."""
    desk, flood, began = burst.desk, known["flood"], time.monotonic()
    daemon = desk.run()
    burst.looked = lambda: _keep(work, burst, known, time.monotonic() - began)
    burst.watch(daemon, every=_EVERY, mails=flood // 10, seconds=600 + flood / 5)
    took = known["took"] + time.monotonic() - began
    desk.wait(burst.placed, "every answer left or is held", 120)
    status = desk.stop(daemon)
    found = findings(replace(desk_scene(desk, []), boxes=burst.boxes()))
    lives = [one for one in (*known["lives"], burst.memory) if one]
    longest = max(lives, key=len)
    half, most = longest[len(longest) // 2], max(map(max, lives))
    small, delay = sum(map(len, burst.put.values())) - flood, max(burst.delays)
    good = not found and not status and delay <= _LONGEST_DELAY and most - half <= _MOST_GROWTH
    lines = (
        f"{flood} mails in one mailbox and {small} in nine others in {took:.0f} s, killed {len(lives) - 1} times on "
        f"the way: {len(found)} findings",
        f"a mail of a small mailbox waited at most {delay:.1f} s; {burst.overtaken} of the flood were behind one",
        f"memory of the daemon: {lives[0][0]} MiB at first, {half} MiB half-way, {most} MiB at most",
        *found[:20],
    )
    return Outcome(good, lines)
