"""The verdict on one mail as data: outcome, actions and the trace of every test."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mailcase.actions import Action
from mailcase.message import Kind

#: Reason words of an agent's mail on a case: what it asks for is done, or it is kept as a note.
BY_AGENT: Final = ("agent_mail", "agent_unverified")
OWN_MAIL: Final = "own_mail"  # what we sent ourselves came back


class Outcome(StrEnum):
    """What became of a delivery (behaviour.md 2)."""

    CREATED = "created"
    LINKED = "linked"
    REOPENED = "reopened"
    FOLLOWED = "followed"
    NOTED = "noted"
    JUNK_CASE = "junk_case"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One test with its result and what it saw; also what lost is kept."""

    test: str  # "same mail", "recipient", "kind", "blacklist", "token", "thread", …
    result: str  # "yes", "no", "none", "SR-12", "person", "not asked"
    detail: str  # header, span, candidate: for a person


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with one mail, and why."""

    kind: Kind
    outcome: Outcome
    reason: str  # stable snake_case word
    trace: tuple[Evidence, ...]
    actions: tuple[Action, ...] = ()
    linked_by: str = ""  # token, thread, subject, body, duplicate, manual, or ""
    case: int | None = None  # running number B9 acted on; actions.NEW for the created one; None
    sender_unverified: bool = False
    acknowledge: bool = False
    acknowledge_reason: str = ""  # reason word: why (not)
    duplicate_of: int | None = None  # pk of the message that was the same mail
