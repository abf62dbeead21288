"""Acts on two cases: what they do to both, and what they refuse."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailcase.life.acts import threads
from mailcase.life.asked import Asked, Mail
from mailcase.life.changes import Did, Relate, SplitOff, TakeAlong, TellOther
from mailcase.life.happening import What
from mailcase.life.refused import Refused
from tests.builders import NOW
from tests.life_kit import BEN, MAIL, OTHER, agent, life_policy, make_asked, make_case


def two(other: dict[str, Any] | None = None, status: str = "New", **case: Any) -> Asked:
    """SR-12 and SR-9, both of contact 7."""
    return make_asked(status, case=case, other=replace(OTHER, **(other or {})))


def test_a_merged_case_is_closed_into_the_other_in_silence() -> None:
    done = threads.merge(two(status="Waiting for response", status_since=NOW - timedelta(minutes=1)))
    assert done.values == {
        "status": "Closed", "merged_into_id": 9, "closing_reason": "Merged into SR-9", "closed_at": NOW,
        "resolved_at": None, "status_before": "",
    }  # fmt: skip
    moved = {"from": "Waiting for response", "to": "Closed", "act": "merge", "waited_s": 60}
    assert done.events == (Did("status", moved), Did("merged", {"into": "SR-9"}))
    assert done.deeds == (TellOther(9, Did("merged", {"from": "SR-12"})), TakeAlong(9))
    assert done.happened == ()


@pytest.mark.parametrize(
    ("case", "other"),
    [
        ({"contact_id": 7}, {"contact_id": 7}),
        ({"contact_id": 7, "account_id": 3}, {"contact_id": 8, "account_id": 3}),
        ({"contact_id": None, "account_id": 3}, {"contact_id": 8, "account_id": 3}),
    ],
)
def test_cases_of_one_customer_are_merged(case: dict[str, Any], other: dict[str, Any]) -> None:
    assert threads.merge(two(other, **case)).values["merged_into_id"] == 9


@pytest.mark.parametrize(
    ("case", "other", "said"),
    [
        ({}, {"running": 12, "number": "SR-12"}, "it is the same case"),
        ({}, {"contact_id": 8}, "they are of different customers"),
        ({"contact_id": None}, {"contact_id": None}, "they are of different customers"),
        ({}, {"status": "Closed"}, "SR-9 is Closed"),
        ({}, {"status": "Canceled"}, "SR-9 is Canceled"),
        ({}, {"status": "Closed", "merged_into": 4, "merged_number": "SR-4"}, "merge into SR-4"),
        ({}, {"group": "north"}, "different groups of mailboxes"),
        ({}, {"organization": "North"}, 'different organizations; `mailcase case organization SR-12 "North"` gives'),
        ({"status": "Closed"}, {}, "SR-12 is Closed: merge is not possible"),
        ({"status": "Closed", "merged_into": 4, "merged_number": "SR-4"}, {}, "SR-12 was merged into SR-4"),
    ],
)
def test_what_is_not_merged(case: dict[str, Any], other: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        threads.merge(two(other, **case))
    assert said in str(refused.value)


CARRIED = {
    "group_name": "default", "mailbox": "support", "priority": "High", "category": "Request", "source": "Voice",
    "contact_id": 7, "account_id": 3, "assignee_group": "First line", "organization": "North", "status": "New",
    "first_kind": "person",
}  # fmt: skip


@pytest.mark.parametrize(
    ("call", "mail", "made"),
    [
        (threads.split, MAIL, ("Mouse", "And my mouse is broken.", 41)),
        (lambda asked: threads.split(asked, "Mouse  again"), MAIL, ("Mouse again", "And my mouse is broken.", 41)),
        (lambda asked: threads.split(asked, text=" The keys\nstick."), None, ("The keys", "The keys\nstick.", None)),
        (lambda asked: threads.split(asked, text="The keys stick."), MAIL, ("Mouse", "The keys stick.", 41)),
        (threads.split, Mail(41, "", ""), ("(no subject)", "", 41)),
        (threads.split, Mail(41, "x" * 200, "y" * 30_000), ("x" * 128, "y" * 20_000, 41)),
    ],
)
def test_what_is_split_off(call: Callable[[Asked], Any], mail: Mail | None, made: tuple[str, str, int | None]) -> None:
    case = {
        "priority": "High", "category": "Request", "source": "Voice", "account_id": 3, "organization": "North",
        "assignee": BEN, "assignee_group": "First line",
    }  # fmt: skip
    done = call(make_asked("In progress", case=case, mail=mail))
    title, description, message = made
    values = {**CARRIED, "title": title, "description": description}
    assert done.deeds == (SplitOff(values, message, (What.GROUP_ASSIGNED,)),)
    assert (done.values, done.happened) == ({}, ())


def test_a_mail_is_split_off_once_and_then_its_parts() -> None:
    again = make_asked(mail=replace(MAIL, split_into="SR-13"))
    with pytest.raises(Refused, match="split off already, to SR-13"):
        threads.split(again)
    assert threads.split(again, text="The mouse.").deeds


def test_nothing_cannot_be_split_off() -> None:
    with pytest.raises(Refused, match="the text is empty"):
        threads.split(make_asked())
    with pytest.raises(Refused, match="at most 128"):
        threads.split(make_asked(mail=MAIL), "x" * 129)


def test_a_parent_is_told_of_its_children() -> None:
    done = threads.parent(two(parent=4, parent_number="SR-4"))
    assert done.values == {"parent_id": 9}
    assert done.events == (Did("parent", {"from": "SR-4", "to": "SR-9"}),)
    added, removed = Did("child_added", {"case": "SR-12"}), Did("child_removed", {"case": "SR-12"})
    assert done.deeds == (TellOther(9, added), TellOther(4, removed))
    orphan = threads.parent(make_asked(case={"parent": 4, "parent_number": "SR-4"}))
    assert (orphan.values, orphan.deeds) == ({"parent_id": None}, (TellOther(4, removed),))


@pytest.mark.parametrize(
    ("case", "other", "said"),
    [
        ({}, {"running": 12, "number": "SR-12"}, "would be above itself"),
        ({}, {"ancestors": frozenset({4, 12})}, "SR-9 cannot be the parent of SR-12: it would be above itself"),
        ({"parent": 9}, {}, "is the parent of SR-12 already"),
        ({}, {"merged_into": 4, "merged_number": "SR-4"}, "was merged into SR-4"),
        ({"status": "Closed"}, {}, "parent is not possible"),
    ],
)
def test_no_case_is_above_itself(case: dict[str, Any], other: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        threads.parent(two(other, **case))
    assert said in str(refused.value)


def test_who_has_no_parent_loses_none() -> None:
    with pytest.raises(Refused, match="SR-12 has no parent"):
        threads.parent(make_asked())


def test_related_cases_show_each_other() -> None:
    done = threads.relate(two(status="Closed"))
    assert done.deeds == (Relate(9, "related"), TellOther(9, Did("related", {"with": "SR-12"})))
    for wrong, said in ((two(related=frozenset({9})), "already"), (two({"running": 12}), "not to itself")):
        with pytest.raises(Refused, match=said):
            threads.relate(wrong)


@pytest.mark.parametrize("act", [threads.merge, threads.parent, threads.relate])
def test_the_other_case_must_be_his_to_see(act: Callable[[Asked], object]) -> None:
    there = make_case(running=9, number="SR-9", organization="South")
    asked = make_asked(case={"organization": "North"}, other=there, by=agent(BEN), policy=life_policy(isolate=True))
    with pytest.raises(Refused, match="there is no case SR-9"):
        act(asked)
