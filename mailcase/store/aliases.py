"""Other Message-IDs of mails of ours, as relays gave them, and never over another mail (decision 022)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store import tables as t
from mailcase.store.dialect import insert_new
from mailcase.verdict import OWN_MAIL

MOST: Final = 5  # a mail: each try to send it may give it one
RELAY: Final = "relay"  # where an id was learned: told after the final dot; the others are those of actions.LearnId
_A, _M, _O = t.message_alias.c, t.message.c, t.outbox.c


def told_by_relay(conn: Connection, row: int, ids: Sequence[str]) -> None:
    """What the relay called the mail of this row of the outbox; a notice that is no message has no other ids."""
    if not ids:
        return
    sent = conn.execute(sa.select(_O.message_pk, _O.claimed_at, _O.created_at).where(_O.id == row)).one_or_none()
    if sent is not None and sent.message_pk is not None:
        learn(conn, sent.message_pk, ids, RELAY, sent.claimed_at or sent.created_at)


def learn(conn: Connection, message_pk: int, ids: Iterable[str], source: str, at: datetime) -> None:
    """These ids name that outgoing message too, in its group.

    Not one that a stored mail has, nor more than five; nothing of an erased mail. An id that the relay has told of
    another mail names neither from now on; a copy or a report takes it from nobody.
    """
    ours = sa.select(_M.group_name).where(_M.id == message_pk, _M.direction == "out", _M.erased.is_(False))
    group = conn.execute(ours).scalar_one_or_none()
    if group is None:
        return
    left = MOST - int(conn.execute(sa.select(sa.func.count()).where(_A.message_pk == message_pk)).scalar_one())
    for msgid in ids:
        if left > 0 and not _stored(conn, group, msgid):
            row = {"group_name": group, "msgid": msgid, "message_pk": message_pk, "source": source, "at": at}
            new = conn.execute(insert_new(conn, t.message_alias).returning(_A.msgid), row).one_or_none() is not None
            left -= new
            if source == RELAY and not new:
                _no_ones(conn, group, msgid, message_pk)


def _no_ones(conn: Connection, group: str, msgid: str, message_pk: int) -> None:
    """A relay that counts from one again has told it of two mails: an answer to it may be to either."""
    others = (_A.group_name == group, _A.msgid == msgid, _A.message_pk != message_pk)
    conn.execute(sa.update(t.message_alias).where(*others).values(message_pk=None))


def _stored(conn: Connection, group: str, msgid: str) -> bool:
    """Whether it is a mail of its own; our own that came back is none."""
    found = sa.select(_M.id).where(_M.group_name == group, _M.message_id == msgid, _M.reason != OWN_MAIL).limit(1)
    return conn.execute(found).first() is not None


def forget(conn: Connection, messages: Sequence[int]) -> None:
    """These messages have no other ids any more."""
    if messages:
        conn.execute(sa.delete(t.message_alias).where(_A.message_pk.in_(messages)))


def of_messages(conn: Connection, messages: Sequence[int]) -> dict[int, list[str]]:
    """message -> its other ids, oldest first."""
    found: dict[int, list[str]] = {}
    for start in range(0, len(messages), 500):
        mine = sa.select(_A.message_pk, _A.msgid).where(_A.message_pk.in_(messages[start : start + 500]))
        for row in conn.execute(mine.order_by(_A.at, _A.msgid)):
            found.setdefault(row.message_pk, []).append(row.msgid)
    return found


def named(ids: Sequence[str]) -> sa.Select[Any]:
    """The other ids of the outgoing messages with these."""
    return sa.select(_A.msgid).join(t.message, _M.id == _A.message_pk).where(_M.message_id.in_(ids))
