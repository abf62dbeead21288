"""What a linking rule finds, and what the order of rules makes of it."""

from dataclasses import dataclass

from mailcase.snapshot import CaseView


@dataclass(frozen=True, slots=True)
class Candidate:
    """One rule's answer: the cases it leads to, best first, and the evidence."""

    test: str  # the trace's name of the rule: "token", "thread", "body mark", "subject number", …
    linked_by: str  # token, thread, subject, body
    cases: tuple[CaseView, ...]  # after merges, in the rule's order of preference
    detail: str
    answers_ours: bool = False  # it answers a mail that we sent (B5, last paragraph but one)
    lost: tuple[CaseView, ...] = ()  # other cases that the same rule saw


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule's line for the trace."""

    test: str
    result: str
    detail: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The winner of B7, with what every rule said."""

    winner: Candidate | None
    tried: tuple[Tried, ...]

    @property
    def cases(self) -> tuple[CaseView, ...]:
        """All cases the mail inherits from the winner."""
        return self.winner.cases if self.winner else ()
