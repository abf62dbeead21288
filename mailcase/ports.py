"""What the shell's parts ask of each other: values and Protocols, so that each has one twin in tests."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailcase.actions import QueueMail
from mailcase.decision import Decision
from mailcase.message import Delivery, Email
from mailcase.sharing import EVERYTHING, Portion
from mailcase.snapshot import Lookup, Snapshot


class SignIn(Protocol):
    """Gives the access tokens of an account; equal where its settings are. See signin.source."""

    @property
    def left_s(self) -> float:
        """Seconds until the token that is held ends; 0 where there is none."""
        ...

    async def token(self) -> str:
        """One that is good for a while; TokenRefused (somebody must sign in anew), Transient or ConfigError."""
        ...

    def refused(self, token: str) -> bool:
        """A server refused it. Whether to ask for another one: not where that was just done in vain."""
        ...


@dataclass(frozen=True, slots=True)
class LeftPart:
    """An attachment of an oversize mail as its server names it."""

    part: str  # IMAP's number
    name: str  # safe for a file system
    type: str
    size: int  # of the file, about: the server knows it encoded


@dataclass(frozen=True, slots=True)
class Remainder:
    """What stays on the server of a mail whose beginning alone was fetched (I10)."""

    size: int  # of the whole mail, RFC822.SIZE
    parts: tuple[LeftPart, ...] = ()  # () too where the server did not tell


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message fetched from a source, not yet stored."""

    mailbox: str
    source: str  # "imap:host:user", "file", "pipe"
    folder: str
    key: str  # unique with source and folder (see message.Delivery)
    uidvalidity: int | None
    uid: int | None
    received_at: datetime
    raw: bytes
    backlog: bool = False
    no_ack: bool = False
    oversize: bool = False
    sent: bool = False  # from a watched sent folder (B16)
    remainder: Remainder | None = None  # of an oversize one


@dataclass(frozen=True, slots=True)
class Journalled:
    """An arrival's row in the journal."""

    delivery: Delivery
    sha256: str  # where the raw bytes lie
    new: bool  # False: the key was known already
    outcome: str | None  # None: not yet decided
    attempts: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder was read (B1, reliability.md I1-I3)."""

    source: str
    folder: str
    mailbox: str
    uidvalidity: int
    last_uid: int  # everything up to here was journalled or left on purpose
    baseline_uid: int  # UIDs below lay there at the first connection
    baseline_at: datetime | None  # newest INTERNALDATE below the baseline, the server's clock
    start: str  # the setting in force then: "new", "all" or an ISO date
    compared_at: datetime | None = None  # last comparison of the whole UID list


class Journal(Protocol):
    """What a source needs of the store. Synchronous: called in the writer thread."""

    def journal(self, arrivals: Sequence[Arrival], cursor: Cursor | None) -> list[Journalled]:
        """Store raw bytes, delivery rows and the moved cursor in one durable commit, in order."""
        ...

    def cursor(self, source: str, folder: str) -> Cursor | None:
        """The cursor of that folder, or None at the first connection."""
        ...

    def moved_cursor(self, mailbox: str, folder: str) -> Cursor | None:
        """The newest cursor of that mailbox name's folder under any other source; "" (a Maildir) and INBOX are one."""
        ...

    def lost_cursor(self, mailbox: str, folder: str) -> Cursor | None:
        """Where a folder without a cursor begins, in a store that was restored a moment ago; else None.

        Its baseline is the date of the backup: it may have been read since, and with start = "new" nobody would look.
        """
        ...

    def save_cursor(self, cursor: Cursor) -> None:
        """Insert or replace."""
        ...

    def known_uids(self, source: str, folder: str, uidvalidity: int) -> frozenset[int]:
        """All UIDs the journal holds for that folder."""
        ...

    def unmarked(self, source: str, folder: str, uidvalidity: int) -> list[tuple[int, int]]:
        """(delivery id, uid) that are decided, not yet marked; never quarantined, oversize or before_start (B1)."""
        ...

    def set_marked(self, delivery_ids: Sequence[int]) -> None:
        """Remember that the server was told."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """A delivery that was parsed and waits for its decision."""

    delivery: Delivery
    email: Email


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one delivery."""

    delivery_id: int
    outcome: str  # "" when it failed; then `error` says why and `transient` whether to try again
    reason: str
    kind: str
    case: str | None  # number
    queued: bool  # a mail was put into the outbox to be sent
    error: str = ""
    transient: bool = False


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What a template may know of a case."""

    number: str
    running: int
    title: str
    status: str
    category: str
    priority: str
    created_at: datetime
    followed_number: str = ""  # the closed case that this one follows


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail made ready for the outbox: what is stored is what is sent."""

    message_id: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]  # Auto-Submitted, suppress, loop, Reply-To, References …
    from_name: str
    from_address: str


class Judge(Protocol):
    """The core with its policy bound, as the store's transaction calls it. Pure."""

    @property
    def policy_hash(self) -> str:
        """Of the policy in force."""
        ...

    def number(self, running: int) -> str:
        """The number of a new case: the mask in force with this running number."""
        ...

    def look(self, email: Email, delivery: Delivery) -> Lookup:
        """What must be known."""
        ...

    def decide(self, email: Email, snapshot: Snapshot, delivery: Delivery) -> Decision:
        """What is to be done."""
        ...

    def compose(self, mail: QueueMail, case: CaseFacts, email: Email, group: str) -> Composed:
        """The mail of a QueueMail action, once the case's number is known."""
        ...


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


@dataclass(frozen=True, slots=True)
class SendCounts:
    """How much automatic mail left or is under way (K9)."""

    total: int  # within the window of `total`
    per_domain: dict[str, int]  # recipient's domain -> within the window of `per_domain`
    last_hour: int  # automatic mails queued in the last hour


class OutboxStore(Protocol):
    """What the drain needs of the store. Synchronous: called in the writer thread."""

    def due(self, now: datetime, limit: int, of: Portion = EVERYTHING) -> list[OutboxMail]:
        """Pending rows of these mailboxes whose next_attempt_at has come, oldest first."""
        ...

    def claim(self, row: int, owner: str, now: datetime) -> bool:
        """pending -> sending with attempts + 1, committed durably; False if it is no longer pending."""
        ...

    def is_claimed(self, row: int, owner: str) -> bool:
        """Whether the row is still `sending` by this owner: nobody took it for dead meanwhile."""
        ...

    def finish(self, row: int, state: str, now: datetime, *, reason: str = "", error: str = "") -> None:
        """Leave `sending` for sent, failed, expired or uncertain; sent also dates the message."""
        ...

    def postpone(self, row: int, at: datetime, *, reason: str = "", error: str = "", tried: bool = True) -> None:
        """Back to pending with a next attempt; `tried=False` for a held row whose attempts stay."""
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
