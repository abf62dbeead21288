"""What the daily digest tells: mail that was ignored, junk or quarantined, by the time of its decision."""

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.health.digest import Digest, Item
from mailcase.store import tables as t
from mailcase.store.late import late

_D, _H = t.delivery.c, t.delivery_outcome.c
_OUTCOMES: Final = ("ignored", "junk_case", "quarantined")
#: Nothing to get back: our own mail, old mail at the first connection, and what a person gave up.
_SILENT: Final = ("own_mail", "before_start", "dropped")
_MOST: Final = 50
_SLACK: Final = 1000  # rows: ids of transactions that ran side by side are not in the order of their times


def digest(conn: Connection, since: datetime, until: datetime) -> Digest:
    """Counts by mailbox, outcome and reason, and the newest mails; of mail that is still so."""
    # Of the delivery not the column itself: SQLite would begin with its index of outcomes, and read years of them.
    wanted = sa.and_(
        _H.id >= _first_since(conn, since), _H.at > since, _H.at <= until, _H.outcome.in_(_OUTCOMES),
        sa.func.coalesce(_D.outcome, "") == _H.outcome, _D.reason.not_in(_SILENT), _D.sent.is_(False),
    )  # fmt: skip
    joined = sa.join(t.delivery_outcome, t.delivery, _D.id == _H.delivery_id)
    what = (_D.mailbox, _D.outcome, _D.reason)
    mails = sa.func.count(sa.distinct(_D.id))
    counts = conn.execute(sa.select(*what, mails).select_from(joined).where(wanted).group_by(*what).order_by(*what))
    columns = (_D.id, _D.received_at, *what, _D.mail_from, _D.subject)
    newest = sa.select(*columns).select_from(joined).where(wanted).distinct().order_by(_D.id.desc()).limit(_MOST)
    items = [Item(*row) for row in conn.execute(newest)]
    return Digest(since, until, tuple(tuple(row) for row in counts), tuple(items), late(conn))


def _first_since(conn: Connection, since: datetime) -> int:
    """An id below all rows of after `since`, found by halving: `at` grows with the id but for the slack."""
    low, high = 0, conn.execute(sa.select(sa.func.max(_H.id))).scalar_one() or 0
    while low < high:
        middle = (low + high) // 2
        row: Any = conn.execute(sa.select(_H.id, _H.at).where(_H.id > middle).order_by(_H.id).limit(1)).one()
        low, high = (row.id, high) if row.at <= since else (low, middle)
    return max(low - _SLACK, 0)
