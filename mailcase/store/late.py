"""How many mails a comparison with their server found missing and took in, since a digest last told of them."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store import tables as t
from mailcase.store.dialect import insert_new

_NAME: Final = "late"
_C: Final = t.counter.c


def count_late(conn: Connection, mails: int) -> None:
    """So many more; less, once they are told."""
    if mails:
        conn.execute(insert_new(conn, t.counter, "name"), {"name": _NAME, "value": 0})
        conn.execute(sa.update(t.counter).where(_C.name == _NAME).values(value=_C.value + mails))


def late(conn: Connection) -> int:
    """How many of them nobody was told of."""
    return conn.execute(sa.select(_C.value).where(_C.name == _NAME)).scalar_one_or_none() or 0
