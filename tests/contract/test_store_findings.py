"""What `mailcase audit` finds in a store: nothing in a good one, and each thing that is broken on purpose (P2, P3)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.health.situation import DaemonTold, Facts
from mailcase.soundness import RULES, STUCK_AFTER, Finding, counts
from mailcase.store import tables as t
from mailcase.store.doubled import doubled
from mailcase.store.store import Store
from mailcase.store.stuck import stuck
from tests.contract.store_kit import CUSTOMER, NOW, Desk, mail
from tests.contract.test_life_plans import listening, plan

MINUTE: Final = timedelta(minutes=1)
SOON, LATE, MUCH_LATER = (NOW + length for length in (5 * MINUTE, 11 * MINUTE, 31 * MINUTE))
FIRST, SECOND, COPY = 1, 2, 3  # deliveries of `two`; FIRST and SECOND are outbox rows and cases as well
Break = Callable[[Connection], None]


@pytest.fixture
def two(desk: Desk) -> Desk:
    """A desk with two mails of one customer, a case and an acknowledgement each, and a copy of the first."""
    desk.receive(mail("a"), mail("b"), mail("a"))
    with desk.store._engines.write() as conn:
        change(conn, t.outbox, None, state="sent", next_attempt_at=None)
        change(conn, t.delivery, None, journalled_at=NOW)
    return desk


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
        again(conn, t.outbox, FIRST, dedup="other", **values)

    return break_


def ack(**values: object) -> Break:
    return lambda conn: change(conn, t.outbox, FIRST, **values)


WAITING: Final = {"state": "pending", "next_attempt_at": NOW}
SENDING: Final = {"state": "sending", "owner": "host:7:1", "claimed_at": NOW}
OF_ACK: Final = ("support", (FIRST,), ("SR-1",), (FIRST,))

#: What is broken, the moment of the look, and what is found.
BROKEN: Final[dict[str, tuple[Break, datetime, Finding | None]]] = {
    "a mail under two identities": (
        stored_twice(), SOON, Finding("mail_twice", NOW, "support", (FIRST, SECOND), ("SR-1", "SR-2"), detail="<a@x>"),
    ),
    "an id that was used again": (stored_twice(date_key="another day"), SOON, None),
    "the same of another group": (stored_twice(group_name="sales"), SOON, None),
    "received and sent": (stored_twice(direction="out"), SOON, None),
    "no date, another content": (undated(fingerprint="f"), SOON, None),
    "no date, the same content": (
        undated(), SOON, Finding("mail_twice", NOW, "support", (FIRST, SECOND), ("SR-1", "SR-2"), detail="<a@x>"),
    ),
    "no id, the same content": (
        nameless(), SOON,
        Finding("mail_twice", NOW, "support", (FIRST,), ("SR-1",), detail="without Message-ID, with the same content"),
    ),
    "no id, another content": (nameless(fingerprint="f"), SOON, None),
    "no id, erased": (nameless(fingerprint=""), SOON, None),
    "two deliveries, two cases": (
        copy_made(SECOND), SOON,
        Finding("cases_twice", NOW, "support", (FIRST, COPY), ("SR-1", "SR-2"), detail="<a@x>"),
    ),
    "two deliveries, one case": (copy_made(FIRST), SOON, None),  # accepted by hand
    "two acknowledgements": (
        answered_again(), SOON, Finding("answered_twice", NOW, *OF_ACK[:3], (FIRST, 3), CUSTOMER),
    ),
    "one was kept back": (answered_again(state="suppressed"), SOON, None),
    "one to somebody else": (answered_again(to_key="kim@visitor.example"), SOON, None),
    "one of another rule": (answered_again(kind="resolved"), SOON, None),
    "one of the case's next mail": (answered_again(delivery_id=SECOND, kind="reopened"), SOON, None),
    "undecided": (
        copy_is(None, attempts=2, error="busy"), LATE,
        Finding("undecided", NOW, "support", (COPY,), detail="2 tries: busy"),
    ),
    "not decided yet": (copy_is(None), SOON, None),
    "quarantined": (
        copy_is("quarantined", reason="unreadable", error="RecursionError"), SOON,
        Finding("quarantined", NOW, "support", (COPY,), detail="unreadable: RecursionError"),
    ),
    "sending by nobody": (ack(**SENDING), LATE, Finding("sending", NOW, *OF_ACK, "by host:7:1, which is gone")),
    "sending by nobody, just now": (ack(**SENDING), SOON, None),
    "due and not sent": (ack(**WAITING), LATE, Finding("overdue", NOW, *OF_ACK)),
    "due": (ack(**WAITING), SOON, None),
    "held": (ack(**WAITING | {"reason": "total", "next_attempt_at": LATE}), LATE, None),
    "held for too long": (
        ack(state="pending", reason="total", last_error="too many", expires_at=NOW, next_attempt_at=MUCH_LATER), LATE,
        Finding("overdue", NOW, *OF_ACK, "total: too many"),
    ),
}  # fmt: skip


def looked(conn: Connection, at: datetime, after: timedelta = STUCK_AFTER) -> list[Finding]:
    """As `Store.findings`, within the transaction that broke something."""
    return [*doubled(conn), *stuck(conn, at, after)]


def test_what_is_broken_is_found_and_nothing_else(two: Desk) -> None:
    assert two.store.findings(MUCH_LATER) == []
    seen: dict[str, list[Finding]] = {}
    for name, (break_, at, _) in BROKEN.items():  # each taken back: a database for each would cost a minute
        with two.store._engines.writer.connect() as conn, conn.begin() as done:
            break_(conn)
            seen[name] = looked(conn, at)
            done.rollback()
    assert seen == {name: [] if found is None else [found] for name, (_, _, found) in BROKEN.items()}


def test_each_rule_is_broken_once() -> None:
    assert {found.word for _, _, found in BROKEN.values() if found} == {rule.word for rule in RULES}
    assert counts([Finding(rule.word, NOW, "") for rule in RULES]) == {"doubled": 3, "stuck": 4}


def test_a_living_daemon_may_wait_for_its_relay_and_one_says_how_long_is_too_long(two: Desk) -> None:
    store = two.store
    with store._engines.write() as conn:
        ack(**SENDING | {"owner": "me"})(conn)
        copy_is(None)(conn)
    store._engines.presence("me")  # PostgreSQL: its lock; SQLite goes by what it told
    found = []
    for at, after in ((LATE, STUCK_AFTER), (MUCH_LATER, STUCK_AFTER), (SOON, MINUTE)):
        store.tell_health(DaemonTold("me", "host", 7, "0.1", NOW, at, Facts()), [])
        found.append([(one.word, one.detail) for one in store.findings(at, after)])
    waits = ("undecided", "")
    assert found == [[waits], [waits, ("sending", "by me, which lives")], [waits]]


def test_each_question_is_answered_by_indexes(store: Store) -> None:
    with store._engines.write() as conn:
        if conn.dialect.name != "sqlite":  # so few rows are read faster as a whole
            conn.execute(sa.text("SET LOCAL enable_seqscan = off"))
        with listening(conn) as said:
            doubled(conn)
            stuck(conn, NOW, MINUTE)
        plans = [plan(conn, *one) for one in said]
    assert len(plans) == 8
    whole = [line for one in plans for line in one.splitlines() if is_whole(line)]
    assert not whole, "\n\n".join(plans)


def is_whole(line: str) -> bool:
    """A step of a plan that reads all rows of a large table."""
    large = any(f" {name}" in f" {line}" for name in ("message", "delivery", "outbox", "case"))
    return large and ((line.strip().startswith("SCAN") and "INDEX" not in line) or "Seq Scan" in line)
