"""Case numbers by mask, in the subject and in the body (B7.4, B7.5)."""

from typing import Final

from mailcase.cases.numbers import find_numbers
from mailcase.cases.transitions import is_final, merged
from mailcase.linking.finding import Candidate
from mailcase.message import Email
from mailcase.policy import Policy
from mailcase.snapshot import CaseView, Snapshot

SUBJECT_LIMIT: Final = 4096  # characters
BODY_LIMIT: Final = 262_144  # characters of text and of markup each


def subject_numbers(email: Email, policy: Policy) -> tuple[int, ...]:
    """Running numbers that fit the mask or a retired one in the subject."""
    return find_numbers(policy.cases.masks, email.subject[:SUBJECT_LIMIT])


def body_numbers(email: Email, policy: Policy) -> tuple[int, ...]:
    """Running numbers in plain text and HTML markup, quotes included."""
    if not policy.linking.number_in_body:
        return ()
    masks = tuple(mask for mask in policy.cases.masks if mask.literals >= 2)
    in_text = find_numbers(masks, email.text[:BODY_LIMIT])
    in_markup = find_numbers(masks, email.html[:BODY_LIMIT])
    return tuple(dict.fromkeys((*in_text, *in_markup)))


def by_subject(snapshot: Snapshot, policy: Policy) -> Candidate | None:
    """The case that the subject names."""
    return _best("subject number", "subject", snapshot.lookup.subject_numbers, snapshot, policy)


def by_body(snapshot: Snapshot, policy: Policy) -> Candidate | None:
    """The case that the body names."""
    return _best("body number", "body", snapshot.lookup.body_numbers, snapshot, policy)


def _best(test: str, by: str, numbers: tuple[int, ...], snapshot: Snapshot, policy: Policy) -> Candidate | None:
    """Existing before missing, not final before final, then the first in reading order."""
    existing = [merged(snapshot.cases[one], snapshot.cases) for one in numbers if one in snapshot.cases]
    mine = [case for case in existing if case.group in snapshot.lookup.groups]
    if not mine:
        return None
    ordered = sorted(mine, key=lambda case: is_final(case, policy.statuses))  # stable: reading order stays
    best = ordered[0]
    lost = tuple({case.running: case for case in ordered if case.running != best.running}.values())
    return Candidate(test, by, (best,), _told(best, lost), lost=lost)


def _told(best: CaseView, lost: tuple[CaseView, ...]) -> str:
    others = f"; also named: {', '.join(case.number for case in lost)}" if lost else ""
    return f"names {best.number} ({best.status}){others}"
