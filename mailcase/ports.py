"""What the shell's parts ask of each other: values and Protocols, so that each has one twin in tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from mailcase.actions import QueueMail
from mailcase.decision import Decision
from mailcase.life.assignment import AssignmentRule, CaseToAssign
from mailcase.life.happening import Happening
from mailcase.life.notice import Notice, NoticeFacts
from mailcase.message import Delivery, Email
from mailcase.outbox_port import OutboxMail as OutboxMail
from mailcase.outbox_port import OutboxRows
from mailcase.outbox_port import SendCounts as SendCounts
from mailcase.policy import Policy
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

    size: int | None  # of the whole mail, RFC822.SIZE; None where that cannot be read
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
    late: bool = False  # its folder had been read beyond it: the comparison with the server found it missing


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

    def received(self, source: str, folder: str, uidvalidities: range) -> dict[int, datetime]:
        """When each UID that the journal holds under these was received; of two the later number's."""
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


ROW_HELD: Final = "row_held"  # reason of a mail that is left for later: somebody holds what it is to change


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

    def happened(
        self, decision: Decision, email: Email, delivery: Delivery, snapshot: Snapshot
    ) -> tuple[Happening, ...]:
        """What this decision does to cases that a notice rule waits for."""
        ...

    def policy_of(self, delivery: Delivery) -> Policy:
        """The rules that judge this mail."""
        ...

    def notices(self, happening: Happening, facts: NoticeFacts) -> tuple[Notice, ...]:
        """The mails that the rules owe for it (L6)."""
        ...

    def stand_in(self, happening: Happening, facts: NoticeFacts) -> str:
        """The agent group that is told where nobody has the case any more, its mailbox's; "" where somebody has."""
        ...

    def compose_notice(self, notice: Notice, facts: NoticeFacts) -> Composed:
        """Such a mail, or an agent's reply."""
        ...

    def assignment(self, case: CaseToAssign) -> AssignmentRule | None:
        """The assignment rule that a new case falls under."""
        ...


class OutboxStore(OutboxRows, Protocol):
    """What the drain needs of the store."""

    def undelivered(
        self, row: int, state: str, now: datetime, judge: Judge, *, reason: str = "", error: str = ""
    ) -> None:
        """As `finish`, for an agent's mail that failed or expired: the case says so, and its people are told."""
        ...
