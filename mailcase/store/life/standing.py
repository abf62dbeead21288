"""What a case's columns do not say: that an act suspended it, and that it may be the duplicate of an open case."""

from typing import Any, Final

import sqlalchemy as sa

from mailcase.cases.statuses import StatusKind, StatusTable
from mailcase.life.status_lines import STATUS_EVENTS
from mailcase.store import tables as t

_C, _E, _R = t.case.c, t.case_event.c, t.case_relation.c
_SUSPEND: Final = "suspend"


def suspended(statuses: StatusTable) -> sa.ColumnElement[Any]:
    """The same as `by_suspending`; of a long list, the histories of those alone are read that are paused."""
    paused = [name for one in statuses.statuses if one.kind is StatusKind.PAUSED for name in (one.name, *one.formerly)]
    return sa.case((_C.status.in_(paused), by_suspending()), else_=sa.false())


def by_suspending() -> sa.ColumnElement[Any]:
    """Whether the act that gave it its status is `suspend`: a column of a case's row."""
    newest = sa.select(_E.data["act"].as_string()).where(_E.case_id == _C.running, _E.event.in_(STATUS_EVENTS))
    act = newest.order_by(_E.id.desc()).limit(1).correlate(t.case).scalar_subquery()
    return sa.func.coalesce(act, "") == _SUSPEND


def duplicate(statuses: StatusTable, organizations: tuple[str, ...] | None) -> sa.ColumnElement[Any]:
    """Whether it is open, and was made as what may be the same as another one that is open still.

    `organizations`: those of the agent who looks, (): the cases without one; a case that is not his to see is none.
    """
    other = t.case.alias()
    ended = statuses.final_names
    like = sa.join(t.case_relation, other, other.c.running == _R.other_id)
    there = sa.select(sa.literal(1)).select_from(like)
    mine = there.where(_R.case_id == _C.running, _R.relation == "possible_duplicate", other.c.status.not_in(ended))
    if organizations is not None:
        mine = mine.where(other.c.organization.in_(organizations or ("",)))
    return sa.and_(_C.status.not_in(ended), sa.exists(mine.correlate(t.case)))
