"""Cases without an organization get that of their mailbox: many of them, some at a time, each with its event."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.life.acts.organization import EVENT
from mailcase.store import tables as t

_SOME: Final = 500  # cases of one transaction: whoever else writes waits for no more
_C = t.case.c


def give_some(conn: Connection, mailbox: str, organization: str, actor: str, now: datetime) -> int:
    """The next cases of this mailbox that have none; how many they were, 0 where none is left."""
    mine = sa.select(_C.running).where(_C.mailbox == mailbox, _C.organization == "").order_by(_C.running).limit(_SOME)
    cases = conn.execute(mine.with_for_update()).scalars().all()
    if not cases:
        return 0
    given = sa.update(t.case).where(_C.running.in_(cases))
    conn.execute(given.values(organization=organization, updated_at=now, version=_C.version + 1))
    line = {"at": now, "event": EVENT, "actor": actor, "delivery_id": None, "data": {"from": "", "to": organization}}
    conn.execute(sa.insert(t.case_event), [{"case_id": one, **line} for one in cases])
    return len(cases)


def left(conn: Connection) -> Mapping[str, int]:
    """How many cases have none still, by mailbox."""
    rows = sa.select(_C.mailbox, sa.func.count()).where(_C.organization == "").group_by(_C.mailbox)
    return {name: int(count) for name, count in conn.execute(rows.order_by(_C.mailbox))}
