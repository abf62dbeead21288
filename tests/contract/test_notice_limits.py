"""What notices count for, and what an acknowledgement takes from its [[notice]] entry (B13, K9, L6)."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.life.happening import What
from mailcase.life.notice_rules import CASE_LIMIT, NoticeChange, merged
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.agent_kit import ERIN
from tests.contract.notice_kit import JANE, KIM, Bureau

HOUR = 3600.0
DELAY = timedelta(minutes=30)


def test_what_agents_are_told_counts_for_no_limit(store: Store) -> None:
    bureau = Bureau.of(store)
    running = bureau.case(assignee=KIM)
    before = store.counts(bureau.post.at, HOUR, HOUR)
    bureau.tell(What.ASSIGNED, running)
    with bureau.writes() as conn:
        conn.execute(sa.update(t.outbox).values(state="sent", claimed_at=bureau.post.at))
    after = store.counts(bureau.post.at, HOUR, HOUR)
    assert (before.last_hour, after.last_hour) == (1, 1)
    assert (after.total, after.per_domain) == (1, {"visitor.example": 1})


def test_strangers_who_flood_a_case_do_not_silence_its_customer(store: Store) -> None:
    bureau = Bureau.of(store)
    running = bureau.case(assignee=KIM)
    bureau.post.write("forged", sender="stranger@visitor.example", subject=f"Re: [SR-{running}]", body="Junk.")
    for version in range(CASE_LIMIT):
        bureau.tell(What.CUSTOMER_REPLIED, running, version, unverified=True)
    bureau.post.write("erin2", sender=ERIN, subject=f"Re: [SR-{running}]", body="The house burns.")
    states = [(row.state, row.reason) for row in bureau.rows("customer_replied")]
    assert states == [("pending", "")] * CASE_LIMIT + [("suppressed", "agent_limit"), ("pending", "")]


def test_a_customers_notice_counts_as_automatic_mail(store: Store) -> None:
    bureau = Bureau.of(store)
    running = bureau.case(status="Resolved")
    bureau.tell(What.RESOLVED, running)
    assert store.counts(bureau.post.at, HOUR, HOUR).last_hour == 2


def test_notices_are_no_acknowledgements(store: Store) -> None:
    """Five of them would else keep the sixth acknowledgement back (per_address)."""
    bureau = Bureau.of(store)
    running = bureau.case(status="Resolved")
    for version in range(2, 9):
        bureau.tell(What.RESOLVED, running, version)
    bureau.post.write("erin", message_id="<second@visitor.example>", body="Something else entirely.")
    assert bureau.rows("registration")[-1].state == "pending"


def delayed(store: Store) -> tuple[Bureau, Any]:
    bureau = Bureau.of(store, notices=merged([NoticeChange("resolved", delay=DELAY)]))
    running = bureau.case(status="Resolved")
    with bureau.writes() as conn:
        conn.execute(sa.update(t.outbox).values(state="sent", next_attempt_at=None))
    bureau.tell(What.RESOLVED, running)
    return bureau, bureau.rows("resolved")[0]


def test_a_delay_is_no_hold_that_a_person_ends(store: Store) -> None:
    bureau, row = delayed(store)
    assert store.outbox_release(bureau.post.at) == 0
    assert bureau.rows("resolved")[0].next_attempt_at == row.next_attempt_at == bureau.post.at + DELAY


def test_a_mail_that_is_delayed_does_not_wait(store: Store) -> None:
    bureau, row = delayed(store)
    assert store.health_numbers().pending_since == row.next_attempt_at
    assert row.expires_at == bureau.post.at + DELAY + timedelta(hours=24)


@pytest.mark.parametrize(
    ("change", "state", "reason"),
    [
        ({}, "pending", ""),
        ({"delay": DELAY}, "pending", "delayed"),
        ({"category": "Incident"}, "pending", ""),
        ({"category": "Complaint"}, "suppressed", "other_category"),
    ],
)
def test_an_acknowledgement_as_its_entry_wants_it(
    store: Store, change: dict[str, Any], state: str, reason: str
) -> None:
    bureau = Bureau.of(store, notices=merged([NoticeChange("registration", **change)]))
    settled = bureau.post.write("erin")
    (row,) = bureau.rows()
    assert (row.kind, row.state, row.reason) == ("registration", state, reason)
    wait = change.get("delay", timedelta(0))
    assert row.next_attempt_at == (bureau.post.at + wait if state == "pending" else None)
    assert row.expires_at == bureau.post.at + wait + timedelta(hours=24)
    assert settled.queued is (state == "pending")


def test_an_acknowledgement_quotes_where_its_entry_wants_it(store: Store) -> None:
    entry = NoticeChange("registration", quote=True, template="reopened")
    bureau = Bureau.of(store, notices=merged([entry]))
    bureau.post.write("erin", body="It jams.\nAgain.")
    text = bureau.rows()[0].text
    assert text.startswith("Hello Customer erin,\n\nthank you for your answer.")
    assert "Customer erin wrote:\n> It jams.\n> Again." in text


def test_jane_is_not_told_twice_by_two_rules_of_one_name(store: Store) -> None:
    own = merged([NoticeChange("second", What.ASSIGNED, ("owner", "assignee"), template="assigned")])
    bureau = Bureau.of(store, notices=own)
    running = bureau.case(assignee=JANE)
    assert bureau.tell(What.ASSIGNED, running, by=KIM) == 2
    assert [row[:2] for row in bureau.told()] == [("assigned", JANE), ("second", JANE)]
