"""Whether a daemon is gone, or only cut off for a while: what a living one is sending is settled by nobody else.

A lock that can be had says that a session ended: its daemon died, or PostgreSQL restarted and the daemon has not
noticed yet. So the first who sees it free makes a mark, `gone:<owner>` in `tenure`, by the database's clock. Who
lives takes the mark away: in joining again, with each claim and each look at it. So nobody settles a row within a
lease of its claim.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store.dialect import is_sqlite
from mailcase.store.engine import presence_free
from mailcase.store.fences import DAEMON

GONE: Final = "gone:"

_SEEN = sa.text(
    "INSERT INTO tenure (name, fence, owner, since, wants) VALUES (:name, 0, :me, clock_timestamp(), '[]') "
    "ON CONFLICT (name) DO NOTHING"
)
# Locked, so that a sign of life comes before this or waits for what follows. Nobody could join while the server was
# down, nor while we were cut off together with him; one pass (it wants nothing) has no such time to wait.
_LONG_GONE = sa.text(
    "SELECT clock_timestamp() - GREATEST(since, pg_postmaster_start_time(), "
    "(SELECT mine.since FROM tenure mine WHERE mine.name = :mine AND mine.wants <> '[]')"
    ") >= make_interval(secs => :lease) FROM tenure WHERE name = :name FOR UPDATE"
)
_BACK = sa.text("DELETE FROM tenure WHERE name = :name")


def is_gone(conn: Connection, owner: str, me: str, lease_s: float) -> bool:
    """Whether that daemon's lock has been free for a lease: he had the time to join again, and did not.

    Args:
        conn: a write transaction; the lock, where it can be had, is held to its end.
        owner: of whom it is asked.
        me: who asks; he must have been here for a lease himself.
        lease_s: the lease in seconds.
    """
    if not presence_free(conn, owner):
        return False
    if is_sqlite(conn):  # the lock file admits one sender
        return True
    asked = {"name": GONE + owner, "mine": DAEMON + me, "lease": lease_s}
    conn.execute(_SEEN, {"name": GONE + owner, "me": me})
    if not conn.execute(_LONG_GONE, asked).scalar_one_or_none():
        return False
    is_back(conn, owner)  # the mark has served
    return True


def is_back(conn: Connection, owner: str) -> None:
    """A sign of life (PostgreSQL): for another lease nobody settles what this daemon is sending."""
    conn.execute(_BACK, {"name": GONE + owner})
