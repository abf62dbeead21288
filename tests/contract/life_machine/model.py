"""A simple model of cases and of the mails that are owed, beside the product: the tables of policy.py, and no SQL."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from tests.builders import NOW
from tests.contract.life_machine.people import ADMIN, AGENTS, CUSTOMERS, GROUPS, MACHINE, ROOT, ROUTED, TEAM, TURNS
from tests.contract.life_machine.policy import (
    ACTIVE,
    AGENT_LIMIT,
    CASE_LIMIT,
    DELAYED,
    FINAL,
    KEPT_LIMIT,
    NEW,
    OWED,
    SILENT_DAYS,
)

#: Notices that count together: first recipient, whether there are more, rule, whether a stranger's mail did it.
Like = tuple[str, bool, str, bool]


class Mail(NamedTuple):
    """A row of the outbox, as far as it is owed."""

    case: str
    rule: str
    to: tuple[str, ...]  # sorted
    state: str = "pending"
    reason: str = ""


@dataclass
class Case:
    """A case as the model knows it."""

    number: str
    customer: str
    status: str = NEW
    assignee: str = ""
    group: str = ""
    priority: str = "Medium"
    category: str = "Incident"
    level: int = 0
    by_person: bool = True  # or by hand; False: its first mail was a machine's
    junk: bool = False
    merged: str = ""  # the number of the primary
    before: str = ""  # what undoing a cancel restores
    follows: str = ""  # the final case whose mail made it
    parent: str = ""
    expected: datetime | None = None
    responded: datetime | None = None
    followers: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)  # who is no stranger
    heard: dict[int, tuple[str, bool]] = field(default_factory=dict)  # delivery -> sender, verified
    notes: set[int] = field(default_factory=set)  # deliveries: agents' mails that are not for everybody
    tasks: set[int] = field(default_factory=set)  # open ones
    related: set[str] = field(default_factory=set)

    def is_final(self) -> bool:
        return self.status in FINAL


@dataclass
class Model:
    """All cases, who is there, who gets no automatic mail, and what agents were told of late."""

    now: datetime = NOW
    cases: dict[str, Case] = field(default_factory=dict)
    active: set[str] = field(default_factory=lambda: set(AGENTS))
    silent: dict[str, datetime] = field(default_factory=dict)
    split: dict[int | None, set[str]] = field(default_factory=dict)  # delivery -> cases that it was split off to
    turns: dict[str, int] = field(default_factory=dict)  # agent -> when it was his turn last
    told_of_late: list[tuple[datetime, Like, str]] = field(default_factory=list)

    # -- where a mail leads ---------------------------------------------------------------------

    def end_of(self, case: Case) -> Case:
        """The case that it was merged into, at last (B7)."""
        while case.merged:
            case = self.cases[case.merged]
        return case

    def open_follower(self, case: Case, sender: str) -> Case | None:
        """The newest case of this customer or sender that followed it, directly or not, and is not final (B9)."""
        todo, seen, found = [case.number], set[str](), list[Case]()
        while todo:
            number = todo.pop()
            if number in seen:
                continue
            seen.add(number)
            for one in (self.end_of(one) for one in self.cases.values() if one.follows == number):
                todo.append(one.number)
                his = one.customer in ("", case.customer) or sender in one.people
                found += [one] if his and not one.is_final() else []
        return max(found, key=lambda one: int(one.number.removeprefix("SR-")), default=None)

    # -- what is owed ---------------------------------------------------------------------------

    def told(self, what: str, case: Case, by: str, former: str = "", *, stranger: bool = False) -> list[Mail]:
        """One mail a rule and recipient, to nobody who did it himself (L2, L6).

        `former` had the case before; of a task he is the agent who gets it. `stranger`: his mail did it.
        """
        if case.junk and what != "undeliverable":
            return []
        rules = OWED[what]
        return [mail for one in rules for mail in self._of_rule(*one, case, by, former, set(), stranger=stranger)]

    def moved(self, case: Case, by: str, owed: list[Mail]) -> list[Mail]:
        """These, and who follows the case is told that it changed, unless one of these tells him already."""
        known = {key for one in owed for key in one.to}
        return owed + [
            one for rule, words in OWED["changed"] for one in self._of_rule(rule, words, case, by, "", set(known))
        ]

    def _of_rule(
        self,
        rule: str,
        words: tuple[str, ...],
        case: Case,
        by: str,
        former: str,
        known: set[str],
        *,
        stranger: bool = False,
    ) -> Iterator[Mail]:
        for word in words:
            for to in self._whom(word, case, by, former):
                if not set(to) <= known and word == "customer":
                    yield self._to_customer(rule, case)
                elif not set(to) <= known:
                    yield self.to_agents(rule, case, to, stranger=stranger)
                known |= set(to)

    def _whom(self, word: str, case: Case, by: str, former: str) -> list[tuple[str, ...]]:
        """Each tuple is one mail."""
        assignee, before = self._each([case.assignee], by), self._each([former], by)
        group = self._together(case.group, by) or self._stand_ins(case, by, former)
        whom: dict[str, list[tuple[str, ...]]] = {
            "customer": [(case.customer,)] if case.customer != by else [],
            "assignee": assignee,
            "group": [] if case.assignee in self.active else group,
            "owner": assignee if case.assignee in self.active else group or before,
            "task_agent": before,
            "followers": self._each(sorted(case.followers), by),
            "team": [(one,) for one in TEAM if one != by],
        }
        return whom[word]

    def _each(self, keys: Iterable[str], by: str) -> list[tuple[str, ...]]:
        """A mail each."""
        return [(key,) for key in keys if key in self.active - {by}]

    def _together(self, group: str, by: str) -> list[tuple[str, ...]]:
        """One mail to all members."""
        members = [key for key in GROUPS.get(group, ()) if key in self.active - {by} and not self.is_silent(key)]
        return [tuple(members)] if members else []

    def _stand_ins(self, case: Case, by: str, former: str) -> list[tuple[str, ...]]:
        """Its assignee is disabled or none, its group has nobody: the mailbox's, which always has somebody here."""
        there = {case.assignee, former, *GROUPS.get(case.group, ())} & self.active
        return [] if there or not (case.assignee or former or case.group) else self._together("First line", by)

    def is_silent(self, key: str) -> bool:
        """Whether the address gets no automatic mail now, since a mail to it came back."""
        return key in self.silent and self.silent[key] > self.now

    def silence(self, key: str) -> None:
        """A mail to it came back for good."""
        self.silent[key] = self.now + timedelta(days=SILENT_DAYS)

    def _to_customer(self, rule: str, case: Case) -> Mail:
        his = [verified for sender, verified in case.heard.values() if sender == case.customer]
        unverified = bool(his) and not any(his) and case.customer not in case.people
        tests = (
            (not case.by_person, "not_a_person"),
            (unverified, "sender_unverified"),
            (case.customer == MACHINE, "robot_sender"),
            (self.is_silent(case.customer), "suppressed"),
        )
        reason = next((word for holds, word in tests if holds), "")
        if reason:
            return Mail(case.number, rule, (case.customer,), "suppressed", reason)
        return Mail(case.number, rule, (case.customer,), reason="delayed" if rule in DELAYED else "")

    def to_agents(self, rule: str, case: Case, to: tuple[str, ...], *, stranger: bool = False) -> Mail:
        """A notice to them, unless the address is silent or had too many; what strangers did is counted apart."""
        like = (to[0], len(to) > 1, rule, stranger)
        reason = self._kept_back(like, case.number)
        if not reason:
            self.told_of_late.append((self.now, like, case.number))
        return Mail(case.number, rule, tuple(sorted(to)), "suppressed" if reason else "pending", reason)

    def _kept_back(self, like: Like, number: str) -> str:
        if self.is_silent(like[0]):
            return "suppressed"
        since = self.now - timedelta(hours=1)
        late = [about for at, one, about in self.told_of_late if at > since and one == like]
        if like[2] == "kept_as_note":
            return "agent_limit" if len(late) >= KEPT_LIMIT else ""
        return "agent_limit" if len(late) >= AGENT_LIMIT or late.count(number) >= CASE_LIMIT else ""

    def handed(self, case: Case, by: str) -> list[Mail]:
        """L2: an active case has or got an assignee, else a group; who is disabled is no assignee."""
        if case.status not in ACTIVE or not (case.assignee or case.group):
            return []
        return self.told("assigned" if case.assignee in self.active else "group_assigned", case, by)

    def acknowledged(self, rule: str, case: Case, sender: str) -> Mail:
        """B13: the mail that made the case is answered, unless a machine wrote it or its address is silent."""
        kept = "not_a_person" if not case.by_person else "suppressed" if self.is_silent(sender) else ""
        return Mail(case.number, rule, (sender,), "suppressed" if kept else "pending", kept)

    # -- cases ----------------------------------------------------------------------------------

    def add(self, case: Case) -> Case:
        """A new case."""
        assert case.number not in self.cases, f"{case.number} was given out twice"
        self.cases[case.number] = case
        case.people |= {case.customer}
        return case

    def place(self, case: Case, word: str, group: str) -> None:
        """Whose a new case is: that of the assignment rule for its word, else the group's that is named."""
        case.group = {ROUTED: "Second line", TURNS: "First line"}.get(word, group)
        if word:
            case.assignee = self._next(case.group)

    def _next(self, group: str) -> str:
        """The member whose turn it is; of one member, he."""
        there = [key for key in GROUPS[group] if key in self.active]
        chosen = min(there, key=lambda key: self.turns.get(key, 0), default="")
        self.turns[chosen] = max(self.turns.values(), default=0) + 1
        return chosen

    def reads(self, actor: str, case: Case, mail: int) -> bool:
        """A mail that is a note is for the assignee, admins, the operator and who wrote it."""
        return mail not in case.notes or actor in (ROOT, ADMIN, case.assignee, case.heard[mail][0])

    def may(self, actor: str) -> bool:
        """An agent who was disabled does nothing."""
        return actor not in AGENTS or actor in self.active

    def pick(self, at: int) -> Case:
        """The first case, or one of the newest three: few cases, so that their lives are long."""
        numbers = list(self.cases)
        few = (numbers[0], *numbers[-3:])
        return self.cases[few[at % len(few)]]


__all__ = ["CUSTOMERS", "Case", "Mail", "Model"]
