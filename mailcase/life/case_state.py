"""A case as an act finds it: all that a rule needs to know of it."""

from dataclasses import dataclass
from datetime import datetime

from mailcase.life.people import Agent


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work on a case."""

    id: int
    title: str
    state: str  # open, finished, cancelled
    assignee: str = ""  # key
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CaseState:
    """A case, read and locked in the transaction that changes it. Kind and role of its status come from the policy."""

    running: int
    number: str
    group: str  # of mailboxes
    mailbox: str
    title: str
    description: str
    status: str
    priority: str
    category: str
    source: str
    contact_id: int | None
    account_id: int | None
    assignee: str  # key of an agent, or ""
    assignee_group: str
    organization: str
    closing_reason: str
    parent: int | None
    merged_into: int | None
    first_kind: str  # of the mail that made it; "" = made by hand
    junk: bool
    version: int
    support_level: int
    expected_at: datetime | None
    first_response_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    status_before: str
    solution: str
    created_at: datetime
    followers: frozenset[str] = frozenset()
    tasks: tuple[Task, ...] = ()
    status_since: datetime | None = None  # when it got its status, as far as its history tells
    parent_number: str = ""
    merged_number: str = ""  # of the case that it was merged into, at the end of the chain
    ancestors: frozenset[int] = frozenset()  # its parent, that one's parent, …
    related: frozenset[int] = frozenset()  # by hand

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """What is still to be done."""
        return tuple(one for one in self.tasks if one.state == "open")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an agent, or the operator of this machine (the command line without --as)."""

    name: str  # as events name him: an agent's key, else the system's user name
    agent: Agent | None = None

    @property
    def is_admin(self) -> bool:
        """Whether he sees everything: an admin, or the operator."""
        return self.agent is None or self.agent.is_admin


@dataclass(frozen=True, slots=True)
class People:
    """All agents and groups, as rules look them up."""

    agents: tuple[Agent, ...] = ()
    groups: tuple[str, ...] = ()  # active ones

    def agent(self, key: str) -> Agent | None:
        """The agent of that address key, active or not."""
        return next((one for one in self.agents if one.key == key), None)

    def members(self, group: str) -> tuple[Agent, ...]:
        """The active agents of a group."""
        return tuple(one for one in self.agents if one.active and group in one.groups)
