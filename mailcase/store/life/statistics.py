"""What `mailcase report` counts, read from the cases and their histories."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.cases.statuses import Role, StatusKind, StatusTable
from mailcase.life.statistics import CaseFact, Facts, Move
from mailcase.store import tables as t
from mailcase.store.life.answers import first_answered
from mailcase.store.tables_cases import STATUS_LINES

_C, _E, _L = t.case.c, t.case_event.c, t.case_message.c


def facts(
    conn: Connection,
    statuses: StatusTable,
    since: datetime,
    until: datetime,
    organizations: tuple[str, ...] | None = None,
) -> Facts:
    """Cases made before `until` that are open or were made or changed since `since`, with their changes since then.

    Args:
        conn: a connection that reads.
        statuses: for the kinds; a status that the table lost counts as active.
        since: the beginning of the period.
        until: its end.
        organizations: only cases of these, (): without one; None: all.
    """
    made = [_C.created_at < until, ~sa.exists().where(_L.case_id == _C.running, _L.how == "junk_case")]
    if organizations is not None:
        made.append(_C.organization.in_(organizations or ("",)))
    changed = sa.select(_E.case_id).where(STATUS_LINES, _E.at >= since)
    ended = [name for one in statuses.statuses if one.kind in _ENDED for name in (one.name, *one.formerly)]
    matters = sa.or_(_C.created_at >= since, _C.status.not_in(ended), _C.running.in_(changed))
    return Facts(tuple(_cases(conn, statuses, (*made, matters))), tuple(_moves(conn, statuses, since, made)))


_ENDED: Final = (StatusKind.RESOLVED, StatusKind.FINAL)


def _cases(conn: Connection, statuses: StatusTable, which: tuple[Any, ...]) -> Iterator[CaseFact]:
    columns = (
        _C.running, _C.created_at, _C.status, _C.mailbox, _C.category, _C.assignee, _C.assignee_group,
        first_answered().label("first_response_at"),
    )  # fmt: skip
    canceled = statuses.by_role(Role.CANCELED)
    for row in conn.execute(sa.select(*columns).where(*which).order_by(_C.running)):
        yield CaseFact(
            running=row.running,
            created_at=row.created_at,
            kind=statuses.kind(row.status),
            canceled=statuses.find(row.status) is canceled,
            mailbox=row.mailbox,
            category=row.category,
            assignee=row.assignee.lower(),
            group=row.assignee_group,
            first_response_at=row.first_response_at,
        )


def _moves(conn: Connection, statuses: StatusTable, since: datetime, made: list[Any]) -> Iterator[Move]:
    joined = sa.join(t.case_event, t.case, _C.running == _E.case_id)
    wanted = sa.select(_E.case_id, _E.at, _E.data).select_from(joined)
    for row in conn.execute(wanted.where(STATUS_LINES, _E.at >= since, *made).order_by(_E.at, _E.id)):
        before, after = (str(row.data.get(key) or "") for key in ("from", "to"))
        if before and after:
            yield Move(row.case_id, row.at, statuses.kind(before), statuses.kind(after))
