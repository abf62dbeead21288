"""`case task list`: what is still to be done, over all cases that have not ended."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.cases.statuses import StatusTable
from mailcase.store import tables as t

_C, _T = t.case.c, t.case_task.c
#: A task that is given to nobody is for who has the case.
_whose: Final = sa.func.lower(sa.func.coalesce(sa.func.nullif(_T.assignee, ""), _C.assignee))


def task_list(
    conn: Connection, statuses: StatusTable, assignee: str | None, organizations: tuple[str, ...] | None
) -> list[dict[str, Any]]:
    """Open tasks, the earliest due first and those without a date last.

    Args:
        conn: a connection that reads.
        statuses: of the configuration; tasks that were left on a case that ended are not listed.
        assignee: an address key; "": nobody's, None: all.
        organizations: of the agent who looks, (): the cases without one; None: all.
    """
    ended = [
        name for one in statuses.statuses if one.name in statuses.final_names for name in (one.name, *one.formerly)
    ]
    which = [_T.state == "open", _C.status.not_in(ended)]
    which += [_whose == assignee] if assignee is not None else []
    which += [_C.organization.in_(organizations or ("",))] if organizations is not None else []
    columns = (
        _T.id.label("task"), _T.title, _C.number.label("case"), _C.title.label("case_title"), _T.due_at,
        _whose.label("assignee"), _T.created_at, _T.created_by,
    )  # fmt: skip
    joined = sa.join(t.case_task, t.case, _C.running == _T.case_id)
    order = (_T.due_at.is_(None), _T.due_at, _T.id)
    rows = conn.execute(sa.select(*columns).select_from(joined).where(*which).order_by(*order))
    return [dict(one) for one in rows.mappings()]
