"""A daemon whose clock jumps while it runs: a day back, ten years forward, over the end of summer time (F28, R8)."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Final

from soak.part import Outcome, Work
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.invariants import desk_scene, findings
from tests.servers.letters import letter
from tests.servers.smtp import SmtpSink

SAYS = "A running daemon under libfaketime: nothing doubled, no limit passed, timers by the monotonic clock"
MINUTES = 2.0
COUNTED = True
_MOST: Final = 4  # answers an hour
_EACH: Final = 6  # mails after each jump
_DAY: Final = 86400.0
_HOUR: Final = 3600.0
_NEAR: Final = 600.0  # seconds between the daemon's clock and what its store says: mails are decided within half
Jump = Callable[[], float]  # how far the daemon's clock is from the true one then, in seconds


def _summer_ends() -> float:
    return datetime(2026, 10, 25, 0, 59, 57, tzinfo=UTC).timestamp() - time.time()


#: A daemon of its own for each row, and its clock in the order of the jumps.
ROWS: Final[dict[str, dict[str, Jump]]] = {
    "a day": {"true time": lambda: 0.0, "a day back": lambda: -_DAY, "true time again": lambda: 0.0},
    "summer time": {"three seconds before summer time ends": _summer_ends, "true time after that": lambda: 0.0},
    "ten years": {
        "true time at first": lambda: 0.0,
        "ten years forward": lambda: 3652 * _DAY,
        "ten years back": lambda: 0.0,
    },
}
#: Where Linux distributions and a build of one's own put it.
_LIBRARIES: Final = ("/usr/lib/*/faketime", "/usr/lib64/faketime", "/usr/lib/faketime", "/usr/local/lib/faketime")
#: libfaketime (0.9.10) that leaves the monotonic clock alone refuses Python's time.sleep, a clock_nanosleep to a
#: moment, with EINVAL; the parser pool sleeps so. select is a sleep as good.
_PROGRAM: Final = """
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
from mailcase.cli.main import main
main()
"""


def run(work: Work) -> Outcome:
    """One daemon through each row of jumps; needs libfaketime. A row is kept when it has ended."""
    library = next((one for place in _LIBRARIES for one in Path("/").glob(f"{place[1:]}/libfaketimeMT.so.1")), None)
    if library is None:
        return Outcome(good=False, lines=("libfaketime is not installed (apt-get install faketime): nothing proven",))
    done: dict[str, dict[str, list[str]]] = work.kept("done", {})
    for row, jumps in ROWS.items():
        if row not in done:
            done[row] = _row(work, jumps, library)
            work.keep("done", done)
    found = [line for one in done.values() for line in one["found"]]
    return Outcome(not found, (*(line for one in done.values() for line in one["lines"]), *found))


def _row(work: Work, jumps: Mapping[str, Jump], library: Path) -> dict[str, list[str]]:
    with Dovecot() as dovecot, SmtpSink() as sink:
        desk = Desk(dovecot, sink, after="move:Done", extra=f'[acknowledge]\nper_domain = "{_MOST}/1h"\n')
        desk.config.write_text(desk.config.read_text().replace('poll = "1s"', 'poll = "1s"\nidle = false'))
        try:
            assert desk.once() == 0
            return _jumps(work, desk, jumps, library)
        finally:
            desk.close()


def _jumps(work: Work, desk: Desk, jumps: Mapping[str, Jump], library: Path) -> dict[str, list[str]]:
    clock = desk.dir / "clock.txt"
    clock.write_text("+0\n")
    put: list[bytes] = []
    jumped: list[float] = []
    lines: list[str] = []
    found: list[str] = []
    with (desk.dir / "daemon.log").open("ab") as log:
        program = [sys.executable, "-c", _PROGRAM, "--config", str(desk.config), "run"]
        daemon = subprocess.Popen(program, env=_environment(library, clock), stdout=log, stderr=log)
    try:
        for name, jump in jumps.items():
            seconds = jump()
            jumped.append(seconds)
            clock.write_text(f"{seconds:+.0f}\n")
            before = {one["number"] for one in desk.cases()}
            line = _after_jump(desk, put, name)
            lines.append(line)
            work.say(line)
            found += _wrongly_dated(desk, before, name, seconds)
            if daemon.poll() is not None:
                found.append(f"{name}: the daemon ended with {daemon.poll()}")
                break
        daemon.terminate()
        if status := daemon.wait(60):
            found.append(f"it ended with {status}")
    finally:
        daemon.kill()
        daemon.wait()
    found += _findings(desk, put, jumped)
    return {"lines": lines, "found": found}


def _environment(library: Path, clock: Path) -> dict[str, str]:
    """Only the wall clock is faked: that is what an administrator or a bad time server moves."""
    fake = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_CACHE_DURATION": "1"}
    only_wall = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
    return {**os.environ, **fake, **only_wall, "TZ": "Europe/Berlin"}


def _after_jump(desk: Desk, put: list[bytes], name: str) -> str:
    """Some mails a second after the jump; without IDLE only the poll timer can find them."""
    time.sleep(2)  # libfaketime reads its file once a second
    first = len(put)
    put += [letter(f"{first + number}") for number in range(_EACH)]
    for one in put[first:]:
        desk.put(one)
    began = time.monotonic()
    desk.wait(lambda: len(desk.cases()) == len(put) and not desk.dovecot.mails("user"), f"{name}: decided", 300)
    took = time.monotonic() - began
    time.sleep(2)  # for answers that must not leave
    return f"{name}: {_EACH} mails decided after {took:.1f} s; answered until now: {len(desk.sink.mails)}"


def _wrongly_dated(desk: Desk, before: set[str], name: str, seconds: float) -> Iterator[str]:
    """Cases not made at the daemon's false time: without a clock that jumped nothing would be proven."""
    clock = datetime.fromtimestamp(time.time() + seconds, UTC)
    for one in desk.cases():
        made = datetime.fromisoformat(one["created_at"])
        if one["number"] not in before and abs((made - clock).total_seconds()) > _NEAR:
            yield f"{name}: case {one['number']} was made {made}, by the false clock it was {clock}"


def _findings(desk: Desk, put: list[bytes], jumped: Sequence[float]) -> list[str]:
    found = findings(desk_scene(desk, put))
    if len(desk.sink.mails) > (most := _MOST * _hours(jumped)):
        found.append(f"{len(desk.sink.mails)} answers left; {most} were allowed by that clock, {_MOST} an hour")
    if (cases := len(desk.cases())) != len(put):
        found.append(f"{cases} cases of {len(put)} mails")
    found += [f"{times} answers to {one}" for one, times in Counter(desk.sink.to).items() if times > 1]
    return found


def _hours(jumps: Sequence[float]) -> int:
    """How many hours of limits there were by that clock: a new one begins where it is further than ever before."""
    further = zip(jumps[1:], accumulate(jumps, max), strict=False)
    return 1 + sum(seconds > furthest + _HOUR for seconds, furthest in further)
