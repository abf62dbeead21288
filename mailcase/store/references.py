"""Message-IDs of a thread as rows: what is locked first, so that one thread is decided one mail at a time."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.snapshot import Lookup
from mailcase.store import tables as t
from mailcase.store.dialect import insert_new, insert_or_set, is_sqlite
from mailcase.store.work import Work


def note_references(conn: Connection, lookup: Lookup) -> None:
    """Make (PostgreSQL: and lock) the rows of all ids that the mail is or names, in sorted order.

    On SQLite the whole transaction has the write lock already.
    """
    ids = set(lookup.cited_ids)
    if lookup.message_id:
        ids.add(lookup.message_id)
    if not ids:
        return
    rows = [{"group_name": lookup.group, "msgid": one, "message_pk": None} for one in sorted(ids)]
    lite = is_sqlite(conn)
    conn.execute(
        insert_new(conn, t.message_reference) if lite else insert_or_set(conn, t.message_reference, "msgid"), rows
    )


def cite(work: Work, pk: int) -> None:
    """Record which ids this inbound message names, for siblings and late parents."""
    rows: list[dict[str, Any]] = [
        {
            "message_pk": pk, "cited": one, "group_name": work.lookup.group,
            "sender_key": work.lookup.sender_key, "received_at": work.now,
        }
        for one in work.lookup.cited_ids
    ]  # fmt: skip
    if rows:
        work.conn.execute(sa.insert(t.citation), rows)
