"""`case show`: a case with all that acts left on it, and who may read it; on both databases."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from mailcase.errors import Permanent
from mailcase.life.people import Agent, AgentRole
from mailcase.store import tables as t
from tests.contract.reading_kit import KIM, LEE, change, event, file, notice, open_case, reply
from tests.contract.store_kit import LATER, NOW, STATUSES, Desk, case

FIRST, SECOND, THIRD = "SR-1", "SR-2", "SR-3"

AGENT = Agent(1, LEE, LEE, "Lee")
NOTE = {"event": "note", "actor": KIM, "data": {"text": "secret"}}


@pytest.mark.parametrize(
    ("viewer", "sees"),
    [
        (None, True),
        (AGENT, False),
        (replace(AGENT, role=AgentRole.ADMIN), True),
        (replace(AGENT, key=KIM), True),  # who wrote it
        (replace(AGENT, key="assignee@helpdesk.example"), True),
    ],
)
@pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
def test_a_note_is_for_the_assignee_admins_and_who_wrote_it(desk: Desk, viewer: Agent | None, sees: bool) -> None:
    open_case(desk, "a", assignee="Assignee@helpdesk.example")
    event(desk.store, FIRST, "note", text="secret")
    event(desk.store, FIRST, "comment", text="for all")
    told = desk.store.case_show(FIRST, STATUSES, viewer)["events"]
    assert [one["event"] for one in told] == ["created", *(["note"] if sees else []), "comment"]


@pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
def test_a_case_of_another_organization_is_none(desk: Desk) -> None:
    open_case(desk, "a", organization="East")
    assert desk.store.case_show(FIRST, STATUSES, None, ("East",))["number"] == FIRST
    for others in ((), ("West",)):
        with pytest.raises(Permanent, match="there is no case SR-1"):
            desk.store.case_show(FIRST, STATUSES, None, others)


@pytest.mark.parametrize(
    ("organizations", "sees"), [(None, True), (("East", "West"), True), (("East",), False), (("East", "South"), False)]
)
def test_cases_of_another_organization_are_not_named(
    desk: Desk, organizations: tuple[str, ...] | None, sees: bool
) -> None:
    """SR-2 of West is kin of SR-1 of East in every way, and a mail stands on both."""
    open_case(desk, "a", organization="East")
    open_case(desk, "b", organization="West")
    change(desk.store, FIRST, parent_id=2, merged_into_id=2)
    change(desk.store, SECOND, parent_id=1, merged_into_id=1)
    event(desk.store, FIRST, "child_added", case=SECOND, count=2)
    with desk.store._engines.write() as conn:
        relation = {"case_id": 1, "other_id": 2, "relation": "related", "at": NOW}
        conn.execute(sa.insert(t.case_relation), relation)
        first = sa.select(sa.func.min(t.case_message.c.message_pk)).where(t.case_message.c.case_id == 2)
        link = {"how": "shown", "linked_by": "", "verified": True, "at": NOW}
        pk = conn.execute(first).scalar_one()
        conn.execute(sa.insert(t.case_message), {"case_id": 1, "message_pk": pk, **link})
    shown = desk.store.case_show(FIRST, STATUSES, None, organizations)
    kin = ([SECOND], SECOND, [SECOND], SECOND) if sees else ([], None, [], None)
    assert (shown["children"], shown["parent"], shown["merged_from"], shown["merged_into"]) == kin
    assert [one["number"] for one in shown["related"]] == ([SECOND] if sees else [])
    assert [(one["case"], one["cases"]) for one in shown["messages"] if one["how"] == "shown"] == (
        [(SECOND, [FIRST, SECOND])] if sees else [(None, [FIRST])]
    )
    assert shown["events"][-1]["data"] == {"case": SECOND if sees else "", "count": 2}
    assert (SECOND in repr(shown)) == sees


COLUMNS = {
    "support_level": 1, "expected_at": LATER, "solution": "Flap", "article": "https://kb", "resolved_at": LATER,
    "closed_at": LATER,
}  # fmt: skip


@pytest.fixture
def full(desk: Desk) -> Desk:
    """Four cases; the first is below the second, merged into the third, and has the fourth below and in it."""
    store = desk.store
    for name in ("a", "b", "c", "d"):
        open_case(desk, name)
    change(store, FIRST, parent_id=2, merged_into_id=3, **COLUMNS)
    change(store, "SR-4", parent_id=1, merged_into_id=1)
    task = {
        "case_id": 1, "title": "Toner", "state": "open", "created_at": NOW, "created_by": KIM, "result": "",
        "assignee": LEE, "ended_by": "",
    }  # fmt: skip
    with store._engines.write() as conn:
        conn.execute(sa.insert(t.case_follower), {"case_id": 1, "key": LEE, "at": NOW})
        conn.execute(sa.insert(t.case_task), task)
    file(store, FIRST, b"log")
    notice(store, FIRST, LATER)
    reply(store, FIRST, LATER)
    return desk


def test_a_case_has_all_that_acts_left_on_it(full: Desk) -> None:
    shown = case(full)
    assert {key: shown[key] for key in COLUMNS} == COLUMNS
    assert (shown["first_response_at"], shown["followers"]) == (LATER, [LEE])
    assert [(one["title"], one["assignee"], one["state"]) for one in shown["tasks"]] == [("Toner", LEE, "open")]
    assert [(one["name"], one["size"], one["by"]) for one in shown["files"]] == [("log.txt", 3, KIM)]
    assert [(one["audience"], one["to"], one["state"]) for one in shown["notices"]] == [("agent", KIM, "pending")]
    assert shown["messages"][-1]["subject"] == "Re: secret"


def test_a_case_names_its_kin_from_either_side(full: Desk) -> None:
    kin = ("parent", "children", "merged_into", "merged_from")
    assert [case(full)[one] for one in kin] == [SECOND, ["SR-4"], THIRD, ["SR-4"]]
    assert [case(full, SECOND)[one] for one in kin] == [None, [FIRST], None, []]
    assert [case(full, THIRD)[one] for one in kin] == [None, [], None, [FIRST]]
