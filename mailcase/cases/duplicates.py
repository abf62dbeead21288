"""Possible duplicates of a new case: unclosed ones of the same customer and category (B12)."""

from datetime import timedelta
from typing import Final

from mailcase.cases.transitions import is_final
from mailcase.policy import Policy
from mailcase.snapshot import CaseView, Snapshot

MOST_RECORDED: Final = 5


def possible_duplicates(snapshot: Snapshot, category: str, policy: Policy, but: frozenset[int]) -> tuple[CaseView, ...]:
    """Unclosed cases of that category and the same contact or account, newest first, at most five."""
    found = (snapshot.cases[running] for running in snapshot.open_cases if running in snapshot.cases)
    open_ones = (
        case
        for case in found
        if case.category == category and case.running not in but and not is_final(case, policy.statuses)
    )
    return tuple(open_ones)[:MOST_RECORDED]


def case_to_join(snapshot: Snapshot, category: str, policy: Policy, but: frozenset[int]) -> CaseView | None:
    """With `duplicates = "link"`: the newest unclosed case of the same contact within the days set."""
    if policy.cases.duplicates != "link" or snapshot.contact is None:
        return None
    since = snapshot.now - timedelta(days=policy.cases.duplicate_days)
    for case in possible_duplicates(snapshot, category, policy, but):
        if case.contact_id == snapshot.contact.id and case.created_at >= since:
            return case
    return None
