"""What a status leaves on a case's row: since when it is resolved or over, and what undoing a cancel restores."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mailcase.cases.statuses import StatusKind

_SOLVED: Final = frozenset({StatusKind.RESOLVED, StatusKind.FINAL})


@dataclass(frozen=True, slots=True)
class Was:
    """A case before its status changes; a new one was nothing."""

    kind: StatusKind = StatusKind.ACTIVE
    resolved_at: datetime | None = None
    closed_at: datetime | None = None


NEW: Final = Was()


def follows(to: StatusKind, now: datetime, was: Was = NEW) -> dict[str, object]:
    """The columns of a case that gets a status of this kind, whoever gives it.

    A resolved one that is closed or canceled keeps when it was resolved, and its solution; what is not solved any more
    has none: its history keeps it. Which status a cancel can go back to is added by cancel alone.
    """
    resolved = was.resolved_at if was.kind in _SOLVED and to in _SOLVED else None
    closed = was.closed_at if was.kind is StatusKind.FINAL else None
    unsolved = {} if to in _SOLVED else {"solution": "", "article": ""}
    return {
        "resolved_at": resolved or (now if to is StatusKind.RESOLVED else None),
        "closed_at": (closed or now) if to is StatusKind.FINAL else None,
        "status_before": "",
        **unsolved,
    }
