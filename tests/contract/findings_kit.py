"""Hands in a store: each breaks one thing of it that `mailcase audit` must find."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store import tables as t
from tests.contract.store_kit import NOW

MINUTE: Final = timedelta(minutes=1)
FIRST, SECOND, COPY = 1, 2, 3  # deliveries of `two`; FIRST and SECOND are outbox rows and cases as well
WAITING: Final = {"state": "pending", "next_attempt_at": NOW}
SENDING: Final = {"state": "sending", "owner": "host:7:1", "claimed_at": NOW}
Break = Callable[[Connection], None]


def change(conn: Connection, table: sa.Table, row: int | None, **values: object) -> None:
    """A hand in the store; no row: all of them."""
    conn.execute(sa.update(table).where(table.c.id == row if row else sa.true()).values(**values))


def again(conn: Connection, table: sa.Table, row: int, **values: object) -> int:
    """The row once more, with other values where something is unique; its id."""
    known = dict(conn.execute(sa.select(table).where(table.c.id == row)).mappings().one())
    del known["id"]
    return int(conn.execute(sa.insert(table).returning(table.c.id), {**known, **values}).scalar_one())


def message_of(conn: Connection, delivery: int) -> int:
    return int(conn.execute(sa.select(t.delivery.c.message_pk).where(t.delivery.c.id == delivery)).scalar_one())


def stored_twice(**values: object) -> Break:
    def break_(conn: Connection) -> None:
        values.setdefault("delivery_id", SECOND)
        pk = again(conn, t.message, message_of(conn, FIRST), identity="in:other", **values)
        link = {"message_pk": pk, "case_id": SECOND, "how": "linked", "linked_by": "", "verified": True, "at": NOW}
        conn.execute(sa.insert(t.case_message), link)

    return break_


def undated(**values: object) -> Break:
    def break_(conn: Connection) -> None:
        change(conn, t.message, None, date_key="")
        stored_twice(**values)(conn)

    return break_


def nameless(**values: object) -> Break:
    def break_(conn: Connection) -> None:
        first = message_of(conn, FIRST)
        change(conn, t.message, first, message_id=None)
        again(conn, t.message, first, identity="in:other", **values)

    return break_


def copy_made(case: int) -> Break:
    """The copy's delivery says that it made a case, too."""
    return lambda conn: change(conn, t.delivery, COPY, outcome="created", case_id=case)


def copy_is(outcome: str | None, **values: object) -> Break:
    return lambda conn: change(conn, t.delivery, COPY, outcome=outcome, decided_at=NOW if outcome else None, **values)


def answered_again(**values: object) -> Break:
    def break_(conn: Connection) -> None:
        again(conn, t.outbox, FIRST, dedup="other", id=3, **values)  # a sequence is not taken back with the rest

    return break_


def ack(**values: object) -> Break:
    return lambda conn: change(conn, t.outbox, FIRST, **values)


def other(**values: object) -> Break:
    """As `ack`, of the second mail."""
    return lambda conn: change(conn, t.outbox, SECOND, **values)


def decided_again(case: int) -> Break:
    """The history of the first delivery says that it made another case, too; its row tells of the last one alone."""

    def break_(conn: Connection) -> None:
        again(conn, t.delivery_outcome, FIRST, case_id=case)
        change(conn, t.delivery, FIRST, case_id=case)

    return break_


def stands_on_both(how: str) -> Break:
    """The first mail has a link of that kind to the other case."""

    def break_(conn: Connection) -> None:
        link = {"case_id": SECOND, "how": how, "linked_by": "", "verified": True, "at": NOW}
        conn.execute(sa.insert(t.case_message), {**link, "message_pk": message_of(conn, FIRST)})

    return break_


def merged(conn: Connection) -> None:
    """The printed cure: SR-2 leads to SR-1."""
    conn.execute(sa.update(t.case).where(t.case.c.running == SECOND).values(merged_into_id=FIRST))


def all_of(*breaks: Break) -> Break:
    def break_(conn: Connection) -> None:
        for one in breaks:
            one(conn)

    return break_


def late(count: int) -> Break:
    """So many mails of a mailbox whose time has come, the oldest first."""

    def break_(conn: Connection) -> None:
        ack(**WAITING)(conn)
        for one in range(1, count):
            again(conn, t.outbox, FIRST, dedup=f"late {one}", id=2 + one, kind="assigned")

    return break_


def sent(after: timedelta, **values: object) -> Break:
    """Another mail left that long after the first was due."""
    return other(claimed_at=NOW + after - MINUTE, sent_at=NOW + after, **values)
