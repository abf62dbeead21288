"""What the journal knows of a Maildir: keys of deliveries, and what lay there at its first connection (B1)."""

from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.ports import Cursor
from mailcase.store import tables as t
from mailcase.store.dialect import insert_new
from mailcase.store.journal import save_cursor

_D = t.delivery.c
_B = t.maildir_baseline.c
_AT_ONCE = 2000  # rows in memory


def known_keys(conn: Connection, source: str, among: Collection[str]) -> frozenset[str]:
    """Those of the keys that the journal holds; one walk over the source's keys, whatever is asked for."""
    statement = sa.select(_D.key).where(_D.source == source, _D.folder == "")
    return _found(conn, statement, among)


def baseline_keys(conn: Connection, source: str, among: Collection[str]) -> frozenset[str]:
    """Those of the keys that lay there at the first connection."""
    return _found(conn, sa.select(_B.key).where(_B.source == source), among)


def _found(conn: Connection, statement: sa.Select[Any], among: Collection[str]) -> frozenset[str]:
    keys = conn.execute(statement, execution_options={"yield_per": _AT_ONCE}).scalars()
    return frozenset(key for key in keys if key in among)


def begin(conn: Connection, cursor: Cursor, keys: Collection[str]) -> None:
    """Remember what lay there and the cursor, together."""
    rows = [{"source": cursor.source, "key": key} for key in keys]
    for start in range(0, len(rows), _AT_ONCE):
        conn.execute(insert_new(conn, t.maildir_baseline), rows[start : start + _AT_ONCE])
    save_cursor(conn, cursor)


def unmarked_keys(conn: Connection, source: str, ours: Callable[[str], bool]) -> list[tuple[int, str]]:
    """(delivery id, key) whose file is still to be told of; never what B1 leaves alone.

    What lay there at the first connection and was taken in by hand later is left alone too, and what came under
    another mailbox's name is left to the daemon that works that one.
    """
    before = sa.exists().where(_B.source == _D.source, _B.key == _D.key)
    statement = (
        sa.select(_D.id, _D.key, _D.mailbox)
        .where(_D.source == source, _D.folder == "", _D.uidvalidity.is_(None), _D.marked.is_(False))
        .where(_D.outcome.is_not(None), _D.outcome != "quarantined", _D.reason != "before_start")
        .where(_D.oversize.is_(False), sa.or_(_D.backlog.is_(True), ~before))
        .order_by(_D.id)
    )
    return [(row.id, row.key) for row in conn.execute(statement) if ours(row.mailbox)]
