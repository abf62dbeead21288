"""Cases without an organization get that of their mailbox: many of them, some at a time, each with its event."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.life.acts.organization import EVENT
from mailcase.store import tables as t

_SOME: Final = 500  # cases of one transaction: whoever else writes waits for no more
_C = t.case.c


def next_ones(conn: Connection, mailbox: str, after: int) -> Sequence[int]:
    """The next cases of this mailbox behind `after` that have none: each is looked at once, however many there are."""
    mine = sa.select(_C.running).where(_C.mailbox == mailbox, _C.organization == "", _C.running > after)
    return conn.execute(mine.order_by(_C.running).limit(_SOME)).scalars().all()


def give(conn: Connection, these: Sequence[int], organization: str, actor: str, now: datetime) -> int:
    """Those of these that have none still; how many they were. `updated_at` stays: retention counts from it."""
    mine = sa.select(_C.running).where(_C.running.in_(these), _C.organization == "").order_by(_C.running)
    cases = conn.execute(mine.with_for_update()).scalars().all()
    if not cases:
        return 0
    given = sa.update(t.case).where(_C.running.in_(cases))
    conn.execute(given.values(organization=organization, version=_C.version + 1))
    line = {"at": now, "event": EVENT, "actor": actor, "delivery_id": None, "data": {"from": "", "to": organization}}
    conn.execute(sa.insert(t.case_event), [{"case_id": one, **line} for one in cases])
    return len(cases)


def left(conn: Connection) -> Mapping[str, int]:
    """How many cases have none still, by mailbox."""
    rows = sa.select(_C.mailbox, sa.func.count()).where(_C.organization == "").group_by(_C.mailbox)
    return {name: int(count) for name, count in conn.execute(rows.order_by(_C.mailbox))}
