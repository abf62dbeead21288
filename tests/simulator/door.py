"""A daemon's door to the store: what each function means there, whose mail it may see, and the fence before writes."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from mailcase.ports import Arrival, Cursor, Journal, Journalled, Judge, OutboxStore, Reading, Settled
from tests.simulator.steps import Gate

T = TypeVar("T")


class Ledger(Protocol):
    """The store, or its twin."""

    @property
    def mails(self) -> Journal:
        """The journal."""

    @property
    def outbox(self) -> OutboxStore:
        """The outbox."""

    def settle(self, readings: Sequence[Reading], judge: Judge, now: datetime, stale: Any = None) -> list[Settled]: ...

    def undecided(self, limit: int, after: int = 0) -> list[Journalled]: ...

    def count_attempt(self, delivery_ids: Sequence[int], by: int = 1) -> dict[int, int]: ...

    def raw(self, sha256: str) -> bytes: ...

    def quarantine(self, delivery_id: int, error: str, now: datetime, **facts: Any) -> str: ...

    def set_status(self, number: str, status: str) -> None: ...


class Door:
    """Stands where daemon, source and drain expect the store. `mine` says which mailboxes this life works."""

    def __init__(
        self, ledger: Ledger, gate: Gate, mine: Callable[[], Collection[str]], fence: Callable[[Collection[str]], None]
    ) -> None:
        self.ledger, self.gate, self._mine, self._fence = ledger, gate, mine, fence
        mails, outbox = ledger.mails, ledger.outbox
        self.cursor, self.moved_cursor, self.lost_cursor = mails.cursor, mails.moved_cursor, mails.lost_cursor
        self.known_uids = mails.known_uids
        self.received = mails.received
        self._whose: dict[int, str] = {}  # delivery -> its mailbox
        self.due, self.counts, self.busiest_hour = outbox.due, outbox.counts, outbox.busiest_hour
        self.next_due, self.is_claimed = outbox.next_due, outbox.is_claimed
        self.get_flag, self.raw = outbox.get_flag, ledger.raw

    def undecided(self, limit: int, after: int = 0) -> list[Journalled]:
        """What this daemon's mailboxes left; another's mail is under way there."""
        rows = self.ledger.undecided(10_000, after)
        return self._known([one for one in rows if one.delivery.mailbox in self._mine()][:limit])

    def unmarked(self, source: str, folder: str, uidvalidity: int) -> Sequence[tuple[int, int]]:
        """What the server is not yet told; a source is named after its mailbox here."""
        rows = self.ledger.mails.unmarked(source, folder, uidvalidity)
        self._whose |= dict.fromkeys((row for row, _ in rows), source.rpartition(":")[2])
        return rows

    def _known(self, rows: list[Journalled]) -> list[Journalled]:
        self._whose |= {one.delivery.id: one.delivery.mailbox for one in rows}
        return rows

    # what writes is fenced: in the name of mailboxes, or as a sender

    def journal(self, arrivals: Sequence[Arrival], *asked: Any) -> list[Journalled]:
        self._fence({one.mailbox for one in arrivals})
        return self._known(self.ledger.mails.journal(arrivals, *asked))

    def save_cursor(self, cursor: Cursor) -> None:
        self._fence({cursor.mailbox})
        self.ledger.mails.save_cursor(cursor)

    def set_marked(self, rows: Sequence[int]) -> None:
        self._of(rows)
        self.ledger.mails.set_marked(rows)

    def settle(self, readings: Sequence[Reading], *asked: Any, **how: Any) -> list[Settled]:
        self._fence({one.delivery.mailbox for one in readings})
        return self.ledger.settle(readings, *asked, **how)

    def count_attempt(self, rows: Sequence[int], *asked: Any) -> dict[int, int]:
        self._of(rows)
        return self.ledger.count_attempt(rows, *asked)

    def quarantine(self, row: int, *asked: Any, **facts: Any) -> str:
        self._of([row])
        return self.ledger.quarantine(row, *asked, **facts)

    def _of(self, rows: Sequence[int]) -> None:
        self._fence({self._whose[row] for row in rows})

    def claim(self, *asked: Any) -> bool:
        return self._written(self.ledger.outbox.claim, *asked)

    def finish(self, *asked: Any, **why: Any) -> None:
        self._written(self.ledger.outbox.finish, *asked, **why)

    def partly(self, *asked: Any, **why: Any) -> None:
        self._written(self.ledger.outbox.partly, *asked, **why)

    def postpone(self, *asked: Any, **why: Any) -> None:
        self._written(self.ledger.outbox.postpone, *asked, **why)

    def hold(self, *asked: Any, **why: Any) -> None:
        self._written(self.ledger.outbox.hold, *asked, **why)

    def free_stranded(self, *asked: Any) -> int:
        return self._written(self.ledger.outbox.free_stranded, *asked)

    def settle_orphans(self, *asked: Any) -> list[tuple[int, str]]:
        return self._written(self.ledger.outbox.settle_orphans, *asked)

    def set_flag(self, *asked: Any) -> None:
        self._written(self.ledger.outbox.set_flag, *asked)

    def _written(self, work: Callable[..., T], *asked: Any, **why: Any) -> T:
        self._fence(())
        return work(*asked, **why)
