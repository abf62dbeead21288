"""Running numbers of cases: never the same twice, gaps allowed (B10)."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store import tables as t
from mailcase.store.dialect import insert_new, is_sqlite, new_statement
from mailcase.store.hot import Hot

_NAME = "case"
_SEQUENCE = "case_running_seq"
_NEXT_SQLITE = Hot(
    sa.update(t.counter)
    .where(t.counter.c.name == _NAME)
    .values(value=t.counter.c.value + 1)
    .returning(t.counter.c.value)
)
_NEXT_POSTGRES = Hot(sa.select(sa.func.nextval(_SEQUENCE).label("value")))


def next_running(conn: Connection) -> int:
    """The next running number, for a case made in this transaction."""
    return int((_NEXT_SQLITE if is_sqlite(conn) else _NEXT_POSTGRES).run(conn, {})[0].value)


def raise_counter(conn: Connection, first: int) -> None:
    """Let the next number be at least `first`."""
    if is_sqlite(conn):
        conn.execute(insert_new(conn, t.counter), {"name": _NAME, "value": 0})
        conn.execute(
            sa.update(t.counter).where(t.counter.c.name == _NAME, t.counter.c.value < first - 1).values(value=first - 1)
        )
        return
    conn.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('case_running_seq'))"))
    following = sa.text("SELECT last_value + CASE WHEN is_called THEN 1 ELSE 0 END FROM case_running_seq")
    if conn.execute(following).scalar_one() < first:
        conn.execute(sa.text("SELECT setval('case_running_seq', :first, false)"), {"first": first})


def leap(margin: int, *, lite: bool) -> tuple[sa.Executable, ...]:
    """What skips so many numbers behind the last one given out, or used by a case (`db restore`)."""
    used = sa.select(sa.func.coalesce(sa.func.max(t.case.c.running), 0)).scalar_subquery()
    if lite:
        first = new_statement(t.counter, lite=True).values(name=_NAME, value=0)
        counted = sa.update(t.counter).where(t.counter.c.name == _NAME)
        return first, counted.values(value=sa.func.max(t.counter.c.value, used) + margin)
    last = sa.select(sa.column("last_value")).select_from(sa.table(_SEQUENCE)).scalar_subquery()
    return (sa.select(sa.func.setval(_SEQUENCE, sa.func.greatest(last, used) + margin)),)


def last_running(conn: Connection) -> int:
    """The last running number given out; 0: none yet."""
    if is_sqlite(conn):
        found = conn.execute(sa.select(t.counter.c.value).where(t.counter.c.name == _NAME)).scalar_one_or_none()
        return int(found or 0)
    called = sa.text("SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM case_running_seq")
    return int(conn.execute(called).scalar_one())
