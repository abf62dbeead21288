"""Message-IDs of a thread as rows: what is locked first, so that one thread is decided one mail at a time."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.snapshot import Lookup
from mailcase.store import tables as t
from mailcase.store.dialect import is_sqlite, set_statement
from mailcase.store.hot import Hot
from mailcase.store.work import Work

_LOCK = Hot(set_statement(t.message_reference, ("msgid",), lite=False))
_CITE = Hot(sa.insert(t.citation))


def note_references(conn: Connection, lookup: Lookup) -> None:
    """Make and lock the rows of all ids that the mail is or names, in sorted order.

    On SQLite the whole transaction has the write lock already, and nothing but the lock is asked of these rows:
    there are none.
    """
    if is_sqlite(conn):
        return
    ids = set(lookup.cited_ids)
    if lookup.message_id:
        ids.add(lookup.message_id)
    if not ids:
        return
    rows = [{"group_name": lookup.group, "msgid": one, "message_pk": None} for one in sorted(ids)]
    _LOCK.many(conn, rows)


def forget_named_ids(work: Work) -> None:
    """Take out what `note_references` wrote for a mail that was erased: ids that no stored mail is or names."""
    ids = {*work.lookup.cited_ids, *([work.email.message_id] if work.email.message_id else [])}
    if ids:
        work.conn.execute(unnamed(sorted(ids)))


def unnamed(ids: Sequence[str]) -> sa.Delete:
    """The statement that takes out those of these ids that no stored mail is or names."""
    reference, citation = t.message_reference.c, t.citation.c
    named = sa.exists().where(citation.group_name == reference.group_name, citation.cited == reference.msgid)
    return sa.delete(t.message_reference).where(reference.msgid.in_(ids), reference.message_pk.is_(None), ~named)


def cite(work: Work, pk: int) -> None:
    """Record which ids this message names, for siblings and late parents."""
    rows: list[dict[str, Any]] = [
        {
            "message_pk": pk, "cited": one, "group_name": work.lookup.group,
            "sender_key": work.lookup.sender_key, "received_at": work.now,
        }
        for one in work.lookup.cited_ids
    ]  # fmt: skip
    if rows:
        _CITE.many(work.conn, rows)
