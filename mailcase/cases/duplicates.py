"""Possible duplicates of a new case: unclosed ones of the same customer and category (B12)."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Final

from mailcase.cases.transitions import is_final
from mailcase.policy import Policy
from mailcase.snapshot import CaseView, Snapshot

MOST_RECORDED: Final = 5


def possible_duplicates(snapshot: Snapshot, category: str, policy: Policy, but: frozenset[int]) -> tuple[CaseView, ...]:
    """Unclosed cases of that category and the same contact or account, newest first, at most five."""
    return tuple(islice(_unclosed(snapshot, category, policy, but), MOST_RECORDED))


def case_to_join(snapshot: Snapshot, category: str, policy: Policy, but: frozenset[int]) -> CaseView | None:
    """With `duplicates = "link"`: the newest unclosed case of the same contact within the days set."""
    if policy.cases.duplicates != "link" or snapshot.contact is None:
        return None
    since = snapshot.now - timedelta(days=policy.cases.duplicate_days)
    for case in _unclosed(snapshot, category, policy, but):
        if case.contact_id == snapshot.contact.id and case.created_at >= since:
            return case
    return None


def _unclosed(snapshot: Snapshot, category: str, policy: Policy, but: frozenset[int]) -> Iterator[CaseView]:
    for running in snapshot.open_cases:
        case = snapshot.cases.get(running)
        if case is None or case.category != category or running in but or is_final(case, policy.statuses):
            continue
        yield case
