"""The core's verbs: what a decision wants done, carried out by `store.apply` in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mailcase.life.assignment import AssignmentRule
from mailcase.life.changes import StoredFile

NEW: Final = 0  # stands for the case that this decision creates; real running numbers start at 1


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to be made unless the address has one by then (two first mails at once make one)."""

    key: str
    address: str
    name: str
    account_id: int | None
    account_domain: str = ""  # without account_id: of the account that has this domain by then


@dataclass(frozen=True, slots=True)
class CreateCase:
    """Make a case; its number is taken from the counter while applying."""

    title: str
    description: str
    status: str
    priority: str
    category: str
    source: str
    mailbox: str
    group: str
    organization: str
    assignee_group: str
    contact: int | NewContact | None
    account_id: int | None
    closing_reason: str = ""
    ended: bool = False  # its status is final: junk
    assignment: AssignmentRule | None = None  # that named the group; its pick of an agent is made while applying


@dataclass(frozen=True, slots=True)
class LinkMessage:
    """Put the mail into a case's history; at most one link a case and message."""

    case: int  # running number, or NEW
    how: str  # created, linked, reopened, followed, noted, junk_case, sent (an agent's), shown (no effect)
    linked_by: str  # token, thread, subject, body, duplicate, manual, or ""
    verified: bool  # the sender is a participant: his addresses count from now on (B8)


@dataclass(frozen=True, slots=True)
class ReopenCase:
    """Set the status with role reopened."""

    case: int
    from_status: str
    to_status: str
    clear_assignee: bool
    version: int  # the version that was read; another one: load and decide again
    paused: bool = False  # it waited until now: how long is told in its history (L7)


@dataclass(frozen=True, slots=True)
class NoteOnCase:
    """Append an event to a case's history (away note, undeliverable, candidate, hint)."""

    case: int
    event: str  # snake_case
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RelateCases:
    """Record that two cases belong together; both cases show it."""

    case: int  # running number, or NEW
    other: int
    relation: str  # follows, possible_duplicate, same_thread, rejected_link, new_topic, also_named


@dataclass(frozen=True, slots=True)
class ShowMessage:
    """Put an agent's mail that stood on no case into the history of the case it belongs to (B16)."""

    case: int  # running number, or NEW
    message_pk: int
    participants: frozenset[str]  # keys that count as the case's people from now on; empty: none


@dataclass(frozen=True, slots=True)
class TakeAsSent:
    """A mail that was taken in as received turns out to be an agent's own: it is an outgoing one (B16)."""

    message_pk: int


@dataclass(frozen=True, slots=True)
class WithdrawCase:
    """Cancel a case that an agent's own mail made and take the mail off it, unless it has another mail (B16)."""

    case: int
    message_pk: int
    from_status: str
    to_status: str
    closing_reason: str
    version: int  # the version that was read; another one: load and decide again


@dataclass(frozen=True, slots=True)
class KeepAnswerBack:
    """The acknowledgement of a mail that turns out to be an agent's own is not sent, if it still waits (B16)."""

    message_pk: int  # of the mail that it answers
    reason: str


@dataclass(frozen=True, slots=True)
class MarkBounced:
    """An outgoing mail of ours came back (B5)."""

    message_pk: int  # of the outgoing message
    recipient: str  # key
    status: str  # "5.1.1"
    permanent: bool


@dataclass(frozen=True, slots=True)
class LearnId:
    """A relay gave a mail of ours another Message-ID: an answer to either answers that mail."""

    message_pk: int  # of the outgoing message
    other: str  # the Message-ID that a copy of it has
    source: str  # sent_folder, report


@dataclass(frozen=True, slots=True)
class SuppressAddress:
    """Send no automatic mail there for a time."""

    key: str
    until: datetime | None  # None: for good
    reason: str  # hard_bounce, complaint


@dataclass(frozen=True, slots=True)
class QueueMail:
    """Write one mail into the outbox (pending, or suppressed with its reason: K1-K10)."""

    case: int  # running number, or NEW
    rule: str  # registration, followed, reopened
    template: str  # the rule's name, or neutral
    mailbox: str
    to: str  # exactly one address, as it will be written to
    to_name: str
    cc: tuple[str, ...]  # only with `recipients = "all"`
    language: str
    in_reply_to: str | None
    references: tuple[str, ...]
    subject: str  # the customer's subject, cleaned; the neutral template does not use it
    suppressed: str  # "" to send; else the reason word
    expires_at: datetime
    delay: timedelta = timedelta(0)
    quote: bool = False  # the mail that is answered, below the text


@dataclass(frozen=True, slots=True)
class AgentActs:
    """An agent's mail does what it says: a reply to the customer, commands; or it is kept as a note (life.by_agent)."""

    case: int
    agent: str  # key
    text: str  # his own words
    why_not: str  # why it cannot be known that he wrote them; "" where it is
    proofs: tuple[str, ...] = ()  # Message-IDs that nobody else may have been sent, where they are all the proof
    files: tuple[StoredFile, ...] = ()  # of his mail: they go along with a reply
    left_out: tuple[str, ...] = ()  # those that do not, each with its reason
    answers: str = ""  # the Message-ID of the notice that he answers


Action = (
    CreateCase
    | LinkMessage
    | ReopenCase
    | NoteOnCase
    | RelateCases
    | ShowMessage
    | TakeAsSent
    | WithdrawCase
    | KeepAnswerBack
    | MarkBounced
    | LearnId
    | SuppressAddress
    | QueueMail
    | AgentActs
)
