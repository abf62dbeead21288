"""What two machines that answer each other would send: the same words again, or too many of them (P5)."""

import re
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.life.often import WINDOWS, Often
from mailcase.store import tables as t

_E, _M = t.case_event.c, t.message.c
_MARK: Final = re.compile(r"\[ref:[^\]]*\]")


def must_not_repeat(conn: Connection, running: int, key: str, now: datetime) -> None:
    """Look at the reply that this agent just wrote, and at those before it on this case.

    Raises:
        Often: it says what the one before it said, or there are more than WINDOWS allow; it is to be undone then.
    """
    mine = (_E.case_id == running, _E.event == "replied", _E.actor == key)
    for window, most in WINDOWS:
        since = sa.select(sa.func.count()).where(*mine, _E.at > now - window)
        if conn.execute(since).scalar_one() > most:
            raise Often.of_limit(running, most, window, now)
    newest = sa.select(_E.data).where(*mine).order_by(_E.id.desc()).limit(2)
    last = [int(one["message"]) for one in conn.execute(newest).scalars()]
    if len(last) == len({_words(conn, pk) for pk in last}) + 1:
        raise Often.of_words(running, last[1])


def _words(conn: Connection, pk: int) -> str:
    """As the customer read them, without what differs from mail to mail."""
    text = conn.execute(sa.select(_M.text).where(_M.id == pk)).scalar_one_or_none() or str(pk)
    return " ".join(_MARK.sub("", text).split()).casefold()
