"""The store and what decides in this process, without a mail server: what a commit costs, and how that grows."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.corpus import DESK, Mail, Truth
from bench.people import BLACKLIST
from bench.truth import Marks, marks
from mailcase.config import Settings, load
from mailcase.house import open_store
from mailcase.intake.parse import read
from mailcase.message import Email
from mailcase.policy_build import build_for_deciding
from mailcase.ports import Arrival, Journalled, Judge, Reading
from mailcase.rules import Rules
from mailcase.store.store import Store

_BATCH: Final = 50  # mails of one commit; the daemon at work takes up to settling.MOST
_SOURCE: Final = "imap:127.0.0.1:bench"
_CONFIG: Final = """
[store]
url = "{url}"
{store}
[acknowledge]
per_address = "1000000/1h"
per_domain = "1000000/1h"
total = "1000000/1h"
[[mailbox]]
name = "{name}"
address = "{address}"
group = "{group}"
[mailbox.imap]
host = "127.0.0.1"
port = 143
security = "none"
user = "bench"
password = "bench"
[mailbox.smtp]
host = "127.0.0.1"
port = 25
security = "none"
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail of the corpus, read."""

    raw: bytes
    email: Email
    truth: Truth


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one run."""

    mails: int
    seconds: float
    cpu: float  # seconds of this process
    journal: float  # of `seconds`

    @property
    def cpu_each(self) -> float:
        """CPU milliseconds a mail."""
        return 1000 * self.cpu / self.mails


def letters(mails: "Iterator[Mail]") -> tuple[list[Letter], Spent]:
    """Read mails in this process, and what that takes."""
    waiting = list(mails)
    began, used = time.perf_counter(), time.process_time()
    emails = [read(one.raw) for one in waiting]
    spent = Spent(len(waiting), time.perf_counter() - began, time.process_time() - used, 0.0)
    found = [Letter(one.raw, email, one.truth) for one, email in zip(waiting, emails, strict=True)]
    return found, spent


class Workshop:
    """An open store with a judge; made by `workshop`."""

    def __init__(self, store: Store, judge: Judge) -> None:
        self.store, self.judge = store, judge
        self._cases: dict[int, str] = {}

    def commit(self, given: Sequence[Letter], *, uid: int = 0) -> Spent:
        """Journal and settle in batches, as the writer thread does; the UIDs of the mails lie above `uid`."""
        began, used, journal = time.perf_counter(), time.process_time(), 0.0
        for start in range(0, len(given), _BATCH):
            batch = given[start : start + _BATCH]
            at = time.perf_counter()
            rows = self.store.journal([_arrival(one, uid) for one in batch], None)
            journal += time.perf_counter() - at
            self._settle(batch, rows)
        return Spent(len(given), time.perf_counter() - began, time.process_time() - used, journal)

    def _settle(self, batch: Sequence[Letter], rows: Sequence[Journalled]) -> None:
        readings = [Reading(row.delivery, one.email) for row, one in zip(rows, batch, strict=True)]
        for one, settled in zip(batch, self.store.settle(readings, self.judge, datetime.now(UTC)), strict=True):
            if settled.error:
                raise AssertionError(settled.error)
            if settled.case is not None:
                self._cases[one.truth.wish.index] = settled.case

    def marks(self, given: Sequence[Letter]) -> Marks:
        """Against the truth; acknowledgements are not asked here."""
        return marks([one.truth for one in given], self._cases, ())


def furnished(folder: Path, blacklist: Iterable[str], store: str = "", **mailbox: str) -> Settings:
    """The settings of a mailbox whose servers nobody calls, with key and blacklist, written into that folder.

    `store` are more lines of [store]; `mailbox` has url, name, address and group.
    """
    (folder / "token.key").write_text("k" * 40)
    (folder / "blacklist.txt").write_text("\n".join(blacklist) + "\n")
    file = folder / "mailcase.toml"
    file.write_text(_CONFIG.format(store=store, **mailbox))
    return load(file, {})


@contextmanager
def workshop(folder: Path, url: str = "sqlite:///mailcase.db") -> Iterator[Workshop]:
    """Open the store of a folder, made if it is not there."""
    settings = furnished(folder, BLACKLIST, url=url, name="support", address=DESK, group="default")
    built = build_for_deciding(settings)
    store = open_store(settings, built.policy)
    try:
        yield Workshop(store, Rules.of(settings, built).bench)
    finally:
        store.close()


def _arrival(one: Letter, above: int) -> Arrival:
    uid = above + one.truth.wish.index + 1
    return Arrival("support", _SOURCE, "INBOX", f"1:{uid}", 1, uid, datetime.now(UTC), one.raw)
