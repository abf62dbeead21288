"""The outbox in memory: a twin of `ports.OutboxStore` for tests of the drain."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from mailcase.errors import Permanent
from mailcase.health.situation import NO_WAY_OUT
from mailcase.outbox.limits import domain_of
from mailcase.ports import OutboxMail, SendCounts
from mailcase.sharing import EVERYTHING, Portion

T = TypeVar("T")
_UNDER_WAY = ("sending", "sent", "uncertain", "bounced")


@dataclass
class Row:
    """One row with its state."""

    mail: OutboxMail
    state: str
    next_attempt_at: datetime
    reason: str = ""
    error: str = ""
    owner: str = ""
    claimed_at: datetime | None = None
    ids: tuple[str, ...] = ()  # what the relay called it


class MemoryOutbox:
    """Rows by id; `flags` are the durable facts; `busiest` is as set."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.flags: dict[str, str] = {}
        self.busiest = 0
        self.holds: list[tuple[int, ...]] = []  # each a commit
        self.weeks_read = 0
        self.contents: dict[str, bytes] = {}  # of files, by sha256

    async def call(self, function: Callable[..., T], /, *args: object) -> T:
        """The drain's `call`: there is no writer thread here."""
        return function(*args)

    def add(self, mail: OutboxMail) -> Row:
        """Queue a mail, due at once."""
        row = self.rows[mail.id] = Row(mail, "pending", mail.created_at)
        return row

    def due(self, now: datetime, limit: int, of: Portion = EVERYTHING) -> list[OutboxMail]:
        rows = sorted((row for row in self._pending() if row.mail.mailbox in of), key=lambda row: row.mail.id)
        return [row.mail for row in rows if row.next_attempt_at <= now][:limit]

    def claim(self, row: int, owner: str, now: datetime) -> bool:
        found = self.rows[row]
        if found.state != "pending":
            return False
        found.state, found.owner, found.claimed_at = "sending", owner, now
        found.mail = replace(found.mail, attempts=found.mail.attempts + 1)
        return True

    def is_claimed(self, row: int, owner: str) -> bool:
        found = self.rows[row]
        return (found.state, found.owner) == ("sending", owner)

    def finish(
        self, row: int, state: str, now: datetime, *, reason: str = "", error: str = "", ids: Sequence[str] = ()
    ) -> None:
        found = self.rows[row]
        if found.state != "sending":
            raise Permanent(f"row {row} is {found.state} at {now}, not sending")
        found.state, found.reason, found.error = state, reason, error
        found.ids += tuple(ids)

    def undelivered(
        self, row: int, state: str, now: datetime, judge: object, *, reason: str = "", error: str = ""
    ) -> None:
        """As the drain asks it; nobody is told here."""
        assert judge is not None
        self.finish(row, state, now, reason=reason, error=error)

    def postpone(self, row: int, at: datetime, *, reason: str = "", error: str = "", tried: bool = True) -> None:
        found = self.rows[row]
        if found.state not in ("sending", "pending"):
            raise Permanent(f"row {row} is {found.state}")
        if found.state == "sending" and not tried:
            found.mail = replace(found.mail, attempts=found.mail.attempts - 1)
        found.mail = replace(found.mail, last_error=error)
        found.state, found.next_attempt_at, found.reason, found.error = "pending", at, reason, error

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
        self.rows[row].mail = replace(self.rows[row].mail, still_to=tuple(still_to))
        self.rows[row].ids += tuple(ids)
        self.postpone(row, at, reason=reason, error=error)

    def hold(self, rows: Sequence[int], until: datetime, *, reason: str, error: str = "") -> None:
        self.holds.append(tuple(rows))
        for found in (self.rows[row] for row in rows if self.rows[row].state == "pending"):
            found.next_attempt_at, found.reason, found.error = until, reason, error

    def free_stranded(self, mailboxes: Collection[str], now: datetime) -> int:
        waits = [row for row in self._pending() if row.reason in NO_WAY_OUT and row.mail.mailbox in mailboxes]
        late = [row for row in waits if row.next_attempt_at > now]
        for row in late:
            row.next_attempt_at = now
        return len(late)

    def settle_orphans(self, owner: str, now: datetime) -> list[tuple[int, str]]:
        orphans = [row for row in self.rows.values() if row.state == "sending" and row.owner != owner]
        for row in orphans:
            row.state = "uncertain" if row.mail.automatic else "pending"
            row.next_attempt_at, row.reason = now, "interrupted"  # as the store: an earlier try's error stays
        return [(row.mail.id, row.state) for row in orphans]

    def counts(self, now: datetime, total_window_s: float, domain_window_s: float) -> SendCounts:
        automatic = [row for row in self.rows.values() if row.mail.limited]
        left = [row for row in automatic if row.state in _UNDER_WAY]
        late = [row.mail for row in left if _within(row.claimed_at, now, domain_window_s)]
        domains = Counter(domain_of(one) for mail in late for one in (mail.to, *mail.cc))
        total = sum(1 + len(row.mail.cc) for row in left if _within(row.claimed_at, now, total_window_s))
        last_hour = sum(1 + len(row.mail.cc) for row in automatic if _within(row.mail.created_at, now, 3600))
        return SendCounts(total, dict(domains), last_hour)

    def busiest_hour(self, now: datetime) -> int:  # noqa: ARG002 - as the store is asked
        self.weeks_read += 1
        return self.busiest

    def next_due(self, now: datetime, of: Portion = EVERYTHING) -> datetime | None:
        waits = [row for row in self._pending() if row.mail.mailbox in of]
        return min((max(row.next_attempt_at, now) for row in waits), default=None)

    def get_flag(self, name: str) -> str | None:
        return self.flags.get(name)

    def set_flag(self, name: str, value: str | None) -> None:
        if value is None:
            self.flags.pop(name, None)
        else:
            self.flags[name] = value

    def raw(self, sha256: str) -> bytes:
        if sha256 not in self.contents:
            raise Permanent(f"raw mail {sha256} is lost")
        return self.contents[sha256]

    def states(self) -> list[str]:
        """Every row's state, by id."""
        return [self.rows[row].state for row in sorted(self.rows)]

    def _pending(self) -> list[Row]:
        return [row for row in self.rows.values() if row.state == "pending"]


def _within(at: datetime | None, now: datetime, seconds: float) -> bool:
    return at is not None and now - at < timedelta(seconds=seconds)
