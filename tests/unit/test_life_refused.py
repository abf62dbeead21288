"""What each act refuses, and who may not ask for it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailcase.life.acts import customer, people, progress, tasks, words, work
from mailcase.life.acts.organization import organization
from mailcase.life.asked import Asked
from mailcase.life.case_state import Task
from mailcase.life.changes import Changes, File
from mailcase.life.customers import Customer
from mailcase.life.refused import Refused
from tests.builders import NOW
from tests.life_kit import (
    ANN,
    BEN,
    CALLS,
    ERIN,
    EVA,
    OFF,
    OPEN_TASK,
    OPERATOR,
    TEXT_FILE,
    agent,
    life_policy,
    make_asked,
)

HOUR_AGO = NOW - timedelta(hours=1)

REFUSED: list[tuple[Callable[[Asked], object], dict[str, Any], str]] = [
    (lambda asked: progress.suspend(asked, " "), {}, "the reason is empty"),
    (lambda asked: progress.suspend(asked, "x" * 256), {}, "256 characters, at most 255"),
    (lambda asked: progress.resolve(asked, ""), {}, "the solution is empty"),
    (lambda asked: progress.resolve(asked, "Done."), {"tasks": (OPEN_TASK,)}, "open tasks (5 Order a roller)"),
    (lambda asked: progress.resolve(asked, "Done.", tasks="drop"), {"tasks": (OPEN_TASK,)}, "finish, cancel, leave"),
    (lambda asked: progress.wait(asked, "x" * 20_001), {}, "20,001 characters, at most 20,000"),
    (progress.undo_cancel, {"status": "Canceled", "status_before": "Gone"}, "Gone, which it was, is no status"),
    (lambda asked: work.assign(asked), {}, "to whom?"),
    (lambda asked: work.assign(asked, agent="nobody@x.example"), {}, "nobody@x.example is no agent"),
    (lambda asked: work.assign(asked, agent=OFF), {}, f"{OFF} is disabled"),
    (lambda asked: work.assign(asked, group="Third line"), {}, "there are First line, Second line"),
    (lambda asked: work.assign(asked, agent=EVA, group="First line"), {}, f"{EVA} is not in group First line"),
    (lambda asked: work.assign(asked, agent=ANN), {"assignee": ANN}, "is assigned so already"),
    (lambda asked: work.assign(asked, agent=""), {}, "assignee nobody, group none"),
    (lambda asked: work.transfer(asked, "", agent=EVA), {}, "the reason is empty"),
    (lambda asked: work.transfer(asked, "why"), {}, "to whom?"),
    (lambda asked: work.escalate(asked, 10), {}, "there is no support level 10"),
    (lambda asked: work.escalate(asked), {"support_level": 9}, "there is no support level 10"),
    (lambda asked: work.escalate(asked, 2), {"support_level": 2}, "the support level is 2 already"),
    (lambda asked: work.reclassify(asked, "Gossip"), {}, "there is no enabled category Gossip"),
    (lambda asked: work.reclassify(asked, "incident"), {}, "the category is Incident already"),
    (customer.contact, {}, "whose is it to be?"),
    (
        lambda asked: customer.contact(replace(asked, whose=(ERIN, ERIN))),
        {},
        f"SR-12 is a case of {ERIN.address} already",
    ),
    (lambda asked: customer.contact(replace(asked, whose=(ERIN, Customer(None, None)))), {}, "would be nobody's"),
    (CALLS["contact"], {"status": "Closed"}, "SR-12 is Closed: contact is not possible"),
    (CALLS["contact"], {"merged_into": 9, "merged_number": "SR-9"}, "SR-12 was merged into SR-9: contact is not"),
    (lambda asked: work.priority(asked, "urgent"), {}, "there are Low, Medium, High, Critical"),
    (lambda asked: work.expect(asked, HOUR_AGO), {}, "is in the past"),
    (lambda asked: work.expect(asked, None), {}, "SR-12 has no expected completion as it is"),
    (lambda asked: work.escalate(asked, 0), {}, "SR-12 has no support level as it is"),
    (lambda asked: progress.resolve(asked, "Done.", tasks="drop"), {}, "finish, cancel, leave"),
    (lambda asked: progress.close(asked, tasks="drop"), {}, "finish, cancel, leave"),
    (CALLS["suspend"], {"status": "Waiting for response"}, "suspend is not possible (it is so already)"),
    (CALLS["start"], {"status": "In progress"}, "start is not possible (it is so already)"),
    (CALLS["unfollow"], {}, "unfollow is not possible (nobody follows it)"),
    (CALLS["undo-cancel"], {"status": "Canceled"}, "undo-cancel is not possible (no act has canceled it)"),
    (lambda asked: words.reply(asked, "Hm", cc=("Support@helpdesk.example",)), {}, "is an address of our own"),
    (lambda asked: words.reply(asked, "Hm", cc=("Support+c1@helpdesk.example",)), {}, "is an address of our own"),
    (lambda asked: words.reply(asked, "\n"), {}, "the reply is empty"),
    (lambda asked: words.note(asked, ""), {}, "the note is empty"),
    (lambda asked: words.note(asked, "x" * 20_001), {}, "at most 20,000"),
    (lambda asked: words.note(asked, "caf\udce9"), {}, "the note cannot be read: character 4 is no UTF-8"),
    (lambda asked: words.comment(asked, "a\0b"), {}, "the comment cannot be read: character 2 is a NUL"),
    (lambda asked: words.urge(asked, "\ud800"), {"assignee": ANN}, "the text cannot be read: character 1 is no UTF-8"),
    (lambda asked: progress.close(asked, "caf\udce9"), {}, "the reason cannot be read"),
    (lambda asked: tasks.add_task(asked, "\0"), {}, "the title cannot be read"),
    (lambda asked: words.reply(asked, "x", cc=("bob@x.example",) * 21), {}, "goes to 20 beside the customer at most"),
    (lambda asked: words.attach(asked, ()), {}, "no file"),
    (lambda asked: words.attach(asked, (File("a.exe", "", b"x"),)), {}, "a.exe is not taken: its type is not among"),
    (
        lambda asked: words.reply(asked, "x", (File("a.txt", "", b"x" * 1001),)),
        {},
        "larger than [attachments]",
    ),
    (lambda asked: words.attach(asked, (TEXT_FILE,) * 3), {}, "max_count is 2"),
    (lambda asked: words.attach(asked, (File("a.txt", "", b"x" * 800),) * 2), {}, "max_total"),
    (lambda asked: people.follow(asked), {"followers": frozenset({ANN})}, f"{ANN} follows SR-12 already"),
    (lambda asked: people.follow(asked, OFF), {}, "is disabled"),
    (lambda asked: people.unfollow(asked, ANN), {"followers": frozenset({BEN})}, "does not follow"),
    (lambda asked: tasks.add_task(asked, " "), {}, "the title is empty"),
    (lambda asked: tasks.add_task(asked, "x", due_at=HOUR_AGO), {}, "the due date"),
    (lambda asked: tasks.add_task(asked, "x", OFF), {}, "is disabled"),
    (lambda asked: tasks.finish_task(asked, 6), {"tasks": (OPEN_TASK,)}, "has no task 6; its tasks are 5"),
]


@pytest.mark.parametrize(("act", "case", "said"), REFUSED)
def test_what_an_act_refuses(act: Callable[[Asked], object], case: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        act(make_asked(case=case))
    assert said in str(refused.value)


def test_words_are_clean_as_those_of_a_mail() -> None:
    (note,) = words.note(make_asked(), "one\r\ntwo \x1b[31mred\x07\n").events
    assert note.data == {"text": "one\ntwo [31mred"}


def test_an_ended_task_ends_once() -> None:
    ended = {"tasks": (Task(5, "Order", "finished"),)}
    with pytest.raises(Refused, match="is finished already"):
        tasks.finish_task(make_asked(case=ended), 5)


@pytest.mark.parametrize("act", ["start", "follow"])
def test_the_operator_is_nobody_a_case_can_be_given_to(act: str) -> None:
    with pytest.raises(Refused, match="needs an agent"):
        CALLS[act](make_asked(by=OPERATOR))


@pytest.mark.parametrize("act", [name for name in CALLS if name not in ("start", "follow")])
def test_the_operator_does_what_needs_no_agent(act: str) -> None:
    status = {"resume": "Waiting for response", "undo-cancel": "Canceled", "restart": "Closed"}.get(act, "New")
    case: dict[str, Any] = {"status_before": "New", "assignee": ANN, "followers": frozenset({BEN})}
    case |= {"tasks": (OPEN_TASK,)} if act.startswith("task") else {}
    assert isinstance(CALLS[act](make_asked(status, by=OPERATOR, case=case)), Changes)


@pytest.mark.parametrize("act", CALLS)
def test_who_is_disabled_does_nothing(act: str) -> None:
    with pytest.raises(Refused, match=f"{OFF} is disabled"):
        CALLS[act](make_asked(by=agent(OFF)))


@pytest.mark.parametrize(
    ("who", "organization", "may"),
    [
        (ANN, "", True), (ANN, "North", False),  # Ann has none: those without one are hers
        (BEN, "North", True), (BEN, "South", False), (BEN, "", False),
        (EVA, "South", True),  # an admin
    ],
)  # fmt: skip
def test_agents_act_on_cases_of_their_organizations(who: str, organization: str, may: bool) -> None:
    case, policy = {"organization": organization}, life_policy(isolate=True)
    for isolate in (policy, life_policy()):
        asked = make_asked(by=agent(who), case=case, policy=isolate)
        if may or isolate is not policy:
            assert CALLS["note"](asked).events
        else:
            with pytest.raises(Refused, match="there is no case SR-12"):
                CALLS["note"](asked)


def test_nobody_is_given_a_case_of_an_organization_that_he_does_not_have() -> None:
    apart = make_asked(by=OPERATOR, case={"organization": "South"}, policy=life_policy(isolate=True))
    with pytest.raises(Refused, match="does not have organization South"):
        work.assign(apart, agent=BEN)
    with pytest.raises(Refused, match="does not have organization South"):
        people.follow(apart, BEN)


def test_no_case_goes_to_a_group_of_which_nobody_may_see_it() -> None:
    apart = make_asked(by=OPERATOR, case={"organization": "South"}, policy=life_policy(isolate=True))
    for give in (work.assign, lambda asked, group: work.transfer(asked, "not ours", group=group)):
        with pytest.raises(Refused, match="nobody of group First line has organization South"):
            give(apart, group="First line")
    north = make_asked(by=OPERATOR, case={"organization": "North"}, policy=life_policy(isolate=True))
    assert work.assign(north, group="First line").values["assignee_group"] == "First line"  # Ben's
    assert work.assign(make_asked(case={"organization": "South"}), group="First line").events


def test_a_disabled_category_is_given_to_no_case() -> None:
    policy = life_policy(categories=({"name": "Request", "enabled": False},))
    with pytest.raises(Refused, match="there is no enabled category Request; there are Incident, Question, Complaint"):
        CALLS["reclassify"](make_asked(policy=policy))


@pytest.mark.parametrize(
    ("who", "to", "said"),
    [
        (agent(ANN), "North", f"organization is for admins, and {ANN} is none"),
        (agent(EVA), "East", "there is no organization East; there are North, South"),
        (OPERATOR, "south", "SR-12 belongs to South already"),
    ],
)
def test_an_organization_is_given_by_admins(who: Any, to: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        organization(make_asked(by=who, case={"organization": "South"}), to)


@pytest.mark.parametrize("case", [{"status": "Closed"}, {"merged_into": 9, "status": "Closed"}, {"junk": True}])
def test_an_organization_is_given_whatever_became_of_the_case(case: dict[str, Any]) -> None:
    done = organization(make_asked(by=agent(EVA), case={**case, "organization": "South"}), "")
    assert (done.values, done.happened, done.warning) == ({"organization": ""}, (), "")


@pytest.mark.parametrize(
    ("case", "to", "said"),
    [
        ({"assignee": ANN}, "North", f"seen by its assignee {ANN}: `mailcase case assign SR-12 --to ADDRESS` gives"),
        (
            {"assignee": BEN, "assignee_group": "First line"},
            "South",
            f"seen by its assignee {BEN} and anybody of group First line: `mailcase case assign SR-12",
        ),
        ({"assignee": BEN, "organization": "North"}, "", "SR-12 belongs to no organization now"),
        ({"assignee_group": "First line"}, "South", '`mailcase agent edit ADDRESS --add-organization "South"` lets'),
        ({"assignee": BEN, "assignee_group": "First line"}, "North", ""),
        ({"assignee": EVA}, "South", ""),
        ({"assignee": ANN, "status": "Closed"}, "North", ""),
        ({}, "South", ""),
    ],
)
def test_who_hides_a_case_from_those_who_have_it_is_warned(case: dict[str, Any], to: str, said: str) -> None:
    done = organization(make_asked(by=OPERATOR, case=case, policy=life_policy(isolate=True)), to)
    assert said in done.warning
    assert bool(done.warning) == bool(said)
    assert organization(make_asked(by=OPERATOR, case=case), to).warning == ""
