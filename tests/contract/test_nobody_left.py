"""A case whose assignee is disabled: somebody hears of it all the same (L2, L6)."""

from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.desk import cases
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.builders import make_mailbox
from tests.contract.acting_kit import ROOT, Office, letter
from tests.life_kit import ANN, BEN, EVA, life_policy

TEAM = "team@elsewhere.example"


@pytest.fixture
def office(store: Store) -> Office:
    """SR-1 of a customer's mail is Ben's, and Ben is not here any more; the mailbox has a group and a team."""
    made = Office(store, life_policy(mailboxes={"support": make_mailbox(notify=(TEAM,))}))
    made.hire()
    made.receive(letter("a", subject="Printer jams", text="It jams."))
    cases.assign(made.desk, "SR-1", ROOT, BEN)
    disable(made, BEN)
    made.policy = life_policy(mailboxes={"support": make_mailbox(notify=(TEAM,), assignee_group="First line")})
    return made


def disable(office: Office, *keys: str) -> None:
    with office.store._engines.write() as conn:
        conn.execute(sa.update(t.agent).where(t.agent.c.key.in_(keys)).values(active=False))


def told(office: Office, kind: str) -> list[list[str]]:
    return [[row.to, *row.cc] for row in office.rows(t.outbox) if row.kind == kind]


def answer(office: Office, name: str = "b") -> Any:
    (settled,) = office.receive(letter(name, "a", subject=f"Re: Printer jams {name}", text=f"Still, {name}."))
    return settled.outcome


def test_his_customers_answer_reaches_the_mailboxs_group(office: Office) -> None:
    assert answer(office) == "linked"
    cases.wait(office.desk, "SR-1", ROOT, "Which model?")
    assert answer(office, "c") == "reopened"  # which takes the case from him
    assert told(office, "customer_replied") == [[ANN]] * 2
    cases.assign(office.desk, "SR-1", ROOT, EVA)
    answer(office, "d")
    assert told(office, "customer_replied")[2:] == [[EVA]]


def test_where_that_has_nobody_either_it_reaches_the_team(office: Office) -> None:
    disable(office, ANN)
    answer(office)
    assert told(office, "customer_replied") == [[TEAM]]


def test_the_cases_own_group_comes_first(office: Office) -> None:
    with office.store._engines.write() as conn:
        eva = conn.execute(sa.select(t.agent.c.id).where(t.agent.c.key == EVA)).scalar_one()
        conn.execute(sa.insert(t.agent_group_member), {"of_group": "Second line", "agent_id": eva})
    done = cases.assign(office.desk, "SR-1", ROOT, group="Second line")
    assert (done.assignee, [one.to for one in done.told]) == (BEN, [EVA])
    answer(office)
    assert told(office, "customer_replied") == [[EVA]]


def test_acts_that_set_it_to_work_again_tell_somebody(office: Office) -> None:
    desk = office.desk
    cases.cancel(desk, "SR-1", ROOT)
    assert [one.to for one in cases.undo_cancel(desk, "SR-1", ROOT).told] == [ANN]
    cases.close(desk, "SR-1", ROOT)
    assert [one.to for one in cases.restart(desk, "SR-1", ROOT).told] == [ANN]
    assert [one.to for one in cases.urge(desk, "SR-1", ROOT).told] == [ANN]
    assert cases.urge(desk, "SR-1", office.ann()).told == ()  # who did it himself
    disable(office, ANN)
    assert [one.to for one in cases.urge(desk, "SR-1", ROOT).told] == [TEAM]


@pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
@pytest.mark.parametrize(
    ("of_case", "of_box", "hears"),
    [("Third line", "Third line", TEAM), ("Third line", "First line", ANN), ("Second line", "First line", ANN)],
)
def test_a_group_that_is_missing_is_stood_in_for(office: Office, of_case: str, of_box: str, hears: str) -> None:
    """A new case of such a group is the team's to know by `new_case` alone."""
    boxes = {"support": make_mailbox(notify=(TEAM,), assignee_group=of_case)}
    office.policy = life_policy(mailboxes=boxes)
    office.receive(letter("n", subject="Mouse"))
    assert (told(office, "new_case")[1:], told(office, "group")) == ([[TEAM]], [])
    office.policy = life_policy(mailboxes={"support": make_mailbox(notify=(TEAM,), assignee_group=of_box)})
    office.receive(letter("o", "n", subject="Re: Mouse"))
    assert told(office, "customer_replied") == [[hears]]
