"""A delayed mail asks again when its time comes: what the case is no longer is told to nobody (L6)."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.life.happening import What
from mailcase.life.notice_rules import NoticeChange, merged
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.builders import make_acknowledge
from tests.contract.notice_kit import JANE, KIM, OTTO, Bureau

DELAY = timedelta(minutes=30)
GONE = ("suppressed", "condition_gone")


def bureau_of(store: Store, *names: str, **over: Any) -> Bureau:
    """A bureau in which these rules wait."""
    return Bureau.of(store, notices=merged([NoticeChange(name, delay=DELAY, **over) for name in names]))


def claimed(bureau: Bureau, kind: str) -> tuple[str, str]:
    """State and reason of the newest row of a rule once somebody wanted to send it after the delay."""
    row = bureau.rows(kind)[-1]
    assert (row.state, row.reason) == ("pending", "delayed")
    bureau.store.claim(row.id, "me", row.next_attempt_at)
    after = bureau.rows(kind)[-1]
    return after.state, after.reason


@pytest.mark.parametrize(
    ("rule", "what", "case", "after", "told"),
    [
        ("assigned", What.ASSIGNED, {"assignee": KIM}, {}, True),
        ("assigned", What.ASSIGNED, {"assignee": KIM}, {"status": "Waiting"}, True),
        ("assigned", What.ASSIGNED, {"assignee": KIM}, {"assignee": OTTO}, False),
        ("assigned", What.ASSIGNED, {"assignee": KIM}, {"assignee": ""}, False),
        ("urge", What.URGED, {"assignee": KIM}, {"assignee": OTTO}, False),
        ("group", What.GROUP_ASSIGNED, {"assignee_group": "First line"}, {}, True),
        ("group", What.GROUP_ASSIGNED, {"assignee_group": "First line"}, {"assignee": KIM}, False),
        ("group", What.GROUP_ASSIGNED, {"assignee_group": "First line"}, {"assignee_group": "Other"}, False),
        ("resolved", What.RESOLVED, {"status": "Resolved"}, {"assignee": OTTO}, True),
        ("resolved", What.RESOLVED, {"status": "Resolved"}, {"status": "Reopened"}, False),
    ],
)
def test_what_is_asked_again(
    store: Store, rule: str, what: What, case: dict[str, Any], after: dict[str, Any], told: bool
) -> None:
    bureau = bureau_of(store, rule)
    running = bureau.case(**case)
    bureau.tell(what, running)
    bureau.set(running, **after)
    state, reason = claimed(bureau, rule)
    assert (state, reason) == (("sending", "delayed") if told else GONE)


def test_a_rules_category_is_asked_again(store: Store) -> None:
    bureau = bureau_of(store, "assigned", category="Incident")
    running = bureau.case(assignee=KIM)
    bureau.tell(What.ASSIGNED, running)
    bureau.set(running, category="Complaint")
    assert claimed(bureau, "assigned") == GONE


def test_nothing_is_told_of_a_case_that_was_merged(store: Store) -> None:
    bureau = bureau_of(store, "assigned", "registration")
    into = int(str(bureau.post.write("frank").case).removeprefix("SR-"))
    running = bureau.case(assignee=KIM)
    bureau.tell(What.ASSIGNED, running)
    bureau.set(running, merged_into_id=into)
    assert (claimed(bureau, "assigned"), claimed(bureau, "registration")) == (GONE, GONE)


@pytest.mark.parametrize(("status", "told"), [("Reopened", True), ("Resolved", False)])
def test_a_delayed_acknowledgement_of_a_reopening(store: Store, status: str, told: bool) -> None:
    rules = merged([NoticeChange("reopened", delay=DELAY)])
    bureau = Bureau.of(store, notices=rules, acknowledge=make_acknowledge(reopened=True))
    running = bureau.case(status="Resolved", assignee=JANE)
    assert bureau.post.write("erin", subject=f"Re: [SR-{running}]", body="Not solved.").outcome == "reopened"
    bureau.set(running, status=status)
    assert (claimed(bureau, "reopened") == GONE) is not told


def test_what_is_sent_at_once_asks_nothing(store: Store) -> None:
    bureau = Bureau.of(store)
    running = bureau.case(assignee=KIM)
    bureau.tell(What.ASSIGNED, running)
    bureau.set(running, assignee=OTTO)
    row = bureau.rows("assigned")[0]
    assert (row.only_while, bureau.store.claim(row.id, "me", row.next_attempt_at)) == ({}, True)


def test_the_mail_that_is_taken_back_leaves_its_case(store: Store) -> None:
    bureau = bureau_of(store, "assigned")
    running = bureau.case(assignee=KIM)
    bureau.tell(What.ASSIGNED, running)
    pk = bureau.rows("assigned")[0].message_pk
    bureau.set(running, assignee=OTTO)
    claimed(bureau, "assigned")
    with store._engines.read() as conn:
        assert conn.execute(sa.select(t.message.c.id).where(t.message.c.id == pk)).scalar() is None
