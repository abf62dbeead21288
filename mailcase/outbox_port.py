"""What the drain asks of the store: rows of the outbox that are due, and what became of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailcase.life.changes import StoredFile
from mailcase.sharing import EVERYTHING, Portion


@dataclass(frozen=True, slots=True)
class OutboxMail:
    """One row of the outbox that is due."""

    id: int
    kind: str  # the rule: registration, followed, reopened
    mailbox: str
    group: str
    case: str  # number, or ""
    to: str
    to_name: str
    cc: tuple[str, ...]
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    from_name: str
    from_address: str
    message_id: str
    automatic: bool  # at most once (uncertain after a crash); else at least once
    attempts: int
    created_at: datetime
    expires_at: datetime
    audience: str = "customer"  # customer, agent: to agents `cc` stands in To, and no limit of [acknowledge] counts it
    files: tuple[StoredFile, ...] = ()
    still_to: tuple[str, ...] = ()  # of a group: who does not have it yet, as the envelope names them; () for all
    last_error: str = ""  # why it did not leave; of a group, a line each: who was refused, and who was busy

    @property
    def limited(self) -> bool:
        """Whether the limits and the breaker of [acknowledge] are asked (K9)."""
        return self.automatic and self.audience == "customer"


@dataclass(frozen=True, slots=True)
class SendCounts:
    """How much automatic mail left or is under way (K9)."""

    total: int  # within the window of `total`
    per_domain: dict[str, int]  # recipient's domain -> within the window of `per_domain`
    last_hour: int  # automatic mails queued in the last hour


class OutboxRows(Protocol):
    """What the drain needs of the store's rows. Synchronous: called in the writer thread."""

    def due(self, now: datetime, limit: int, of: Portion = EVERYTHING) -> list[OutboxMail]:
        """Pending rows of these mailboxes whose next_attempt_at has come, oldest first."""
        ...

    def claim(self, row: int, owner: str, now: datetime) -> bool:
        """pending -> sending with attempts + 1, committed durably; False if it is no longer pending.

        Or if its case is no longer what a delayed rule wants it to be: it is suppressed then (L6).
        """
        ...

    def is_claimed(self, row: int, owner: str) -> bool:
        """Whether the row is still `sending` by this owner: nobody took it for dead, nor will for another lease."""
        ...

    def finish(
        self, row: int, state: str, now: datetime, *, reason: str = "", error: str = "", ids: Sequence[str] = ()
    ) -> None:
        """Leave `sending` for sent, failed, expired or uncertain; sent also dates the message.

        `ids` are the other Message-IDs that the relay gave it: with the end of the row they are known as the mail's.
        """
        ...

    def postpone(self, row: int, at: datetime, *, reason: str = "", error: str = "", tried: bool = True) -> None:
        """Back to pending with a next attempt; `tried=False` for a held row whose attempts stay."""
        ...

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
        """Some members of a group have it: back to pending for the others, due at `at`; `ids` as in `finish`."""
        ...

    def hold(self, rows: Sequence[int], until: datetime, *, reason: str, error: str = "") -> None:
        """Give pending rows their next attempt, all in one commit; their attempts stay."""
        ...

    def free_stranded(self, mailboxes: Collection[str], now: datetime) -> int:
        """Mail that waits for these mailboxes' way out alone is due at once; how many. Limits hold theirs on."""
        ...

    def settle_orphans(self, owner: str, now: datetime) -> list[tuple[int, str]]:
        """Rows left `sending` by a daemon that is gone: automatic -> uncertain, others -> pending.

        Returns (row, new state). On SQLite every `sending` row of another owner is an orphan, since the
        lock file admits one sender.
        """
        ...

    def counts(self, now: datetime, total_window_s: float, domain_window_s: float) -> SendCounts:
        """For the limits and the breaker."""
        ...

    def busiest_hour(self, now: datetime) -> int:
        """Automatic mails queued in the busiest hour of the last seven days, before the last hour. Costs time."""
        ...

    def next_due(self, now: datetime, of: Portion = EVERYTHING) -> datetime | None:
        """When the earliest pending row of these mailboxes is due."""
        ...

    def get_flag(self, name: str) -> str | None:
        """A small durable fact (breaker state, null sender refused by a mailbox's relay)."""
        ...

    def set_flag(self, name: str, value: str | None) -> None:
        """Set or clear it."""
        ...

    def raw(self, sha256: str) -> bytes:
        """The bytes of a file; Permanent where they are lost, Unavailable where their place cannot be asked now."""
        ...
