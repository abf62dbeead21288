"""Another program holds the SQLite store for a minute, again and again, while mail keeps coming (F25)."""

import sqlite3
import time
from contextlib import closing
from typing import Final

from soak.part import Outcome, Work
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.invariants import desk_scene, findings
from tests.servers.letters import letter
from tests.servers.smtp import SmtpSink

SAYS: Final = "a second writer locks the SQLite store for 60 s at a time while mail comes and goes"
MINUTES: float = 5.0
ANEW: Final = True

_HELD: Final = 60.0  # seconds
_FREE: Final = 15.0
_EVERY: Final = 0.5  # seconds between two mails
_SETTLED_WITHIN: Final = 300.0
_LIMITS: Final = '[acknowledge]\nper_domain = "100000/1h"\ntotal = "100000/1h"\n'


def run(work: Work) -> Outcome:
    """Lock, let go, lock again until the time is over; then each mail must have become something. Begins anew."""
    with Dovecot() as dovecot, SmtpSink() as sink:
        desk = Desk(dovecot, sink, after="move:Done", extra=_LIMITS)
        try:
            return _tried(desk, work)
        finally:
            desk.close()


def _tried(desk: Desk, work: Work) -> Outcome:
    desk.once()
    daemon, put, locks = desk.run(), list[bytes](), 0
    log = desk.dir / "daemon.log"  # one that starts under the lock ends with 75, and systemd starts it again
    desk.wait(lambda: '"event": "connected"' in log.read_text(), "the daemon reads its mailbox", _SETTLED_WITHIN)
    with closing(sqlite3.connect(desk.dir / "mailcase.db", isolation_level=None, timeout=60)) as other:
        while work.left() > _HELD or not locks:
            other.execute("BEGIN IMMEDIATE")
            _deliver(desk, put, _HELD)
            other.execute("ROLLBACK")
            locks += 1
            _deliver(desk, put, _FREE)
            work.say(f"{locks} locks of {_HELD:g} s, {len(put)} mails")
    began, alive = time.monotonic(), daemon.poll() is None
    try:
        desk.wait(lambda: desk.states() == {"sent": len(put)}, "not everything was answered", _SETTLED_WITHIN)
        late = ""
    except AssertionError as error:
        late = str(error)[:300]
    settled = time.monotonic() - began
    code = desk.stop(daemon)
    found = findings(desk_scene(desk, put))
    busy = log.read_text().count('"event": "store_busy"')
    lines = (
        f"{locks} locks of {_HELD:g} s, {len(put)} mails; the daemon met the lock {busy} times and lived on: {alive}",
        f"all decided and answered {settled:.0f} s after the last one; exit {code}; {len(found)} findings",
        *found[:10],
        *([late] if late else []),
    )
    return Outcome(alive and not found and not late and code == 0, lines)


def _deliver(desk: Desk, put: list[bytes], seconds: float) -> None:
    """Mail for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        put.append(letter(len(put)))
        desk.put(put[-1])
        time.sleep(_EVERY)
