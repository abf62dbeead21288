"""How long after its arrival a mail is a committed case, the daemon waiting in IDLE."""

import imaplib
import json
import random
import socket
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bench.corpus import SEED, corpus
from bench.program import Program
from bench.site import PASSWORD, Site, site
from bench.table import conditions, table
from tests.servers.ports import wait_until

SAYS: Final = "latency from arrival to committed case with IDLE (aim: below 1 s at the 99th percentile)"
MAILS: Final = 300
_AIM: Final = 1.0
_PAUSES: Final = (0.05, 0.6)  # seconds between mails, by chance: the server's own clock must not meet ours
_USER: Final = "idle"
_WARM: Final = 20  # mails before those that count


def run(mails: int) -> list[str]:
    """The report, in Markdown."""
    with site((_USER,)) as place:
        place.open(_USER)
        program = Program(place, _USER)
        with program.daemon(), _Observer(place) as observer:
            _warm(place, program)
            observer.begin()
            arrived = _arrivals(place, mails)
            program.wait_decided(_WARM + mails)
            wait_until(lambda: len(observer.noticed) >= mails, 30, "the server did not tell of every mail")
        decided = _decided(program)
    whole = [decided[_WARM + n] - arrived[n] for n in range(mails)]
    after = [max(decided[_WARM + n] - observer.noticed[n], 0.0) for n in range(mails)]
    notice = [observer.noticed[n] - arrived[n] for n in range(mails)]
    rows = [_row("arrival to committed case", whole), _row("of it, until Dovecot tells another client", notice)]
    rows.append(_row("from that notice to committed case", after))
    reached = _percentile(whole, 0.99) < _AIM
    return [
        conditions(f"{mails:,} mails by APPEND, one at a time, {_PAUSES[0]} to {_PAUSES[1]} s apart"),
        "",
        *table(("seconds", "median", "90 %", "99 %", "longest"), rows),
        "",
        f"Aim: below {_AIM:.0f} s from arrival at the 99th percentile: {'reached' if reached else 'missed'}.",
    ]


def _warm(place: Site, program: Program) -> None:
    """Some mails first, so that every process runs."""
    link = _login(place)
    for mail in corpus(_WARM, SEED + 1):
        link.append("INBOX", None, None, mail.raw)
    link.logout()
    program.wait_decided(_WARM)


def _login(place: Site) -> imaplib.IMAP4:
    link = imaplib.IMAP4("127.0.0.1", place.dovecot.port)
    link.login(_USER, PASSWORD)
    return link


def _arrivals(place: Site, mails: int) -> list[float]:
    """Append them; the moment when the server had each."""
    rng, link, moments = random.Random(SEED), _login(place), []
    for mail in corpus(mails):
        link.append("INBOX", None, None, mail.raw)
        moments.append(time.time())
        time.sleep(rng.uniform(*_PAUSES))
    link.logout()
    return moments


def _decided(program: Program) -> dict[int, float]:
    """UID - 1 -> when the log told that it is committed."""
    lines = [line for line in program.log.read_text().splitlines() if '"event": "delivery"' in line]
    told = [json.loads(line) for line in lines]
    return {one["uid"] - 1: datetime.fromisoformat(one["timestamp"]).timestamp() for one in told}


def _row(name: str, seconds: Sequence[float]) -> tuple[str, ...]:
    shares = (0.5, 0.9, 0.99, 1.0)
    return (name, *(f"{_percentile(seconds, share):.3f}" for share in shares))


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


class _Observer:
    """Another client in IDLE: when the server tells of each new mail."""

    def __init__(self, place: Site) -> None:
        self._place = place
        self.noticed: list[float] = []
        self._base = 0

    def __enter__(self) -> "_Observer":
        self._link = socket.create_connection(("127.0.0.1", self._place.dovecot.port))
        self._file = self._link.makefile("rb")
        for command in (f"a LOGIN {_USER} {PASSWORD}", "b SELECT INBOX", "c IDLE"):
            self._link.sendall(f"{command}\r\n".encode())
            ends = (b"+",) if command.endswith("IDLE") else (command[:1].encode() + b" ",)
            while not self._file.readline().startswith(ends):
                pass
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._link.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._link.close()

    def begin(self) -> None:
        """From now on the mails count."""
        wait_until(lambda: len(self.noticed) >= _WARM, 30, "the server did not tell of the first mails")
        self.noticed.clear()

    def _listen(self) -> None:
        seen = 0
        for line in self._file:
            words = line.split()
            if len(words) == 3 and words[2] == b"EXISTS":
                now, there = time.time(), int(words[1])
                self.noticed += [now] * (there - seen)
                seen = there
