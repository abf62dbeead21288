"""Assignment rules in the store: the group and the agent of a new case, by mail and by hand, and who is told."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.desk.cases import create
from mailcase.desk.desk import Desk
from mailcase.errors import Unavailable
from mailcase.life.assignment import AssignmentRule
from mailcase.life.case_state import Actor
from mailcase.life.creating import NewCase
from mailcase.store import tables as t
from mailcase.store.life.assign import chosen
from mailcase.store.life.people import agent_by_key
from mailcase.store.store import Store
from tests.builders import NOW
from tests.contract.notice_kit import JANE, KIM, OTTO, Bureau, letter

OPEN = ("New", "In progress")


def rule(**over: Any) -> AssignmentRule:
    return AssignmentRule(**{"name": "printers", "group": "First line", "open": OPEN, **over})


def bureau_of(store: Store, **over: Any) -> Bureau:
    return Bureau.of(store, assignments=(rule(**over),))


def write(bureau: Bureau, count: int = 1, **over: Any) -> list[tuple[str, str]]:
    """(assignee, group) of new cases."""
    numbers = [bureau.post.write(f"new{bureau.post.at:%d%H%M}", **over).case for _ in range(count)]
    cases = [bureau.post.case(str(number)) for number in numbers]
    return [(case["assignee"], case["assignee_group"]) for case in cases]


def test_a_new_case_goes_to_the_group_of_the_rule(store: Store) -> None:
    bureau = bureau_of(store, words=("printer",))
    assert write(bureau, subject="Printer jams") == [("", "First line")]
    assert bureau.told() == [("group", f"{JANE} {KIM}", "pending", "")]
    assert write(bureau, subject="Scanner") == [("", "")]
    (event,) = [one for one in bureau.post.case("SR-1")["events"] if one["event"] == "assigned"]
    assert event["data"]["rule"] == "printers"


def test_agents_take_turns(store: Store) -> None:
    bureau = bureau_of(store, pick="round_robin")
    assert [who for who, _ in write(bureau, 4)] == [JANE, KIM, JANE, KIM]
    assert [(kind, to) for kind, to, _, _ in bureau.told()][:2] == [("assigned", JANE), ("assigned", KIM)]


def test_agents_take_turns_within_one_batch(store: Store) -> None:
    """All its mails are decided at one moment."""
    bureau = bureau_of(store, pick="round_robin")
    readings = [bureau.post.reading(letter(f"new{one}")) for one in range(8)]
    settled = bureau.store.settle(readings, bureau.post.bench, bureau.post.at)
    assert [bureau.post.case(str(one.case))["assignee"] for one in settled] == [JANE, KIM] * 4


def _pick_at_once(store: Store, of: AssignmentRule) -> None:
    with store._engines.write() as conn:
        conn.execute(sa.text("SET LOCAL lock_timeout = '20ms'"))
        chosen(conn, of, "")


@pytest.mark.postgres
def test_who_picks_in_one_group_is_waited_for_in_all(shared_url: str, tmp_path: Path) -> None:
    """So that no two batches that need two groups in another order wait for each other."""
    store, elsewhere = Store.open(shared_url, tmp_path), Store.open(shared_url, tmp_path)
    first, second = (rule(group=one, pick="round_robin") for one in ("First line", "Second line"))
    with bureau_of(store).writes() as conn:
        conn.execute(sa.insert(t.agent_group).values(name="Second line", active=True, created_at=NOW))
        conn.execute(sa.insert(t.agent_group_member).values(of_group="Second line", agent_id=1))
    with store._engines.write() as one:
        assert chosen(one, first, "") == JANE
        with pytest.raises(Unavailable, match="lock timeout"):
            _pick_at_once(elsewhere, second)
    with elsewhere._engines.write() as other:
        assert (chosen(other, second, ""), chosen(other, first, "")) == (JANE, KIM)
    store.close()
    elsewhere.close()


def test_the_disabled_have_no_turn(store: Store) -> None:
    bureau = bureau_of(store, pick="round_robin")
    with bureau.writes() as conn:
        conn.execute(sa.update(t.agent).where(t.agent.c.key == JANE).values(active=False))
    assert [who for who, _ in write(bureau, 2)] == [KIM, KIM]


@pytest.mark.parametrize(("status", "chosen"), [("New", KIM), ("Closed", JANE)])
def test_who_has_the_fewest_open_cases_is_next(store: Store, status: str, chosen: str) -> None:
    bureau = bureau_of(store, pick="least_loaded", words=("printer",))
    running = bureau.post.write("old", subject="Scanner").case
    bureau.set(int(str(running).removeprefix("SR-")), assignee=JANE, status=status)
    assert write(bureau, subject="Printer") == [(chosen, "First line")]


def test_an_even_load_is_shared(store: Store) -> None:
    bureau = bureau_of(store, pick="least_loaded")
    assert Counter(who for who, _ in write(bureau, 4)) == {JANE: 2, KIM: 2}


@pytest.mark.parametrize(("active", "told"), [(True, [("assigned", OTTO)]), (False, [])])
def test_a_rule_can_name_an_agent(store: Store, active: bool, told: list[tuple[str, str]]) -> None:
    bureau = bureau_of(store, group="", agent="Otto@Helpdesk.example")
    with bureau.writes() as conn:
        conn.execute(sa.update(t.agent).where(t.agent.c.key == OTTO).values(active=active))
    assert write(bureau) == [(OTTO if active else "", "")]
    assert [(kind, to) for kind, to, _, _ in bureau.told()] == told


def test_old_mail_is_assigned_and_nobody_is_told(store: Store) -> None:
    bureau = bureau_of(store, pick="round_robin")
    bureau.post.at += timedelta(minutes=1)
    bureau.post.deliver(letter("old", date=bureau.post.at), backlog=True)
    assert bureau.post.case("SR-1")["assignee"] == JANE
    assert bureau.told() == []


def by_hand(bureau: Bureau, **over: Any) -> Any:
    """A case by hand, by otto."""
    desk = Desk(bureau.store, bureau.post.bench, lambda: bureau.post.at)
    with bureau.store._engines.read() as conn:
        otto = Actor(OTTO, agent_by_key(conn, OTTO))
    wanted = NewCase(**{"title": "Printer by phone", "contact": "ann@visitor.example", **over})
    return create(desk, wanted, otto)


def test_a_case_by_hand_goes_by_the_rules_where_nobody_is_named(store: Store) -> None:
    bureau = bureau_of(store, pick="round_robin", sender_domain="visitor.example")
    by_hand(bureau)
    case = bureau.post.case("SR-1")
    assert (case["assignee"], case["assignee_group"]) == (JANE, "First line")
    assert bureau.told() == [("assigned", JANE, "pending", "")]
    assert "assigned" in [one["event"] for one in case["events"]]


@pytest.mark.parametrize(
    ("over", "owner"),
    [({"assignee": KIM}, (KIM, "")), ({"group": ""}, ("", "")), ({"contact": "ann@other.example"}, ("", ""))],
)
def test_who_is_named_by_hand_has_it(store: Store, over: dict[str, str], owner: tuple[str, str]) -> None:
    bureau = bureau_of(store, pick="round_robin", sender_domain="visitor.example")
    by_hand(bureau, **over)
    case = bureau.post.case("SR-1")
    assert (case["assignee"], case["assignee_group"]) == owner


def test_the_customer_of_a_case_by_hand_is_told_where_that_is_wanted(store: Store) -> None:
    bureau = Bureau.of(store)
    by_hand(bureau, notify=True)
    by_hand(bureau, contact="bob@visitor.example")
    assert bureau.told() == [("opened", "ann@visitor.example", "pending", "")]
