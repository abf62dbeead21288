"""The demo's life of a case: the story adds up, and a wrong status, assignee or mail is named."""

from dataclasses import replace
from typing import Any

import pytest

from mailcase.demo.life_check import Lived, got, wrong_mails, wrong_step
from mailcase.demo.life_show import show_life
from mailcase.demo.life_story import AGENTS_CSV, GROUP, STORY, Acts, Writes
from mailcase.demo.people import ANNA, BEN, NORA
from mailcase.demo.servers import Sent
from mailcase.life import csv_people
from mailcase.life.entries import FORMS, Kind

GROUP_MAIL = b"Message-ID: <g@h.example>\r\n\r\n"
MAILS = [step.work for step in STORY if isinstance(step.work, Writes)]


def test_the_story_has_a_whole_life() -> None:
    assert {rule for step in STORY for rule, _ in step.told} == {
        *("registration", "group", "assigned", "in_progress", "reply", "waiting", "customer_replied"),
        *("resolved", "closed", "followed"),
    }
    assert [one.outcome for one in MAILS] == [
        *("created", "reopened", "linked", "reopened", "followed", "created", "linked")
    ]
    assert {step.case for step in STORY} == {"case", "late", "other", "split"}


def test_mails_answer_what_was_sent_to_them_before() -> None:
    got_so_far: set[tuple[str, str]] = set()
    for step in STORY:
        if isinstance(step.work, Writes) and step.work.answers:
            assert (step.work.answers, step.work.person.address) in got_so_far
        got_so_far |= {(rule, person.address) for rule, people in step.told for person in people}


def test_each_mail_has_a_message_id_of_its_own_and_each_actor_is_an_agent() -> None:
    assert len({one.word for one in MAILS}) == len(MAILS)
    assert {step.work.person for step in STORY if isinstance(step.work, Acts)} == {ANNA, BEN}


def test_the_agents_can_be_imported() -> None:
    rows = csv_people.read(FORMS[Kind.AGENT], AGENTS_CSV.encode())
    assert [(row.said["address"], row.said["groups"]) for row in rows] == [
        (one.address, (GROUP,)) for one in (ANNA, BEN)
    ]


def test_what_is_as_it_must_be_is_not_named() -> None:
    assert [list(wrong_step(one)) for one in lived()] == [[], []]
    assert list(wrong_mails(lived(), sent())) == []


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("status", "Closed", "status of SR-1 is 'Closed', must be 'New'"),
        ("assignee", BEN.address, "assignee of SR-1 is 'ben@harbor.example', must be ''"),
        ("assignee_group", "", "group of SR-1 is '', must be 'First line'"),
    ],
)
def test_a_case_that_is_something_else_is_named(key: str, value: str, complaint: str) -> None:
    first = lived()[0]
    assert list(wrong_step(replace(first, case={**first.case, key: value}))) == [complaint]


@pytest.mark.parametrize("mails", [(), ("registration", "group", "group"), ("registration", "urge")])
def test_a_mail_too_few_too_many_or_of_another_rule_is_named(mails: tuple[str, ...]) -> None:
    first = lived()[0]
    rows = {row["kind"]: row for row in first.mails}
    changed = tuple(rows.get(kind, {**rows["group"], "kind": kind}) for kind in mails)
    (complaint,) = wrong_step(replace(first, mails=changed))
    assert complaint.startswith("mails of SR-1 is ")


@pytest.mark.parametrize(
    ("left", "complaint"),
    [
        ([], "left 0 times, to []"),
        ([(ANNA.address, BEN.address)] * 2, "left 2 times"),
        ([(ANNA.address,)], "left 1 times, to [{'anna@harbor.example'}]"),
    ],
)
def test_a_mail_that_did_not_leave_once_to_all_is_named(left: list[tuple[str, ...]], complaint: str) -> None:
    came = [one for one in sent() if not one.raw.startswith(GROUP_MAIL)]
    came += [Sent("", to, GROUP_MAIL) for to in left]
    said = list(wrong_mails(lived(), came))
    assert any(line.startswith(f"group (<g@h.example>) {complaint}") for line in said)


def test_a_mail_that_no_step_owes_is_named() -> None:
    more = [*sent(), Sent("", (NORA.address,), b"Message-ID: <x@h.example>\r\n\r\n")]
    assert list(wrong_mails(lived(), more)) == ["4 left by SMTP, 3 must have"]


def test_what_names_a_mail_in_its_references_is_another_mail() -> None:
    assert got(lived(), sent()) == {
        NORA.address: ["registration"],
        ANNA.address: ["group", "assigned"],
        BEN.address: ["group"],
    }


def test_the_steps_and_who_got_what_are_shown() -> None:
    shown = list(show_life(lived(), "SR-1 whole\n", sent()))
    assert "Nora writes for the first time            SR-1   New" in "\n".join(shown)
    assert any(line.endswith("registration → Nora · group → Anna and Ben") for line in shown)
    assert "anna@harbor.example   1 group, 1 assigned" in shown
    assert shown[-1] == "SR-1 whole"


def lived() -> list[Lived]:
    """The first two steps, as they came out."""
    case = {"status": "New", "assignee": "", "assignee_group": GROUP}
    first = (row("registration", NORA.address, "r"), row("group", ANNA.address, "g"))
    second = {**case, "assignee": ANNA.address}
    return [
        Lived(STORY[0], "SR-1", case, first),
        Lived(STORY[1], "SR-1", second, (row("assigned", ANNA.address, "a"),)),
    ]


def row(kind: str, to: str, word: str) -> dict[str, Any]:
    """An entry of the outbox."""
    return {"kind": kind, "to": to, "message_id": f"<{word}@h.example>"}


def sent() -> list[Sent]:
    """What the SMTP server took of them; the last one names the one before."""
    return [
        Sent("", (NORA.address,), b"Message-ID: <r@h.example>\r\n\r\n"),
        Sent("", (ANNA.address, BEN.address), GROUP_MAIL),
        Sent("", (ANNA.address,), b"Message-ID: <a@h.example>\r\nReferences: <g@h.example>\r\n\r\n"),
    ]
