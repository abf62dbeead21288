"""An agent's reply that never leaves: the case says so, and whoever has it is told, once (L6)."""

from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.life.case_state import Actor
from mailcase.life.changes import SendReply
from mailcase.life.happening import What
from mailcase.store import tables as t
from mailcase.store.life.notify import send_reply
from mailcase.store.life.people import agent_by_key
from mailcase.store.store import Store
from tests.contract.notice_kit import JANE, OTTO, Bureau

WHY = "relay RCPT: 550 5.1.1 no such user"


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return Bureau.of(store)


def reply(bureau: Bureau, running: int, by: str = JANE, key: str = "1") -> Any:
    """A reply of an agent, as an act leaves it."""
    with bureau.writes() as conn:
        actor = Actor(by, agent_by_key(conn, by))
        at = bureau.post.at
        pk = send_reply(conn, bureau.post.bench, running, SendReply("Try again."), (), actor, f"act:{key}", at)
        event = {"case_id": running, "at": at, "event": "replied", "actor": by, "delivery_id": None}
        conn.execute(sa.insert(t.case_event), {**event, "data": {"message": pk}})
        conn.execute(sa.update(t.case).where(t.case.c.running == running).values(first_response_at=at))
    return bureau.rows("reply")[-1]


def lose(bureau: Bureau, row: Any, state: str = "failed") -> None:
    store, bench = bureau.store, bureau.post.bench
    store.claim(row.id, "me", bureau.post.at)
    store.undelivered(row.id, state, bureau.post.at, bench, reason="refused", error=WHY)


def undeliverable(bureau: Bureau, running: int) -> list[Any]:
    history = bureau.post.case(f"SR-{running}")["events"]
    return [one for one in history if one["event"] == "undeliverable"]


@pytest.mark.parametrize("state", ["failed", "expired"])
def test_the_case_says_so_and_its_assignee_is_told_once(bureau: Bureau, state: str) -> None:
    running = bureau.case(assignee=JANE)
    row = reply(bureau, running)
    lose(bureau, row, state)
    lose(bureau, row, state)
    assert (bureau.rows("reply")[0].state, len(undeliverable(bureau, running))) == (state, 1)
    data = undeliverable(bureau, running)[0]["data"]
    assert (data["recipient"], data["diagnostic"], data["message"]) == (row.to, WHY, row.message_pk)
    (told,) = bureau.rows("undeliverable")
    assert (told.to, told.state, WHY in told.text) == (JANE, "pending", True)


def test_whoever_wrote_it_is_told_where_nobody_has_the_case(bureau: Bureau) -> None:
    lose(bureau, reply(bureau, bureau.case(), OTTO))
    assert bureau.told("undeliverable") == [("undeliverable", OTTO, "pending", "")]


def test_sent_again_and_lost_again_is_told_again(bureau: Bureau) -> None:
    running = bureau.case(assignee=JANE)
    row = reply(bureau, running)
    lose(bureau, row)
    bureau.post.write("frank")  # a minute goes by
    bureau.store.outbox_retry(row.id, bureau.post.at)
    lose(bureau, row)
    assert (len(undeliverable(bureau, running)), len(bureau.rows("undeliverable"))) == (2, 2)


def test_what_did_not_leave_was_no_response(bureau: Bureau) -> None:
    running = bureau.case(assignee=JANE)
    row = reply(bureau, running)
    written = bureau.post.at
    bureau.post.write("frank")
    second = reply(bureau, running, key="2")
    lose(bureau, row)
    assert bureau.post.case(f"SR-{running}")["first_response_at"] == bureau.post.at != written
    lose(bureau, second)
    assert bureau.post.case(f"SR-{running}")["first_response_at"] is None
    with bureau.store._engines.read() as conn:
        assert conn.execute(sa.select(t.case.c.first_response_at).where(t.case.c.running == running)).scalar() is None


def test_the_customer_is_not_told(bureau: Bureau) -> None:
    lose(bureau, reply(bureau, bureau.case(assignee=JANE)))
    assert [row.audience for row in bureau.rows("undeliverable")] == ["agent"]
    assert bureau.rows(What.RESOLVED.value) == []
