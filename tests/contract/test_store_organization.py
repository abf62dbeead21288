"""Cases that have no organization get one, by an admin's act or all of a mailbox at once; on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.desk import cases
from mailcase.life.case_state import Actor
from mailcase.life.refused import Refused
from mailcase.store import tables as t
from mailcase.store.acting_door import Given
from mailcase.store.life import organizations
from mailcase.store.store import Store
from tests.builders import NOW, make_mailbox
from tests.contract.acting_kit import ROOT, Office, letter
from tests.life_kit import ANN, BEN, EVA, life_policy

BOXES = {"support": make_mailbox(organization="North"), "sales": make_mailbox(name="sales", address="s@h.example")}


@pytest.fixture
def office(store: Store, monkeypatch: pytest.MonkeyPatch) -> Office:
    """SR-1 to SR-3 of support, SR-4 of sales and SR-5 of a mailbox that is gone, all of before; Ben has North."""
    monkeypatch.setattr(organizations, "_SOME", 2)
    made = Office(store, life_policy(isolate=True, mailboxes=BOXES))
    made.hire()
    made.receive(*(letter(f"m{number}", subject=f"Mouse {number}") for number in range(5)))
    with store._engines.write() as conn:
        conn.execute(sa.update(t.agent).where(t.agent.c.key == BEN).values(organizations=["North"]))
        conn.execute(sa.update(t.case).values(organization=""))
        for number, box in (("SR-4", "sales"), ("SR-5", "old")):
            conn.execute(sa.update(t.case).where(t.case.c.number == number).values(mailbox=box))
    return made


def of_all(office: Office) -> list[str]:
    return [one.organization for one in office.rows(t.case)]


def line(office: Office, number: str) -> Any:
    return next((one for one in office.case(number)["events"] if one["event"] == "organization"), None)


def give(office: Office, actor: Actor, pause: Callable[[float], object] = lambda _: None) -> Given:
    return office.store.give_organizations(actor, office.policy, office.now, pause=pause)


def test_an_admin_gives_a_case_to_whom_it_belongs(office: Office) -> None:
    with pytest.raises(Refused, match="there is no case SR-1"):
        cases.note(office.desk, "SR-1", office.desk.agent(BEN), "He called.")
    before = office.row().version
    done = cases.organization(office.desk, "SR-1", office.desk.agent(EVA), "north")
    assert (done.events, done.told, office.row().version) == (("organization",), (), before + 1)
    event = line(office, "SR-1")
    assert (event["actor"], event["data"]) == (EVA, {"from": "", "to": "North"})
    cases.note(office.desk, "SR-1", office.desk.agent(BEN), "He called.")
    with pytest.raises(Refused, match="there is no case SR-1"):
        cases.note(office.desk, "SR-1", office.ann(), "He called.")
    with pytest.raises(Refused, match="is for admins"):
        cases.organization(office.desk, "SR-2", office.ann(), "North")
    cases.organization(office.desk, "SR-1", ROOT, "")
    assert of_all(office) == [""] * 5


def test_all_without_one_get_that_of_their_mailbox(office: Office) -> None:
    cases.organization(office.desk, "SR-2", ROOT, "South")
    versions = [one.version for one in office.rows(t.case)]
    with pytest.raises(Refused, match="is for admins"):
        cases.give_organizations(office.desk, office.ann())
    with pytest.raises(Refused, match="mailbox sales has no organization"):
        cases.give_organizations(office.desk, ROOT, "sales")
    office.now, changed = NOW + timedelta(days=1), [one.updated_at for one in office.rows(t.case)]
    given = give(office, office.desk.agent(EVA))
    assert [one.updated_at for one in office.rows(t.case)] == changed  # of when it ended, retention counts
    assert (given.organizations, given.cases, given.left) == (
        {"support": "North"}, {"support": 2}, {"old": 1, "sales": 1},
    )  # fmt: skip
    assert of_all(office) == ["North", "South", "North", "", ""]
    assert [one.version - old for one, old in zip(office.rows(t.case), versions, strict=True)] == [1, 0, 1, 0, 0]
    assert [line(office, f"SR-{number}") is not None for number in range(1, 6)] == [True, True, True, False, False]
    assert give(office, ROOT).cases == {"support": 0}
    assert ANN not in {one["actor"] for one in office.case("SR-1")["events"]}


def test_each_case_is_looked_at_once_and_others_write_in_between(office: Office) -> None:
    """SR-1 loses its organization again while the next ones are due: it is behind them."""
    pauses = list[float]()

    def meanwhile(seconds: float) -> None:
        pauses.append(seconds)
        assert len(pauses) == 1, "the same cases again"
        cases.organization(office.desk, "SR-1", ROOT, "")

    assert give(office, ROOT, meanwhile).cases == {"support": 3}
    assert of_all(office) == ["", "North", "North", "", ""]
