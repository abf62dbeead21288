"""Which complaints of recipients were noted of late, for the alarm mails."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.health.complaints import Complaint
from mailcase.message import Kind
from mailcase.store import tables as t
from mailcase.verdict import Outcome

_M, _L, _C = t.message.c, t.case_message.c, t.case.c
_OF_LATE: Final = timedelta(days=1)
_NEWEST: Final = 5000  # messages that are looked at: found by their key alone, whatever the store holds
_MOST: Final = 20  # complaints a day that are told: somebody may send them by the thousand


def of_late(conn: Connection, now: datetime) -> Sequence[Complaint]:
    """The first complaints of the last day that are on a case; a mail settled late counts by its own row."""
    newest = sa.select(sa.func.coalesce(sa.func.max(_M.id), 0)).scalar_subquery()
    query = (
        sa.select(_M.id, _M.delivery_id, _M.received_at, sa.func.min(_C.number).label("case"))
        .select_from(t.message)
        .outerjoin(t.case_message, _L.message_pk == _M.id)
        .outerjoin(t.case, _C.running == _L.case_id)
        .where(_M.id > newest - _NEWEST, _M.kind == Kind.COMPLAINT.value, _M.outcome == Outcome.NOTED.value)
        .where(_M.received_at > now - _OF_LATE)
        .group_by(_M.id, _M.delivery_id, _M.received_at)
        .order_by(_M.id)
        .limit(_MOST)
    )
    return [Complaint(row.id, row.delivery_id, row.case or "", row.received_at) for row in conn.execute(query)]
