"""What a restored store does not know: which mail was acknowledged after the backup was made (P3)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.ports import Arrival, Cursor
from mailcase.store import numbers
from mailcase.store import tables as t
from mailcase.store.dialect import set_statement
from mailcase.store.edit import get_flag

FLAG: Final = "restored"  # its value: when, ISO 8601
BACKUP: Final = "restored_backup"  # when that backup was made, ISO 8601
#: How long after the restore a folder that the backup does not know counts as read before: then a new one is new.
AWHILE: Final = timedelta(days=1)
#: How far the mail server's clock may be ahead of ours.
CLOCKS: Final = timedelta(minutes=10)
FENCES: Final = 1_000_000  # more than were raised since any backup
_O, _D = t.outbox.c, t.delivery.c


def held_back(conn: Connection, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
    """Mail that was there at the restore makes cases and is not acknowledged: it may have been already.

    It is known by the server's date of its arrival, up to `CLOCKS` after the restore.
    """
    found = get_flag(conn, FLAG)
    if found is None:
        return arrivals
    until = datetime.fromisoformat(found) + CLOCKS
    return [replace(one, no_ack=True) if one.received_at < until else one for one in arrivals]


def lost_cursor(conn: Connection, mailbox: str, folder: str, now: datetime) -> Cursor | None:
    """Where a folder begins that may have been connected after the backup: its mail since then is not in the store.

    None where the store is none of a backup, or was restored long ago.
    """
    found, made = get_flag(conn, FLAG), get_flag(conn, BACKUP)
    if found is None or made is None or now - datetime.fromisoformat(found) > AWHILE:
        return None
    before = datetime.fromisoformat(made) - CLOCKS
    return Cursor("restored", folder, mailbox, 0, 0, 0, before, "new")


def statements(now: datetime, made: datetime, margin: int, *, lite: bool) -> Iterator[sa.Executable]:
    """What makes a store of a backup of `made` safe to work with, in the transaction that brings it back.

    Nothing that was to be sent is sent: automatic mail expires, an agent's words are uncertain (a person looks,
    `outbox retry` sends them). What was not yet decided, or waits in quarantine, may have been acknowledged since.
    Numbers that were given out since are skipped, and so are fences: a daemon that was cut off while the others were
    stopped would find those that it holds, and write of the store before into this one.
    """
    waiting = _O.state.in_(("pending", "sending"))
    held = {"reason": "restored", "next_attempt_at": None, "owner": ""}
    yield sa.update(t.outbox).where(waiting, _O.automatic.is_(True)).values(state="expired", **held)
    yield sa.update(t.outbox).where(waiting, _O.automatic.is_(False)).values(state="uncertain", **held)
    yield sa.update(t.delivery).where(sa.or_(_D.outcome.is_(None), _D.outcome == "quarantined")).values(no_ack=True)
    yield sa.delete(t.mailbox_health)
    yield sa.delete(t.daemon)
    if not lite:
        yield sa.update(t.tenure).values(fence=t.tenure.c.fence + FENCES)
    yield from numbers.leap(margin, lite=lite)
    for name, at in ((FLAG, now), (BACKUP, made)):
        yield set_statement(t.flag, ("value",), lite=lite).values(name=name, value=at.isoformat())
