"""A daemon's door to the store: what each function means there, whose mail it may see, and the fence before writes."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from mailcase.ports import Journal, Journalled, Judge, OutboxStore, Reading, Settled
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
        self, ledger: Ledger, gate: Gate, mine: Callable[[], Collection[str]], fence: Callable[[], None]
    ) -> None:
        self.ledger, self.gate, self._mine, self._fence = ledger, gate, mine, fence
        mails, outbox = ledger.mails, ledger.outbox
        self.cursor, self.moved_cursor, self.lost_cursor = mails.cursor, mails.moved_cursor, mails.lost_cursor
        self.known_uids, self.unmarked = mails.known_uids, mails.unmarked
        self.due, self.counts, self.busiest_hour = outbox.due, outbox.counts, outbox.busiest_hour
        self.next_due, self.is_claimed = outbox.next_due, outbox.is_claimed
        self.get_flag, self.raw = outbox.get_flag, ledger.raw

    def undecided(self, limit: int, after: int = 0) -> list[Journalled]:
        """What this daemon's mailboxes left; another's mail is under way there."""
        rows = self.ledger.undecided(10_000, after)
        return [one for one in rows if one.delivery.mailbox in self._mine()][:limit]

    # what writes is fenced

    def journal(self, *asked: Any) -> list[Journalled]:
        return self._written(self.ledger.mails.journal, *asked)

    def save_cursor(self, *asked: Any) -> None:
        self._written(self.ledger.mails.save_cursor, *asked)

    def set_marked(self, *asked: Any) -> None:
        self._written(self.ledger.mails.set_marked, *asked)

    def settle(self, *asked: Any, **how: Any) -> list[Settled]:
        return self._written(self.ledger.settle, *asked, **how)

    def count_attempt(self, *asked: Any) -> dict[int, int]:
        return self._written(self.ledger.count_attempt, *asked)

    def quarantine(self, *asked: Any, **facts: Any) -> str:
        return self._written(self.ledger.quarantine, *asked, **facts)

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
        self._fence()
        return work(*asked, **why)
