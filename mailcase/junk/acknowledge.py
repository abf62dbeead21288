"""May this mail be acknowledged: table 3.3 as a table, the first no ends it (behaviour.md 6)."""

from dataclasses import dataclass
from typing import Final

from mailcase.junk.ack_address import neutral, not_forged, not_suppressed, one_usable_address, to_us
from mailcase.junk.ack_case import from_a_person, not_held_back, switched_on, young_enough
from mailcase.junk.ack_limits import few_hops, no_thread_of_ours, something_new, under_the_limit
from mailcase.junk.ack_marks import envelope_sender, machine_marks
from mailcase.junk.ack_question import AckQuestion, AckRule, No

__all__ = ["RULES", "AckQuestion", "AckVerdict", "may_acknowledge"]

RULES: Final[tuple[tuple[str, AckRule], ...]] = (
    ("K1 switch", switched_on),
    ("K2 person", from_a_person),
    ("B1 start", not_held_back),
    ("K3 envelope", envelope_sender),
    ("K4 marks", machine_marks),
    ("K5 address", one_usable_address),
    ("K6 authentication", not_forged),
    ("K7 recipient", to_us),
    ("K8 suppression", not_suppressed),
    ("B13 age", young_enough),
    ("K9 limit", under_the_limit),
    ("K10 hops", few_hops),
    ("K10 references", no_thread_of_ours),
    ("K10 content", something_new),
)


@dataclass(frozen=True, slots=True)
class AckVerdict:
    """Whether it may be acknowledged, and every test up to the first no."""

    yes: bool
    reason: str  # the outcome (created, followed, reopened) if yes, else the stable word of the no
    neutral: bool  # the neutral template: nothing that the sender chose
    tests: tuple[tuple[str, str, str], ...]  # (rule, "yes" or "no", detail)


def may_acknowledge(question: AckQuestion) -> AckVerdict:
    """Walk the table. The receiver is the customer; per domain, in total and breaker come at sending."""
    tests: list[tuple[str, str, str]] = []
    for name, rule in RULES:
        answer = rule(question)
        if isinstance(answer, No):
            tests.append((name, "no", f"{answer.reason}: {answer.detail}"))
            return AckVerdict(False, answer.reason, neutral(question), tuple(tests))
        tests.append((name, "yes", answer.detail))
    return AckVerdict(True, question.outcome, neutral(question), tuple(tests))
