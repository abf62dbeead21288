"""A history over the real SQLite store, and what both worlds must agree about at its end."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from mailcase.cases.statuses import StatusTable
from mailcase.ports import Judge, Reading, Settled
from mailcase.store.store import Store
from tests.builders import NOW
from tests.servers import new_store
from tests.simulator.rows import Tables
from tests.simulator.twin_world import TwinWorld
from tests.simulator.world import Plan, World

#: deliveries, cases, links, outbox: what became of everything, without the rows' own numbers.
Ends = tuple[list[Any], list[Any], list[Any], list[Any]]


class StoreLedger:
    """The store as the simulator asks it."""

    def __init__(self, store: Store) -> None:
        self.mails = self.outbox = self.store = store
        self.undecided, self.count_attempt = store.undecided, store.count_attempt
        self.raw, self.quarantine = store.raw, store.quarantine

    def settle(self, readings: Sequence[Reading], judge: Judge, now: datetime, stale: None = None) -> list[Settled]:
        assert stale is None, "one daemon's transactions do not overlap"
        return self.store.settle(readings, judge, now)

    def set_status(self, number: str, status: str) -> None:
        self.store.set_case(number, NOW, "agent", status=status)


class StoreWorld(World):
    """With a store in a folder."""

    ledger: StoreLedger

    def __post_init__(self) -> None:
        super().__post_init__()
        self._known = dict[int, str]()

    @classmethod
    def of(cls, plan: Plan, folder: Path) -> "StoreWorld":
        """Not yet run; `close` it."""
        new_store.place(folder)
        return cls(plan, StoreLedger(Store.open(new_store.URL, folder)))

    def close(self) -> None:
        self.ledger.store.close()

    def settled(self, box: str) -> set[str]:
        rows = self.ledger.store.message_list(mailbox=box)
        return {self._sha256(row["id"]) for row in rows if row["outcome"]}

    def _sha256(self, row: int) -> str:
        """Of the raw bytes, which never change."""
        if row not in self._known:
            self._known[row] = self.ledger.store.message_show(row)["raw_sha256"]
        return self._known[row]

    def case_numbers(self) -> list[str]:
        return [row["number"] for row in self.ledger.store.case_list(StatusTable())]

    def waiting(self) -> bool:
        return any(row["state"] == "pending" for row in self.ledger.store.outbox_list())

    def progress(self) -> object:
        store = self.ledger.store
        folders = tuple((len(post.inbox), len(post.done)) for post in self.posts.values())
        rows = tuple((row["state"], row["next_attempt_at"]) for row in store.outbox_list())
        return [row["outcome"] for row in store.message_list()], folders, rows


def ends_of_store(folder: Path) -> Ends:
    """Read from the file itself."""
    with sqlite3.connect(folder / "mailcase.db") as db:
        deliveries = db.execute(
            "SELECT d.outcome, d.reason, c.number, d.linked_by, d.acknowledge_reason FROM delivery d "
            "LEFT JOIN \"case\" c ON c.running = d.case_id WHERE d.outcome != 'quarantined' ORDER BY d.id"
        ).fetchall()
        cases = db.execute('SELECT number, status, title, version FROM "case" ORDER BY running').fetchall()
        links = db.execute(
            "SELECT l.case_id, m.identity, l.how, l.linked_by, l.verified FROM case_message l "
            "JOIN message m ON m.id = l.message_pk"
        ).fetchall()
        outbox = db.execute('SELECT "to", message_id, state, reason, attempts FROM outbox ORDER BY id').fetchall()
    return _lists(deliveries), _lists(cases), sorted(_lists(links)), _lists(outbox)


def ends_of_twin(world: TwinWorld) -> Ends:
    """As `ends_of_store`."""
    tables: Tables = world.ledger.tables
    deliveries = [
        [
            made.outcome.value, made.reason, tables.cases[case].number if case else None, made.linked_by,
            made.acknowledge_reason,
        ]
        for number, made in sorted(tables.decided.items())
        for case in (tables.stands[number],)
    ]  # fmt: skip
    cases = [[one.number, one.status, one.title, one.version] for _, one in sorted(tables.cases.items())]
    links = [
        [case, tables.messages[pk].identity, link.how, link.linked_by, int(link.verified)]
        for (case, pk), link in tables.links.items()
    ]
    rows = [row for _, row in sorted(tables.outbox.items())]
    outbox = [[row.mail.to, row.mail.message_id or None, row.state, row.reason, row.mail.attempts] for row in rows]
    return deliveries, cases, sorted(links), outbox


def _lists(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(row) for row in rows]
