"""How much of the automatic mail of the last day came back, by mailbox: an early warning (docs/monitoring.md)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.health.situation import Returned
from mailcase.store import tables as t

_O: Final = t.outbox.c
_DAY: Final = timedelta(hours=24)


def returned(conn: Connection, now: datetime) -> Mapping[str, Returned]:
    """Of each mailbox that wrote to customers by itself in the last 24 hours: how much left, how much came back.

    What a relay refused at once never left; of what is uncertain nobody knows.
    """
    came_back = sa.func.count().filter(_O.state == "bounced")
    of_late = sa.and_(_O.automatic.is_(True), _O.audience == "customer", _O.claimed_at > now - _DAY)
    left = sa.select(_O.mailbox, sa.func.count(), came_back).where(of_late, _O.state.in_(("sent", "bounced")))
    rows = conn.execute(left.group_by(_O.mailbox))
    return {mailbox: Returned(sent, bounced) for mailbox, sent, bounced in rows}
