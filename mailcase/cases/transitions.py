"""What a mail does to the case it belongs to (B9): a table by kind of status."""

from collections.abc import Mapping, Set
from enum import StrEnum
from typing import Final

from mailcase.cases.statuses import StatusKind, StatusTable
from mailcase.snapshot import CaseView


class Effect(StrEnum):
    """What happens to the case found."""

    LINK = "link"
    REOPEN = "reopen"
    FOLLOW = "follow"  # a new case, shown in the closed one too


EFFECTS: Final = {
    StatusKind.ACTIVE: Effect.LINK,
    StatusKind.PAUSED: Effect.REOPEN,
    StatusKind.RESOLVED: Effect.REOPEN,
    StatusKind.FINAL: Effect.FOLLOW,
}


def effect(case: CaseView, statuses: StatusTable) -> Effect:
    """What a person's mail does to this case."""
    return EFFECTS[statuses.kind(case.status)]


def is_final(case: CaseView, statuses: StatusTable) -> bool:
    """Whether the case is closed or canceled."""
    return statuses.kind(case.status) is StatusKind.FINAL


def merged(case: CaseView, cases: Mapping[int, CaseView]) -> CaseView:
    """The case it was merged into, at last; itself where it was not."""
    seen = {case.running}
    while case.merged_into is not None and case.merged_into in cases and case.merged_into not in seen:
        case = cases[case.merged_into]
        seen.add(case.running)
    return case


def _of_the_same(case: CaseView, other: CaseView) -> bool:
    """Whether contact or account is the same, or the other has neither: then it is nobody else's."""
    if other.contact_id is None and other.account_id is None:
        return True
    return (case.contact_id is not None and case.contact_id == other.contact_id) or (
        case.account_id is not None and case.account_id == other.account_id
    )


def open_follower(
    case: CaseView,
    cases: Mapping[int, CaseView],
    statuses: StatusTable,
    people: Set[str] | None = None,
    account_id: int | None = None,
) -> CaseView | None:
    """The newest case that followed it, directly or through others, and is not final.

    With `people` (keys) none of another customer, unless with one of them among its people, or of their `account_id`:
    whoever names a closed case begins one that follows it, and what others answer to the closed one is not for him
    (B8, P5).
    """
    todo, seen, found = list(case.followers), {case.running}, list[CaseView]()
    while todo:
        running = todo.pop()
        if running in seen or running not in cases:
            continue
        seen.add(running)
        follower = merged(cases[running], cases)
        todo.extend(follower.followers)
        his = account_id is not None and account_id == follower.account_id
        theirs = people is None or his or _of_the_same(case, follower) or bool(people & follower.participants)
        if theirs and not is_final(follower, statuses):
            found.append(follower)
    return max(found, key=lambda one: one.running, default=None)
