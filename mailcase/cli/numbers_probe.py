"""Whether the numbers of the cases that are there are still found in mail, for `mailcase check` (B7.4)."""

from typing import Final

from mailcase.cli.probing import Finding
from mailcase.policy import Policy
from mailcase.store.life.case_filter import CaseFilter
from mailcase.store.store import Store

_NEWEST: Final = 500
_NAMED: Final = 3


def numbers(policy: Policy, store: Store | None) -> list[Finding]:
    """A line where the newest cases have numbers that no mask finds: one was changed and the old one not retired."""
    cases = store.case_list(policy.statuses, CaseFilter(last=_NEWEST)) if store else []
    lost = [one["number"] for one in cases if not any(mask.find(one["number"]) for mask in policy.cases.masks)]
    if not lost:
        return []
    some = ", ".join(lost[-_NAMED:]) + (" …" if len(lost) > _NAMED else "")
    which = "a number" if len(lost) == 1 else "numbers"
    detail = f"{len(lost)} of {len(cases)} cases looked at have {which} that no mask finds: {some}"
    cure = "put their mask into [cases] retired_masks: mail that names such a number begins a new case"
    return [Finding("numbers", "", ok=True, detail=detail, cure=cure)]
