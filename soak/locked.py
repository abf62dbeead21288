"""Another program holds the SQLite store for a minute, again and again, while mail keeps coming (F25)."""

import sqlite3
import time
from contextlib import closing
from typing import Any, Final

from soak.part import Outcome, Work
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.invariants import desk_scene, findings
from tests.servers.letters import letter
from tests.servers.prefork import Process
from tests.servers.smtp import SmtpSink

SAYS: Final = "a second writer locks the SQLite store for 60 s at a time while mail comes and goes"
MINUTES: float = 5.0

_HELD: Final = 60.0  # seconds
_FREE: Final = 15.0
_LOCKS: Final = 2  # of one desk; then it is looked at
_EVERY: Final = 0.5  # seconds between two mails
_SETTLED_WITHIN: Final = 300.0
_LIMITS: Final = '[acknowledge]\nper_domain = "100000/1h"\ntotal = "100000/1h"\n'


def run(work: Work) -> Outcome:
    """Rounds until the time is over, one at least; each with a desk of its own, which is compared at its end."""
    rounds: list[dict[str, Any]] = work.kept("rounds", [])
    while work.left() > _HELD or not rounds:
        rounds.append(_round(work))
        work.keep("rounds", rounds)
        work.say(f"round {len(rounds)}: {rounds[-1]}")
    wrong = [f"round {number}: {line}" for number, one in enumerate(rounds, 1) for line in one["wrong"]]
    locks, mails, met = (sum(one[name] for one in rounds) for name in ("locks", "mails", "met"))
    lines = (
        f"{locks} locks of {_HELD:g} s, {mails} mails; daemons met the lock {met} times and lived on",
        f"all decided and answered {max(one['settled_s'] for one in rounds):.0f} s after the last one at most; "
        f"{len(wrong)} findings",
        *wrong[:20],
    )
    return Outcome(not wrong, lines)


def _round(work: Work) -> dict[str, Any]:
    with Dovecot() as dovecot, SmtpSink() as sink:
        desk = Desk(dovecot, sink, after="move:Done", extra=_LIMITS)
        try:
            desk.once()
            daemon = desk.run()
            log = desk.dir / "daemon.log"  # one that starts under the lock ends with 75, and systemd starts it again
            desk.wait(
                lambda: '"event": "connected"' in log.read_text(), "the daemon reads its mailbox", _SETTLED_WITHIN
            )
            put = _locked(desk, work)
            told = _ended(desk, daemon, put)
            return {**told, "locks": _LOCKS, "mails": len(put), "met": log.read_text().count('"event": "store_busy"')}
        finally:
            desk.close()


def _locked(desk: Desk, work: Work) -> list[bytes]:
    """Lock and let go; the mails that came meanwhile."""
    put: list[bytes] = []
    with closing(sqlite3.connect(desk.dir / "mailcase.db", isolation_level=None, timeout=60)) as other:
        for number in range(_LOCKS):
            other.execute("BEGIN IMMEDIATE")
            _deliver(desk, put, _HELD)
            other.execute("ROLLBACK")
            _deliver(desk, put, _FREE)
            work.say(f"{number + 1} locks of {_HELD:g} s, {len(put)} mails")
    return put


def _ended(desk: Desk, daemon: Process, put: list[bytes]) -> dict[str, Any]:
    """How long it takes until all is answered, and what is not as it must be then."""
    began, wrong = time.monotonic(), list[str]()
    if daemon.poll() is not None:
        wrong.append(f"the daemon ended by itself with {daemon.poll()}")
    try:
        desk.wait(lambda: desk.states() == {"sent": len(put)}, "not everything was answered", _SETTLED_WITHIN)
    except AssertionError as error:
        wrong.append(str(error)[:300])
    settled = time.monotonic() - began
    if code := desk.stop(daemon):
        wrong.append(f"it ended with {code}")
    return {"settled_s": settled, "wrong": wrong + findings(desk_scene(desk, put))}


def _deliver(desk: Desk, put: list[bytes], seconds: float) -> None:
    """Mail for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        put.append(letter(len(put)))
        desk.put(put[-1])
        time.sleep(_EVERY)
