"""What `mailcase audit` finds in a store: nothing in a good one, and each thing that is broken on purpose (P2, P3)."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import pytest
import sqlalchemy as sa

from mailcase.health.situation import DaemonTold, Facts
from mailcase.soundness import RULES, STUCK_AFTER, WHILE_OTHERS_LEAVE, Finding, counts
from mailcase.store import tables as t
from mailcase.store.audit import found_in
from tests.contract.findings_kit import (
    COPY,
    FIRST,
    MINUTE,
    SECOND,
    SENDING,
    WAITING,
    Break,
    ack,
    all_of,
    answered_again,
    change,
    copy_is,
    copy_made,
    decided_again,
    late,
    merged,
    message_of,
    nameless,
    other,
    sent,
    stands_on_both,
    stored_twice,
    undated,
)
from tests.contract.store_kit import CUSTOMER, NOW, Desk, mail
from tests.contract.test_life_plans import listening, plan

DAY: Final = timedelta(days=1)
SOON, LATE, MUCH_LATER = (NOW + length for length in (5 * MINUTE, 11 * MINUTE, 31 * MINUTE))
#: A step of a plan that walks all of the outbox, in an index of its own or not.
WALKED: Final = re.compile(r"SCAN outbox|Only Scan using ix_outbox_case_id")


@pytest.fixture
def two(desk: Desk) -> Desk:
    """A desk with two mails of one customer, a case and an acknowledgement each, and a copy of the first."""
    desk.receive(mail("a"), mail("b"), mail("a"))
    with desk.store._engines.write() as conn:
        change(conn, t.outbox, None, state="sent", next_attempt_at=None)
        change(conn, t.delivery, None, journalled_at=NOW)
    return desk


OF_ACK: Final = ("support", (FIRST,), ("SR-1",), (FIRST,))
TWO_CASES: Final = ("SR-1", "SR-2")
MADE_BY_BOTH: Final = Finding("cases_twice", NOW, "support", (FIRST, COPY), TWO_CASES, detail="<a@x>")
MADE_BY_ONE: Final = Finding("cases_twice", NOW, "support", (FIRST,), TWO_CASES, detail="<a@x>")
ANSWERED: Final = Finding("answered_twice", NOW, "support", (FIRST,), TWO_CASES, (FIRST, 3), CUSTOMER)
BOTH_ANSWERED: Final = replace(ANSWERED, messages=(FIRST, COPY))

#: What is broken, the moment of the look, and what is found.
BROKEN: Final[dict[str, tuple[Break, datetime, Finding | tuple[Finding, ...] | None]]] = {
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
    "no id, the same content, a week ago": (nameless(), SOON + 7 * DAY, None),
    "no id, another content": (nameless(fingerprint="f"), SOON, None),
    "no id, erased": (nameless(fingerprint=""), SOON, None),
    "two deliveries, two cases": (
        copy_made(SECOND), SOON, MADE_BY_BOTH,
    ),
    "two deliveries, two cases, two answers": (
        all_of(copy_made(SECOND), answered_again(delivery_id=COPY, case_id=SECOND)), SOON,
        (MADE_BY_BOTH, BOTH_ANSWERED),
    ),
    "one delivery, two cases, two answers": (
        all_of(decided_again(SECOND), answered_again(case_id=SECOND)), SOON, (MADE_BY_ONE, ANSWERED),
    ),
    "one mail that made both": (stands_on_both("created"), SOON, MADE_BY_ONE),
    "one mail that made both, says no delivery": (
        all_of(stands_on_both("created"), lambda conn: change(conn, t.delivery, None, outcome="duplicate")), SOON,
        replace(MADE_BY_ONE, mailbox="", messages=()),
    ),
    "one mail on both by a split": (stands_on_both("split"), SOON, None),
    "two cases, merged": (all_of(copy_made(SECOND), merged), SOON, None),
    "two mails, their cases merged": (all_of(stored_twice(), merged), SOON, None),
    "two answers, the cases merged": (
        all_of(decided_again(SECOND), answered_again(case_id=SECOND), merged), SOON, ANSWERED,
    ),
    "two answers, the cases merged, a week ago": (
        all_of(decided_again(SECOND), answered_again(case_id=SECOND), merged), SOON + 7 * DAY, None,
    ),
    "two answers, a month between them": (
        all_of(decided_again(SECOND), answered_again(case_id=SECOND), ack(created_at=NOW - 30 * DAY)), SOON,
        (MADE_BY_ONE, ANSWERED),
    ),
    "two deliveries, one case": (copy_made(FIRST), SOON, None),  # accepted by hand
    "two acknowledgements": (
        answered_again(), SOON, Finding("answered_twice", NOW, *OF_ACK[:3], (FIRST, 3), CUSTOMER),
    ),
    "one was kept back": (answered_again(state="suppressed"), SOON, None),
    "one to somebody else": (answered_again(to_key="kim@visitor.example"), SOON, None),
    "one of another rule": (answered_again(kind="resolved"), SOON, None),
    "one of the case's next mail": (
        all_of(answered_again(delivery_id=SECOND, kind="reopened"), other(state="suppressed")), SOON, None,
    ),
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
    "many of a mailbox": (
        late(12), LATE,
        Finding("overdue", NOW, "support", (FIRST,), ("SR-1",), (FIRST, *range(3, 7)), "12 mails, these the oldest"),
    ),
    "many, and one is sent": (all_of(late(12), sent(2 * MINUTE)), LATE, None),
    "many, the last one sent long ago": (
        all_of(late(1), sent(-MINUTE)), LATE, Finding("overdue", NOW, *OF_ACK),
    ),
    "many, and another mailbox is sent": (
        all_of(late(1), sent(2 * MINUTE, mailbox="sales")), LATE, Finding("overdue", NOW, *OF_ACK),
    ),
    "a day behind the others": (
        all_of(late(1), sent(2 * MINUTE + DAY)), LATE + DAY, Finding("overdue", NOW, *OF_ACK, WHILE_OTHERS_LEAVE),
    ),
    "due": (ack(**WAITING), SOON, None),
    "held": (ack(**WAITING | {"reason": "total", "next_attempt_at": LATE}), LATE, None),
    "held for too long": (
        ack(state="pending", reason="total", last_error="too many", expires_at=NOW, next_attempt_at=MUCH_LATER), LATE,
        Finding("overdue", NOW, *OF_ACK, "total: too many"),
    ),
}  # fmt: skip


def test_what_is_broken_is_found_and_nothing_else(two: Desk) -> None:
    assert two.store.findings(MUCH_LATER) == []
    seen: dict[str, list[Finding]] = {}
    for name, (break_, at, _) in BROKEN.items():  # each taken back: a database for each would cost a minute
        with two.store._engines.writer.connect() as conn, conn.begin() as done:
            break_(conn)
            seen[name] = found_in(conn, at)  # as `Store.findings`
            done.rollback()
    assert seen == {name: listed(found) for name, (_, _, found) in BROKEN.items()}


def listed(found: Finding | tuple[Finding, ...] | None) -> list[Finding]:
    return [] if found is None else [found] if isinstance(found, Finding) else list(found)


def test_since_leaves_out_what_was_doubled_before_and_never_what_is_stuck(two: Desk) -> None:
    with two.store._engines.write() as conn:
        copy_is(None)(conn)
        change(conn, t.outbox, None, created_at=NOW - 30 * DAY)
        change(conn, t.delivery, None, received_at=NOW - 30 * DAY)
        change(conn, t.delivery, None, message_pk=message_of(conn, FIRST))  # one mail, two cases, two answers
    found = {
        since: [one.word for one in two.store.findings(LATE, since=since)]
        for since in (None, NOW - 31 * DAY, NOW - 29 * DAY)
    }
    assert found == {
        None: ["cases_twice", "undecided"],
        NOW - 31 * DAY: ["cases_twice", "answered_twice", "undecided"],
        NOW - 29 * DAY: ["undecided"],
    }


def test_each_rule_is_broken_once() -> None:
    assert {one.word for _, _, found in BROKEN.values() for one in listed(found)} == {rule.word for rule in RULES}
    assert counts([Finding(rule.word, NOW, "") for rule in RULES]) == {"doubled": 3, "stuck": 4}


def test_a_living_daemon_may_wait_for_its_relay_and_one_says_how_long_is_too_long(two: Desk) -> None:
    store = two.store
    with store._engines.write() as conn:
        ack(**SENDING | {"owner": "me"})(conn)
        other(**WAITING)(conn)  # not overdue: the daemon sends others of its mailbox
        copy_is(None)(conn)
    store._engines.presence("me")  # PostgreSQL: its lock; SQLite goes by what it told
    found = []
    for at, after in ((LATE, STUCK_AFTER), (MUCH_LATER, STUCK_AFTER), (SOON, MINUTE)):
        store.tell_health(DaemonTold("me", "host", 7, "0.1", NOW, at, Facts()), [])
        found.append([(one.word, one.detail) for one in store.findings(at, after)])
    waits = ("undecided", "")
    assert found == [[waits], [waits, ("sending", "by me, which lives")], [waits]]


def test_each_question_is_answered_by_indexes(two: Desk) -> None:
    with two.store._engines.write() as conn:
        all_of(copy_made(SECOND), answered_again(), stored_twice(), other(**WAITING))(conn)
        if conn.dialect.name != "sqlite":  # so few rows are read faster as a whole
            conn.execute(sa.text("SET LOCAL enable_seqscan = off"))
        with listening(conn) as said:
            found = found_in(conn, LATE)
        plans = [plan(conn, *one) for one in said]
    assert [one.word for one in found] == ["mail_twice", "cases_twice", "answered_twice", "overdue"]
    whole = [line for one in plans for line in one.splitlines() if is_whole(line)]
    assert not whole, "\n\n".join(plans)
    walked = [line for one in plans for line in one.splitlines() if WALKED.search(line)]
    assert not walked, "a case has many mails: each would be read"


def is_whole(line: str) -> bool:
    """A step of a plan that reads all rows of a large table."""
    large = any(f" {name}" in f" {line}" for name in ("message", "delivery", "outbox", "case"))
    return large and ((line.strip().startswith("SCAN") and "INDEX" not in line) or "Seq Scan" in line)
