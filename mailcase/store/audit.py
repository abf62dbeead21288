"""What `mailcase audit` and `mailcase mailbox test` read of the store.

What looks for findings is imported when they are asked for: a daemon is ready without it.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store import tables as t
from mailcase.store.ending import Ending
from mailcase.store.engine import Engines
from mailcase.store.marks import reads

if TYPE_CHECKING:
    from mailcase.intake.audit import Entry
    from mailcase.soundness import Finding

_D = t.delivery.c
_ENTRY = (_D.id, _D.key, _D.uid, _D.received_at, _D.outcome, _D.reason, _D.oversize, _D.marked)


class AuditDoor:
    """The side of the store's door for those who compare it with a server; `Store` is one."""

    _engines: Engines

    @reads
    def journal_entries(self, source: str, folder: str, uidvalidity: int | None) -> "dict[str, Entry]":
        """Every delivery of that folder (None: of that Maildir), by key."""
        with self._engines.read() as conn:
            return _entries(conn, source, folder, uidvalidity)

    @reads
    def findings(
        self, now: datetime, stuck_after: timedelta | None = None, since: datetime | None = None
    ) -> "list[Finding]":
        """What is doubled, and what waits for longer than that: nothing, in a store as it should be.

        `stuck_after`: else `soundness.STUCK_AFTER`. `since` leaves out what was doubled before; what is stuck is told
        however long it is.
        """
        with self._engines.read() as conn:
            return found_in(conn, now, stuck_after, since)

    @reads
    def look_through(
        self, now: datetime, stuck_after: timedelta, seen: int, ending: Ending
    ) -> "tuple[list[Finding], int, int]":
        """As `findings`; with how many mails were journalled after the delivery `seen`, and the newest of them.

        Raises Unavailable also where `ending` ended it.
        """
        with self._engines.read() as conn, ending.of(conn):
            mails, newest = _journalled_after(conn, seen)
            return found_in(conn, now, stuck_after), mails, newest

    @reads
    def find_delivery(self, mailbox: str, message_id: str, since: datetime) -> dict[str, Any] | None:
        """id, folder, uid, outcome and reason of the newest decided delivery with that Message-ID, or None.

        `since` is the earliest that it can have been received.
        """
        with self._engines.read() as conn:
            statement = (
                sa.select(_D.id, _D.folder, _D.uid, _D.outcome, _D.reason)
                .where(_D.received_at >= since, _D.mailbox == mailbox, _D.message_id == message_id)
                .order_by(_D.id.desc())
                .limit(1)
            )
            row = conn.execute(statement).mappings().one_or_none()
            return dict(row) if row else None


def found_in(
    conn: Connection, now: datetime, stuck_after: timedelta | None = None, since: datetime | None = None
) -> "list[Finding]":
    """As `AuditDoor.findings`, in a transaction that is open."""
    from mailcase.soundness import STUCK_AFTER, TOLD_FOR, of_late
    from mailcase.store.doubled import doubled
    from mailcase.store.stuck import stuck

    found = of_late(doubled(conn, since or now - TOLD_FOR), since)
    return [*found, *stuck(conn, now, STUCK_AFTER if stuck_after is None else stuck_after)]


def _journalled_after(conn: Connection, seen: int) -> tuple[int, int]:
    newest = conn.execute(sa.select(sa.func.max(_D.id))).scalar_one() or 0
    mails = sa.select(sa.func.count()).select_from(t.delivery).where(*([_D.id > seen] if seen else []))
    return conn.execute(mails).scalar_one(), newest


def _entries(conn: Connection, source: str, folder: str, uidvalidity: int | None) -> "dict[str, Entry]":
    from mailcase.intake.audit import Entry

    same = _D.uidvalidity.is_(None) if uidvalidity is None else _D.uidvalidity == uidvalidity
    statement = sa.select(*_ENTRY).where(_D.source == source, _D.folder == folder, same)
    return {row.key: Entry(*row) for row in conn.execute(statement)}
