"""The rows of the store's twin: plain values, replaced and never changed, so that a savepoint is a shallow copy."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mailcase.snapshot import ContactView
from mailcase.store.aliases import MOST
from mailcase.verdict import Decision
from tests.servers.memory_outbox import Row


class Clash(Exception):
    """Another one was quicker: a unique row is there, or a case has another version."""


@dataclass(frozen=True)
class Message:
    """A stored mail, in or out."""

    pk: int
    group: str
    identity: str  # with "in:" or "out:" before it, as the store has it
    message_id: str | None
    direction: str
    automatic: bool
    date_key: str
    fingerprint: str
    beginning: str
    sender_key: str
    participants: frozenset[str]
    received_at: datetime
    cited: tuple[str, ...]
    sha256: str
    outcome: str = ""
    reason: str = ""
    delivery: int | None = None


@dataclass(frozen=True)
class Case:
    """A case."""

    running: int
    number: str
    group: str
    status: str
    category: str
    title: str
    priority: str
    contact: int | None
    account: int | None
    origin: int
    first_kind: str
    created_at: datetime
    assignee: str = ""
    version: int = 1


@dataclass(frozen=True)
class Link:
    """A mail in a case's history."""

    how: str
    linked_by: str
    verified: bool
    at: datetime


@dataclass(frozen=True)
class Answer:
    """What the store keeps beside a row of the outbox."""

    dedup: str
    group: str
    to_key: str
    content_key: str
    case: int
    delivery: int
    message: int | None


@dataclass
class Tables:
    """Everything that a decision reads or writes."""

    messages: dict[int, Message] = field(default_factory=dict)
    cases: dict[int, Case] = field(default_factory=dict)
    links: dict[tuple[int, int], Link] = field(default_factory=dict)  # (case, message)
    relations: frozenset[tuple[int, int, str]] = frozenset()
    people: frozenset[tuple[int, str]] = frozenset()
    contacts: dict[int, ContactView] = field(default_factory=dict)
    addresses: dict[str, int] = field(default_factory=dict)  # key -> contact
    suppressed: dict[str, tuple[datetime | None, str]] = field(default_factory=dict)
    outbox: dict[int, Row] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)  # by row of the outbox
    decided: dict[int, Decision] = field(default_factory=dict)  # by delivery
    placed: dict[int, int | None] = field(default_factory=dict)  # delivery -> message
    stands: dict[int, int | None] = field(default_factory=dict)  # delivery -> case
    renamed: dict[tuple[str, str], int] = field(default_factory=dict)  # group and other id -> our message

    def copy(self) -> "Tables":
        """For a savepoint."""
        own: dict[str, Any] = {
            name: dict(value) if isinstance(value, dict) else value for name, value in vars(self).items()
        }
        own["outbox"] = {number: replace(row) for number, row in self.outbox.items()}
        return Tables(**own)

    def learn(self, pk: int, other: str) -> None:
        """A relay gave a mail of ours another id: not one that another mail has, nor more than five."""
        group = self.messages[pk].group
        taken = any((one.group, one.message_id) == (group, other) for one in self.messages.values())
        if not taken and sum(1 for one in self.renamed.values() if one == pk) < MOST:
            self.renamed.setdefault((group, other), pk)

    def take_out(self, pk: int | None) -> None:
        """A mail that never left: off its case, and without another id."""
        self.links = {place: link for place, link in self.links.items() if place[1] != pk}
        self.messages.pop(pk or 0, None)
        self.renamed = {place: mail for place, mail in self.renamed.items() if mail != pk}

    def of(self, dedup: str) -> int | None:
        """The row of the outbox with that key."""
        return next((number for number, one in self.answers.items() if one.dedup == dedup), None)
