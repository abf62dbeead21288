"""Processes that journal, settle, mark and send as daemons do, each for a mailbox of its own, on one PostgreSQL."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from bench.corpus import DESK, corpus
from bench.people import BLACKLIST
from bench.workshop import Letter, furnished
from mailcase.house import open_store
from mailcase.intake.parse import read
from mailcase.policy_build import build_for_deciding
from mailcase.ports import Arrival, Cursor, Judge, Reading
from mailcase.rules import Rules
from mailcase.settling import MOST
from mailcase.sharing import Portion
from mailcase.store.store import Store

_DOMAIN: Final = re.compile(rb"\.example\b")
_SEEDS_FROM: Final = 500
_LEASE: Final = 'lease = "5m"'  # nobody looks after the locks here as a daemon's keeper does


@dataclass(frozen=True, slots=True)
class Desk:
    """A mailbox with a group and a corpus of its own: no other one has its senders, Message-IDs or case numbers."""

    number: int
    mails: int

    @property
    def name(self) -> str:
        """Of mailbox and group."""
        return f"desk{self.number}"

    @property
    def above(self) -> int:
        """Its cases' numbers begin behind this one."""
        return 100_000_000 + 1_000_000 * self.number

    def letters(self) -> tuple[list[Letter], list[Letter]]:
        """The first ones, whose numbers others name, and all others; read."""
        found = []
        for mail in corpus(self.mails, _SEEDS_FROM + self.number, self.above):
            raw = _DOMAIN.sub(f".{self.name}.example".encode(), mail.raw)
            found.append(Letter(raw, read(raw), mail.truth))
        first = len(list(takewhile(lambda one: one.truth.wish.kind == "new", found)))
        return found[:first], found[first:]

    def local(self, text: str) -> str:
        """An address of the corpus as it is here."""
        return text.replace(".example", f".{self.name}.example")


@dataclass(slots=True)
class Writer:
    """One daemon's work with the store; made by `writer`."""

    desk: Desk
    store: Store
    judge: Judge
    sent: int = 0
    _cursor: Cursor = field(init=False)

    def __post_init__(self) -> None:
        self._cursor = Cursor(f"imap:127.0.0.1:{self.desk.name}", "INBOX", self.desk.name, 1, 0, 0, None, "all")

    def work(self, given: Sequence[Letter]) -> None:
        """Batch by batch: journal, settle, remember that the mail server was told, send what is to be answered."""
        for start in range(0, len(given), MOST):
            batch = given[start : start + MOST]
            arrivals = [self._arrival(one) for one in batch]
            rows = self.store.journal(arrivals, self._cursor)
            readings = [Reading(row.delivery, one.email) for row, one in zip(rows, batch, strict=True)]
            settled = self.store.settle(readings, self.judge, datetime.now(UTC))
            if wrong := [one.error for one in settled if one.error]:
                raise AssertionError(wrong[0])
            self.store.set_marked([row.delivery.id for row in rows])
            self._send()

    def _send(self) -> None:
        """What the drain asks of the store, as if a relay took each mail at once."""
        mine = Portion(frozenset({self.desk.name}))
        for mail in self.store.due(datetime.now(UTC), 2 * MOST, mine):
            if self.store.claim(mail.id, self.desk.name, datetime.now(UTC)):
                self.store.finish(mail.id, "sent", datetime.now(UTC))
                self.sent += 1

    def _arrival(self, one: Letter) -> Arrival:
        uid, name = one.truth.wish.index + 1, self.desk.name
        return Arrival(name, self._cursor.source, "INBOX", f"1:{uid}", 1, uid, datetime.now(UTC), one.raw)


@contextmanager
def writer(desk: Desk, url: str, folder: Path) -> Iterator[Writer]:
    """Open the store and take the mailbox, as a daemon that shares it does."""
    blacklist = map(desk.local, BLACKLIST)
    own = {"name": desk.name, "address": desk.local(DESK), "group": desk.name}
    settings = furnished(folder, blacklist, _LEASE, url=url, **own)
    built = build_for_deciding(settings)
    store = open_store(settings, built.policy)
    try:
        store.tenure_join(desk.name, [desk.name])
        if store.tenure_take([desk.name]) != {desk.name}:
            raise AssertionError(f"{desk.name} is somebody else's")
        yield Writer(desk, store, Rules.of(settings, built).bench)
    finally:
        store.close()


def numbered(url: str, desk: Desk) -> None:
    """From now on cases get the numbers of that desk, as its mails name them."""
    engine = sa.create_engine(url)
    with engine.begin() as conn:
        conn.execute(sa.text("SELECT setval('case_running_seq', :above)"), {"above": desk.above})
    engine.dispose()


@dataclass(frozen=True, slots=True)
class Wrote:
    """What one writer did in its time."""

    mails: int
    sent: int
    seconds: float
    cpu: float  # seconds


def timed(one: Writer, given: Sequence[Letter]) -> Wrote:
    """Work through them and look at the clocks."""
    before, began, used = one.sent, time.perf_counter(), time.process_time()
    one.work(given)
    return Wrote(len(given), one.sent - before, time.perf_counter() - began, time.process_time() - used)
