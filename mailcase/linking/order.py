"""The order of B7 as a table: the first rule that leads to a case wins, the others are kept."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from mailcase.cases.transitions import merged
from mailcase.linking.finding import Candidate, Finding, Tried
from mailcase.linking.number import by_body, by_subject
from mailcase.linking.thread import by_thread, cases_of, pick
from mailcase.linking.token import CARRIED, SUB_ADDRESS
from mailcase.message import Email
from mailcase.policy import Policy
from mailcase.snapshot import CaseView, Snapshot, TokenHit

NEW_TOPIC: Final = "new_topic"  # the reason of a mail that answers an old one to begin something else


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the order."""

    test: str
    rule: Callable[[Email, Snapshot, Policy], Candidate | None]
    automatic: bool  # automatic mail may join by it (B5)
    outgoing: bool  # an agent's own mail may join by it (B16)


def _header_token(_email: Email, snapshot: Snapshot, _policy: Policy) -> Candidate | None:
    hits = [hit for hit in snapshot.lookup.tokens if hit.where not in ("body mark", CARRIED)]
    behind = frozenset(_behind_hand(snapshot))
    left = _cases_behind(snapshot, behind)
    stand = (hit for hit in hits if hit.text not in behind and not (hit.where == SUB_ADDRESS and hit.running in left))
    return by_token(stand, "token", snapshot)


def _cases_behind(snapshot: Snapshot, behind: frozenset[str]) -> frozenset[int]:
    """What the thread led to that was left: who answers all writes to that case's tagged address still."""
    marked = {hit.running for hit in snapshot.lookup.tokens if hit.text in behind}
    stored = (message for one in behind for message in snapshot.messages.get(one, ()))
    return frozenset(marked.union(*(message.cases for message in stored)))


def _behind_hand(snapshot: Snapshot) -> tuple[str, ...]:
    """Ids further back than a mail that a person put on its case, or that left its thread: it is newer than a mark."""
    ids = snapshot.lookup.thread_ids
    for place, one in enumerate(ids):
        message = pick(snapshot.messages.get(one, ()), snapshot.lookup.sender_key)
        if message is not None and (message.by_hand or message.reason == NEW_TOPIC):
            return ids[place + 1 :]
    return ()


def _body_mark(_email: Email, snapshot: Snapshot, _policy: Policy) -> Candidate | None:
    return by_token([hit for hit in snapshot.lookup.tokens if hit.where == "body mark"], "body mark", snapshot)


def _subject(_email: Email, snapshot: Snapshot, policy: Policy) -> Candidate | None:
    return by_subject(snapshot, policy)


def _body(_email: Email, snapshot: Snapshot, policy: Policy) -> Candidate | None:
    if snapshot.lookup.subject_numbers and not policy.linking.body_if_subject_number_unknown:
        return None
    return by_body(snapshot, policy)


ORDER: Final = (
    Rule("token", _header_token, automatic=True, outgoing=True),
    Rule("thread", by_thread, automatic=True, outgoing=True),
    Rule("body mark", _body_mark, automatic=True, outgoing=True),
    Rule("subject number", _subject, automatic=True, outgoing=False),
    Rule("body number", _body, automatic=False, outgoing=False),
)


def find(email: Email, snapshot: Snapshot, policy: Policy, *, automatic: bool, outgoing: bool = False) -> Finding:
    """Try the rules in order; those behind the winner are asked only to record a conflict.

    Args:
        email: the mail.
        snapshot: the store's answers to its lookup.
        policy: the rules in force.
        automatic: the mail is not a person's: it never joins by its body (B5).
        outgoing: it is an agent's own: it joins by its thread alone (B16).
    """
    winner: Candidate | None = None
    tried: list[Tried] = []
    for line in ORDER:
        if why_not := _not_asked(line, automatic=automatic, outgoing=outgoing):
            tried.append(Tried(line.test, "not asked", why_not))
            continue
        candidate = line.rule(email, snapshot, policy)
        tried.append(_told(line.test, candidate, winner, snapshot, policy))
        winner = winner or candidate
    return Finding(winner, tuple(tried))


def _not_asked(line: Rule, *, automatic: bool, outgoing: bool) -> str:
    if automatic and not line.automatic:
        return "automatic mail never joins by its body"
    return "an agent's mail joins by its thread alone" if outgoing and not line.outgoing else ""


def _told(
    test: str, candidate: Candidate | None, winner: Candidate | None, snapshot: Snapshot, policy: Policy
) -> Tried:
    if candidate is None:
        return Tried(test, "none", _why_none(test, snapshot, policy))
    numbers = ", ".join(case.number for case in candidate.cases)
    if winner is None:
        return Tried(test, numbers, candidate.detail)
    agrees = {case.running for case in candidate.cases} & {case.running for case in winner.cases}
    verdict = "agrees" if agrees else f"loses: {winner.test} decided before (conflict noted)"
    return Tried(test, numbers, f"{verdict}; {candidate.detail}")


def _why_none(test: str, snapshot: Snapshot, policy: Policy) -> str:
    lookup = snapshot.lookup
    unknown = [policy.cases.mask.format(one) for one in lookup.subject_numbers if one not in snapshot.cases]
    count = len(lookup.thread_ids)
    named = f"{count} reference{'' if count == 1 else 's'}"
    told = {
        "token": f"{named}, no signed mark of ours that leads to a case",
        "thread": f"{named}, none leads to a case",
        "body mark": "no signed mark of ours is quoted",
        "subject number": f"{', '.join(unknown)}: no such case" if unknown else "no number that fits the mask",
        "body number": "no number of an existing case",
    }
    if test == "body number" and lookup.subject_numbers and not policy.linking.body_if_subject_number_unknown:
        return "not searched: the subject holds a number (body_if_subject_number_unknown is off)"
    return told[test]


def by_token(hits: Iterable[TokenHit], test: str, snapshot: Snapshot) -> Candidate | None:
    """The case that the first mark leads to, with all cases of the mail that carried the mark."""
    for hit in hits:
        if hit.running not in snapshot.cases or any(one.erased for one in snapshot.messages.get(hit.text, ())):
            continue
        named = merged(snapshot.cases[hit.running], snapshot.cases)
        message = pick(snapshot.messages.get(hit.text, ()), snapshot.lookup.sender_key)
        inherited = cases_of(message, snapshot) if message else ()
        others = tuple(one for one in inherited if one.running != named.running)
        # Our mail stands elsewhere where a person put it there: then its mark leads there too.
        moved = bool(inherited) and len(others) == len(inherited)
        cases: tuple[CaseView, ...] = others if moved else (named, *others)
        return Candidate(test, "token", cases, f"valid token in {hit.where} {hit.text}", answers_ours=True)
    return None
