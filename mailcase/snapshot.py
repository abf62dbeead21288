"""What the core asks the store (`Lookup`) and what the store answers (`Snapshot`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class TokenHit:
    """A signed mark of ours that verified (`tokens.py`)."""

    group: str
    running: int  # running number of the case
    automatic: bool  # our mail was an acknowledgement or notice, not an agent's words
    where: str  # "sub-address", "In-Reply-To", "References", "body mark", "Message-ID", "loop header"
    text: str  # the id or address it stood in


@dataclass(frozen=True, slots=True)
class OwnCopy:
    """A copy of our own mail, known by its signed mark, under another Message-ID (`own_copies`)."""

    message_id: str  # as the copy has it
    ours: tuple[str, ...]  # what the mail may have left with: a mark has no domain, and a group may have several


@dataclass(frozen=True, slots=True)
class Lookup:
    """All that deciding one mail needs to know; made by `decision.look`, answered by the store."""

    group: str
    groups: tuple[str, ...]  # where messages and cases are looked up: the group, or all
    identity: str
    message_id: str | None
    fingerprint: str
    thread_ids: tuple[str, ...]  # In-Reply-To and the newest References, in order of trial, <= 32
    cited_ids: tuple[str, ...]  # all ids the mail names (<= 200): written as message_reference
    carried_ids: tuple[str, ...]  # ids of mails that a report carries
    tokens: tuple[TokenHit, ...]  # verified tokens for this group, in the order of B7.1, then B7.3
    subject_numbers: tuple[int, ...]  # running numbers that fit a mask, reading order
    body_numbers: tuple[int, ...]
    sender_key: str  # "" where there is no usable sender
    sender_domain: str
    participant_keys: frozenset[str]  # From, To, Cc of the mail without our own addresses
    account_domain: str  # sender's domain unless freemail, else ""
    final_statuses: tuple[str, ...]  # names (and former names) of kind final
    ack_window: timedelta  # of the per_address limit
    named_by_hand: tuple[int, ...] = ()  # the case of `message accept --case`
    erased_identities: tuple[str, ...] = ()  # what stands in the store if this mail was erased (erasure.py)
    beginnings: tuple[str, ...] = ()  # how the mail stands in the store if either was fetched in part (same_mail.py)
    forwarded_keys: frozenset[str] = frozenset()  # who wrote what the mail forwards, without our own addresses
    copies: tuple[OwnCopy, ...] = ()  # of our own mail, in the sent folder or carried by a report
    copy_keys: frozenset[str] = frozenset()  # others in To and Cc who may get a copy of the acknowledgement, <= 50

    @property
    def case_numbers(self) -> frozenset[int]:
        """Every running number named by token, subject, body or hand."""
        named = {hit.running for hit in self.tokens}
        return frozenset(named.union(self.subject_numbers, self.body_numbers, self.named_by_hand))

    @property
    def named_ids(self) -> tuple[str, ...]:
        """Every id that stored messages are looked up by, each once."""
        copied = (one for copy in self.copies for one in (*copy.ours, copy.message_id))
        return tuple(dict.fromkeys((*self.thread_ids, *self.carried_ids, *copied)))


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A stored message, in or out."""

    pk: int
    message_id: str
    direction: str  # "in" or "out"
    automatic: bool  # out: acknowledgement or notice; in: kind is not person
    identity: str
    date_key: str
    fingerprint: str
    sender_key: str
    participants: frozenset[str]  # From, To, Cc keys
    account_id: int | None  # of its contact
    cases: tuple[int, ...]  # running numbers it is linked to, oldest link first
    received_at: datetime
    outcome: str  # "" for outgoing
    reason: str
    erased: bool  # its case was deleted or erased (B2): it does not come back
    beginning: str = ""  # same_mail.stored_beginning
    delivery: int | None = None  # that brought it; its number in `message list`
    by_hand: bool = False  # a person put it on its case (`message relink`, `accept --case`): that outweighs marks
    to_agents: bool = False  # out: a notice to agents, whose Message-ID no customer was sent


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as far as deciding needs it. Its status's kind and role come from the policy."""

    running: int
    number: str
    group: str
    status: str
    category: str
    title: str
    contact_id: int | None
    account_id: int | None
    participants: frozenset[str]  # contact's addresses; From, To, Cc of verified messages (B8)
    merged_into: int | None  # running number
    followers: tuple[int, ...]  # running numbers of cases that followed it, newest first
    assignee: str
    version: int
    created_at: datetime
    first_kind: str  # kind of the mail that made it, "" if made by hand


@dataclass(frozen=True, slots=True)
class ContactView:
    """The contact whose address is the sender's (the earliest created, B11)."""

    id: int
    name: str
    account_id: int | None
    language: str


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account that owns the sender's domain (stored or configured)."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Acked:
    """An acknowledgement to this sender of late, with what it answered (K9, K10)."""

    at: datetime
    content_key: str  # of the mail that was acknowledged
    group: str  # that acknowledged it


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The store's answers to one `Lookup`, with the moment they were taken."""

    lookup: Lookup
    now: datetime
    same: tuple[KnownMessage, ...] = ()  # inbound: same identity, Message-ID or fingerprint
    #: By Message-ID, newest first; under the id that a relay gave it a mail of ours stands too, with its own id.
    messages: Mapping[str, tuple[KnownMessage, ...]] = field(default_factory=dict)
    citing: Mapping[str, tuple[KnownMessage, ...]] = field(default_factory=dict)  # by the id cited
    cases: Mapping[int, CaseView] = field(default_factory=dict)  # with merge targets and followers
    contact: ContactView | None = None
    account: AccountView | None = None
    open_cases: tuple[int, ...] = ()  # not final, of the contact or account, newest first
    suppressed: str = ""  # reason, while the sender's address is suppressed
    suppressed_copies: frozenset[str] = frozenset()  # those of `copy_keys` whose address is suppressed
    acks: tuple[Acked, ...] = ()  # to this address, of all groups, within the longer of ack_window and 60 minutes
    breaker_open: bool = False
    agent: bool = False  # the sender is one of our active agents
    forwarded_agents: frozenset[str] = frozenset()  # those of `forwarded_keys` who are agents, active or not
