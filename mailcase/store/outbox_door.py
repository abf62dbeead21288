"""The outbox's side of the store's door (ports.OutboxStore, and what `mailcase outbox` asks)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from mailcase.ports import Judge, OutboxMail, SendCounts
from mailcase.sharing import EVERYTHING, Portion
from mailcase.store import aliases, edit, outbox, outbox_state
from mailcase.store.again import again
from mailcase.store.engine import Engines
from mailcase.store.life.undelivered import End, give_up
from mailcase.store.marks import reads
from mailcase.store.tenure_absence import is_back


class OutboxDoor:
    """What the store can do with mail that leaves; `Store` is one."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    @reads
    def due(self, now: datetime, limit: int, of: Portion = EVERYTHING) -> list[OutboxMail]:
        """Pending rows of these mailboxes whose next_attempt_at has come, oldest first."""
        with self._engines.read() as conn:
            return outbox.due(conn, now, limit, of)

    @again
    def is_claimed(self, row: int, owner: str) -> bool:
        """Whether the row is still `sending` by this owner; if so, of several daemons none settles it for a lease."""
        with self._engines.write() as conn:
            if self._engines.is_postgres:
                is_back(conn, owner)
            return outbox.is_claimed(conn, row, owner)

    @again
    def claim(self, row: int, owner: str, now: datetime) -> bool:
        """pending -> sending with attempts + 1, committed; False if it is no longer pending (R3)."""
        self._engines.presence(owner)
        with self._engines.write() as conn:
            self._engines.fences.sender(conn)
            if self._engines.fences.owner:
                is_back(conn, owner)
            return outbox_state.claim(conn, row, owner, now)

    @again
    def finish(
        self, row: int, state: str, now: datetime, *, reason: str = "", error: str = "", ids: Sequence[str] = ()
    ) -> None:
        """Leave `sending` for sent, failed, expired or uncertain; sent also dates the message; `ids`: see the port."""
        with self._engines.write() as conn:
            self._engines.fences.sender(conn)
            outbox_state.finish(conn, row, state, now, reason, error, self._engines.fences.owner)
            aliases.told_by_relay(conn, row, ids)  # behind the row, as a report's decision takes the two

    @again
    def undelivered(
        self, row: int, state: str, now: datetime, judge: Judge, *, reason: str = "", error: str = ""
    ) -> None:
        """As `finish`, for an agent's mail that failed or expired: its case's people are told in the same commit."""
        with self._engines.write() as conn:
            self._engines.fences.sender(conn)
            give_up(conn, judge, row, End(state, reason, error, self._engines.fences.owner), now)

    @again
    def postpone(self, row: int, at: datetime, *, reason: str = "", error: str = "", tried: bool = True) -> None:
        """Back to pending with a next attempt; `tried=False` for a held row whose attempts stay."""
        with self._engines.write() as conn:
            self._engines.fences.sender(conn)
            outbox_state.postpone(conn, row, at, reason, error, tried=tried, owner=self._engines.fences.owner)

    @again
    def partly(
        self,
        row: int,
        at: datetime,
        still_to: Sequence[str],
        *,
        reason: str = "",
        error: str = "",
        ids: Sequence[str] = (),
    ) -> None:
        """Some members of a group have it: back to pending for the others."""
        with self._engines.write() as conn:
            self._engines.fences.sender(conn)
            outbox_state.partly(conn, row, at, still_to, reason, error, self._engines.fences.owner)
            aliases.told_by_relay(conn, row, ids)

    @again
    def hold(self, rows: Sequence[int], until: datetime, *, reason: str, error: str = "") -> None:
        """Give pending rows their next attempt, all in one commit; their attempts stay."""
        with self._engines.write() as conn:
            self._engines.fences.sender(conn)
            outbox_state.hold(conn, rows, until, reason, error)

    def free_stranded(self, mailboxes: Collection[str], now: datetime) -> int:
        """Mail that waits for these mailboxes' way out alone is due at once; how many."""
        with self._engines.write() as conn:
            return outbox_state.free_stranded(conn, mailboxes, now)

    @again
    def settle_orphans(self, owner: str, now: datetime) -> list[tuple[int, str]]:
        """Rows left `sending` by a daemon that is gone: automatic -> uncertain, others -> pending (R3).

        Gone is on PostgreSQL who has not been back for a lease since somebody first saw his lock free.
        """
        self._engines.presence(owner)
        with self._engines.write() as conn:
            return outbox_state.settle_orphans(conn, owner, now, self._engines.lease_s)

    @reads
    def counts(self, now: datetime, total_window_s: float, domain_window_s: float) -> SendCounts:
        """How much automatic mail left or is under way, for the limits and the breaker (K9)."""
        with self._engines.read() as conn:
            return outbox.counts(conn, now, total_window_s, domain_window_s)

    @reads
    def busiest_hour(self, now: datetime) -> int:
        """Automatic mails queued in the busiest hour of the last seven days, before the last hour (K9)."""
        with self._engines.read() as conn:
            return outbox.busiest_hour(conn, now)

    @reads
    def next_due(self, now: datetime, of: Portion = EVERYTHING) -> datetime | None:
        """When the earliest pending row of these mailboxes is due; never before `now`."""
        with self._engines.read() as conn:
            return outbox.next_due(conn, now, of)

    @reads
    def get_flag(self, name: str) -> str | None:
        """A small durable fact; `outbox.breaker.FLAG` set: the breaker is open."""
        with self._engines.read() as conn:
            return edit.get_flag(conn, name)

    @reads
    def flags(self, prefix: str) -> dict[str, str]:
        """All facts whose name begins so."""
        with self._engines.read() as conn:
            return edit.flags(conn, prefix)

    def set_flag(self, name: str, value: str | None) -> None:
        """Set or clear it."""
        with self._engines.write() as conn:
            edit.set_flag(conn, name, value)

    @reads
    def outbox_list(self) -> list[dict[str, Any]]:
        """`outbox list` of contract.md, oldest first."""
        with self._engines.read() as conn:
            return outbox.listing(conn)

    def outbox_retry(self, row: int, now: datetime, lifetime_s: float = 86400.0) -> None:
        """Make a failed, expired or uncertain mail pending again; Permanent for any other state."""
        with self._engines.write() as conn:
            outbox_state.retry(conn, row, now, lifetime_s)

    def outbox_release(self, now: datetime) -> int:
        """Close the breaker and make all held rows due at once; returns how many."""
        with self._engines.write() as conn:
            return outbox_state.release(conn, now)
