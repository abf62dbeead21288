"""Three daemons on one PostgreSQL, killed, frozen and cut off at random while mail keeps coming."""

import contextlib
import os
import random
import smtplib
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import psycopg

from soak.part import Outcome, Work
from tests.servers.crew import Crew
from tests.servers.invariants import Box, Scene, findings
from tests.servers.letters import letter

SAYS: Final = "three daemons on one PostgreSQL under random kills, freezes and restarts; SOAK_MAILS=20000"
MINUTES: float = 10.0
ANEW: Final = True

_OUTCOMES: Final = "SELECT outcome, count(*) FROM delivery GROUP BY 1"
_WHY: Final = (
    "SELECT mailbox || ' ' || source || ' after ' || attempts || ' tries: ' || reason || ' ' || error FROM delivery \
WHERE outcome = 'quarantined'"
)
_SIZE: Final = 3
_TEMPFAIL: Final = 75
_ANSWERED: Final = {"sent", "uncertain"}
_WAYS: Final = 16  # one that waits for a frozen daemon delivers nothing for that long
_LEASE_S: Final = 5
_SETTLED_WITHIN: Final = 900.0  # seconds for what is left when the troubles are over
_BETWEEN_S: Final = (2.0, 7.0)  # from one trouble to the next


@dataclass
class Mail:
    """Delivers mail as an MTA does: what was not taken for certain is handed in again."""

    crew: Crew
    mails: int
    seconds: float
    laying: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)
    by_lmtp: dict[str, list[bytes]] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)

    def run(self) -> list[threading.Thread]:
        """Threads that deliver, each every so many mails: one into the mailboxes, as many others by LMTP."""
        threads = [threading.Thread(target=self._deliver, args=(one,), daemon=True) for one in range(_WAYS)]
        for one in threads:
            one.start()
        return threads

    def _deliver(self, first: int) -> None:
        began = time.monotonic()
        for number in range(first, self.mails, _WAYS):
            due = began + self.seconds * number / self.mails
            if self.stop.wait(max(0.0, due - time.monotonic())):
                return
            box = self.crew.names[number % len(self.crew.names)]
            raw = letter(number, to=f"{box}@helpdesk.example", body=f"Mail {number}\r\n" + "line of text\r\n" * 40)
            if first % 2:
                self._surely(box, raw, number)
            else:
                self._lay(box, raw)

    def _lay(self, box: str, raw: bytes) -> None:
        """Into the Maildir, as an MTA's own delivery agent does; file names are counted by one thread at a time."""
        with self.laying:
            self.crew.write(box, raw)
            self.taken["laid"] += 1

    def _surely(self, box: str, raw: bytes, number: int) -> None:
        while not self.stop.is_set():
            try:
                self._lmtp(box, raw, number)
            except (OSError, smtplib.SMTPException):
                self.taken["again"] += 1
                time.sleep(0.2)
                number += 1  # another daemon
            else:
                return

    def _lmtp(self, box: str, raw: bytes, number: int) -> None:
        with smtplib.LMTP("127.0.0.1", self.crew.lmtp[number % _SIZE], timeout=20) as client:
            client.sendmail("c@visitor.example", [f"{box}@helpdesk.example"], raw)
        with self.laying:
            self.by_lmtp.setdefault(box, []).append(raw)
            self.taken["lmtp"] += 1


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
                    self.wrong.append(f"daemon {at} ended by itself with {daemon.returncode}")
                self.crew.start(at)


def run(work: Work) -> Outcome:
    """Deliver for four fifths of the time, trouble all of it, then settle and count. Begins anew when interrupted."""
    mails = int(os.environ.get("SOAK_MAILS", "20000"))
    seed = random.randrange(1 << 32)
    work.say(f"seed {seed}, {mails} mails, {work.minutes:g} minutes")
    work.folder.mkdir(parents=True, exist_ok=True)
    with Crew(_SIZE, lease=f"{_LEASE_S}s") as crew:
        for at in range(_SIZE):
            crew.start(at)
        crew.wait_for_shares(dict.fromkeys(range(_SIZE), 4), 120)
        crew.wait(lambda: sum(len(crew.events(at, "baseline_set")) for at in range(_SIZE)) >= 12, "no baseline", 120)
        began = time.monotonic()
        mail, trouble = Mail(crew, mails, work.minutes * 48), Trouble(crew, random.Random(seed))
        threads = mail.run()
        _trouble(work, crew, mail, trouble, began)
        for one in threads:
            one.join()
        over = time.monotonic()
        stuck = _settle(crew, trouble)
        settled = time.monotonic() - over
        statuses = [crew.stop(at) for at in range(_SIZE)]
        return _outcome(crew, mail, trouble, statuses, stuck, settled, seed)


def _trouble(work: Work, crew: Crew, mail: Mail, trouble: Trouble, began: float) -> None:
    told = 0.0
    while (spent := time.monotonic() - began) < work.minutes * 60:
        trouble.one()
        time.sleep(trouble.chance.uniform(*_BETWEEN_S))
        trouble.mend()
        if spent - told > 20:
            told = spent
            with contextlib.suppress(psycopg.OperationalError):
                work.say(f"{spent:4.0f} s  given {sum(mail.taken.values())}  decided {crew.decided()}  {crew.outbox()}")


def _settle(crew: Crew, trouble: Trouble) -> str:
    """Wait until nothing is undecided or open; what is, when the time is over."""
    deadline, left = time.monotonic() + _SETTLED_WITHIN, ""
    while time.monotonic() < deadline:
        trouble.mend()
        open_rows = crew.outbox()["pending"] + crew.outbox()["sending"]
        undecided = int(str(crew.postgres.rows("SELECT count(*) FROM delivery WHERE outcome IS NULL")[0][0]))
        journalled = _imap_journalled(crew)
        missing = sum(len(one) for one in crew.put.values()) - journalled
        if not (open_rows or undecided or missing):
            return ""
        left = f"{undecided} undecided, {open_rows} open in the outbox, {missing} not fetched"
        time.sleep(1)
    return left


def _imap_journalled(crew: Crew) -> int:
    return int(str(crew.postgres.rows("SELECT count(*) FROM delivery WHERE source LIKE 'imap:%'")[0][0]))


def _outcome(
    crew: Crew, mail: Mail, trouble: Trouble, statuses: list[int], stuck: str, settled: float, seed: int
) -> Outcome:
    boxes = [Box(crew.put[name], name, crew.dovecot, name) for name in crew.names]
    found = findings(Scene(crew.postgres.url, boxes, (crew.sink,), crew.call))
    lmtp = [Box(mail.by_lmtp.get(name, []), name) for name in crew.names]
    found += findings(Scene(crew.postgres.url, lmtp))
    outcomes = [(str(name), mails) for name, mails in crew.postgres.rows(_OUTCOMES)]
    size = crew.postgres.rows("SELECT pg_database_size(current_database())")[0][0]
    given = mail.taken["laid"] + mail.taken["lmtp"]
    cases = crew.postgres.rows('SELECT count(*) FROM "case"')[0][0]
    found += trouble.wrong
    answers = crew.outbox()
    if answers.total() != mail.mails or not answers.keys() <= _ANSWERED:
        found.append(f"{mail.mails} mails, and the outbox holds {dict(answers)}")
    quarantined = [str(row[0]) for row in crew.postgres.rows(_WHY)]
    good = not found and not stuck and statuses == [0] * _SIZE and given == mail.mails == cases and not quarantined
    lines = (
        f"seed {seed}: {given} mails ({mail.taken['laid']} in Maildirs, {mail.taken['lmtp']} LMTP, handed in again "
        f"{mail.taken['again']} times), {cases} cases, acknowledgements {dict(crew.outbox())}, "
        f"{len(crew.sink.mails)} mails at the relay",
        f"troubles: {dict(trouble.seen)}; exit statuses at the end {statuses}",
        f"deliveries by outcome: {dict(sorted(outcomes))}; settled {settled:.0f} s after the last trouble; database "
        f"{size} bytes",
        f"stuck: {stuck or 0}; findings of audit and of server x store x relay: {len(found)}",
        *found[:20],
        *quarantined[:20],
    )
    return Outcome(good, lines)
