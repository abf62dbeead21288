"""Assignment rules: which group or agent gets a new case. Pure; the first rule that fits decides."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mailcase.life.people import Agent

PICKS: Final = ("none", "round_robin", "least_loaded")
_LOOKED_AT: Final = 20_000  # characters of a case's text


@dataclass(frozen=True, slots=True)
class AssignmentRule:
    """`[[assignment]]`: a case that fits goes to that group or agent; "" and () ask nothing."""

    name: str
    mailbox: str = ""
    category: str = ""
    sender_domain: str = ""  # A-labels, lower case; a sub-domain is another domain
    words: tuple[str, ...] = ()  # any of them as a whole word in title or description
    priority: str = ""
    group: str = ""
    agent: str = ""  # an address
    pick: str = "none"  # of the group's members
    open: tuple[str, ...] = ()  # statuses that are not of kind final: what an agent's load is counted by
    isolate: bool = False  # [agents] isolate_organizations

    def may_give(self, agent: Agent, organization: str) -> bool:
        """Whether this agent may have a case of that organization: he is active, and it is one of his."""
        return agent.active and agent.may_have(organization, apart=self.isolate)


@dataclass(frozen=True, slots=True)
class CaseToAssign:
    """What the rules look at."""

    mailbox: str
    category: str
    sender_domain: str
    title: str
    description: str
    priority: str


@dataclass(frozen=True, slots=True)
class Member:
    """An active agent of a group, with what picking weighs."""

    agent: Agent
    open_cases: int = 0
    turn: int = 0  # number of the last new case that he got; 0: none yet


def first_fit(rules: Iterable[AssignmentRule], case: CaseToAssign) -> AssignmentRule | None:
    """The first rule that fits, or None."""
    return next((rule for rule in rules if _fits(rule, case)), None)


def _fits(rule: AssignmentRule, case: CaseToAssign) -> bool:
    asked = (
        (rule.mailbox, case.mailbox),
        (rule.category, case.category),
        (rule.sender_domain, case.sender_domain),
        (rule.priority, case.priority),
    )
    return all(wanted in ("", found) for wanted, found in asked) and _has_words(rule.words, case)


def _has_words(words: Sequence[str], case: CaseToAssign) -> bool:
    """Whether one of them is there, whatever its case; as a whole word, so that "bill" is not in "billion"."""
    if not words:
        return True
    text = f"{case.title}\n{case.description}"[:_LOOKED_AT].casefold()
    return any(re.search(rf"(?<!\w){re.escape(one.casefold())}(?!\w)", text) for one in words)


def pick(rule: AssignmentRule, members: Iterable[Member]) -> Agent | None:
    """The member whose turn it is, or who has the fewest open cases; ties by name. None: the group alone."""
    active = [one for one in members if one.agent.active]
    if rule.pick == "none" or not active:
        return None
    weigh = _by_turn if rule.pick == "round_robin" else _by_load
    return min(active, key=lambda one: (*weigh(one), one.agent.name.casefold(), one.agent.key)).agent


def _by_turn(member: Member) -> tuple[int]:
    return (member.turn,)


def _by_load(member: Member) -> tuple[int]:
    return (member.open_cases,)
