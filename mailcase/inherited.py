"""Of the cases that a mail inherits: which one it acts on, and how it stands on the others (B7, B9)."""

from dataclasses import replace

from mailcase.actions import LinkMessage
from mailcase.cases.transitions import is_final
from mailcase.hearing import Hearing
from mailcase.linking.finding import Candidate
from mailcase.snapshot import CaseView


def acted_on(hearing: Hearing, winner: Candidate) -> CaseView:
    """Of all cases inherited the newest that is not final, else the rule's first (B7)."""
    living = [case for case in winner.cases if not is_final(case, hearing.policy.statuses)]
    return max(living, key=lambda case: case.running, default=winner.cases[0])


def links(winner: Candidate, acted: CaseView, how: str, *, verified: bool) -> tuple[LinkMessage, ...]:
    """The link that counts, then the other inherited cases, which only show the mail."""
    others = (case for case in winner.cases if case.running != acted.running)
    return (
        LinkMessage(acted.running, how, winner.linked_by, verified),
        *(LinkMessage(case.running, "shown", winner.linked_by, verified) for case in others),
    )


def led_to(winner: Candidate, follower: CaseView) -> Candidate:
    """The finding that leads to the open case that followed; the closed ones show the mail too (B9)."""
    return replace(winner, cases=(follower, *winner.cases))
