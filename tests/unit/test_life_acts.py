"""What each act does to a case, to its history, and who is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailcase.cases.statuses import SHIPPED, Status, StatusKind, StatusTable
from mailcase.life.acts import customer, people, progress, tasks, words, work
from mailcase.life.asked import Asked
from mailcase.life.changes import (
    AddFollower,
    AddParticipant,
    AddTask,
    Changes,
    DropFollower,
    EndTask,
    File,
    PutFiles,
    SendReply,
)
from mailcase.life.happening import What
from mailcase.life.refused import Refused
from tests.builders import NOW
from tests.life_kit import (
    ANN,
    BEN,
    CALLS,
    ERIN,
    EVA,
    OFF,
    OMAR,
    OPEN_TASK,
    OPERATOR,
    TEXT_FILE,
    life_policy,
    make_asked,
)

HOUR_AGO = NOW - timedelta(hours=1)
GROUP = {"assignee_group": "First line"}
REASONED = tuple(
    Status(one.name, one.kind, one.role, closing_reason=f"{one.name}, as usual") for one in SHIPPED
)  # a default of each (L8)


def moved(act: str, before: str, after: str, **more: object) -> tuple[str, dict[str, object]]:
    return "status", {"from": before, "to": after, "act": act, **more}


def given(before: str, after: str, before_group: str = "", after_group: str = "", **more: object) -> Any:
    return "assigned", {"from": before, "to": after, "from_group": before_group, "to_group": after_group, **more}


#: (the act, the case, its columns, its history, what happened)
DONE: list[tuple[str | Callable[[Asked], Changes], dict[str, Any], dict[str, Any], list[Any], list[What]]] = [
    (
        "start", {}, {"status": "In progress", "assignee": ANN},
        [moved("start", "New", "In progress"), given("", ANN)], [What.IN_PROGRESS],
    ),
    (
        "start", {"assignee": ANN}, {"status": "In progress", "assignee": ANN},
        [moved("start", "New", "In progress")], [What.IN_PROGRESS],
    ),
    (
        "start", {"status": "Resolved", "resolved_at": NOW, "assignee": BEN},
        {"status": "In progress", "assignee": ANN, "resolved_at": None, "solution": "", "article": ""},
        [moved("start", "Resolved", "In progress"), given(BEN, ANN)], [What.IN_PROGRESS],
    ),
    (
        "start", {"status": "Waiting for response", "status_since": HOUR_AGO, "assignee": ANN},
        {"status": "In progress", "assignee": ANN},
        [moved("start", "Waiting for response", "In progress", waited_s=3600)], [What.IN_PROGRESS],
    ),
    (
        "wait", {}, {"status": "Waiting for response"},
        [moved("wait", "New", "Waiting for response", text="Which model?")], [What.WAITING],
    ),
    (
        "suspend", {}, {"status": "Waiting for response"},
        [moved("suspend", "New", "Waiting for response", text="the part is ordered")], [],
    ),
    (
        "resume", {"status": "Waiting for response", "status_since": HOUR_AGO}, {"status": "In progress"},
        [moved("resume", "Waiting for response", "In progress", waited_s=3600)], [],
    ),
    (
        "resolve", {}, {"status": "Resolved", "resolved_at": NOW, "solution": "A new roller.", "article": ""},
        [moved("resolve", "New", "Resolved", solution="A new roller.")], [What.RESOLVED],
    ),
    (
        "close", {}, {"status": "Closed", "closing_reason": "Closed, as usual", "closed_at": NOW},
        [moved("close", "New", "Closed")], [What.CLOSED],
    ),
    (
        lambda asked: progress.close(asked, " no\n answer "), {"status": "Resolved"},
        {"status": "Closed", "closing_reason": "no answer", "closed_at": NOW},
        [moved("close", "Resolved", "Closed", text="no answer")], [What.CLOSED],
    ),
    (
        "cancel", {"status": "In progress"},
        {
            "status": "Canceled", "closing_reason": "Canceled, as usual", "closed_at": NOW,
            "status_before": "In progress",
        },
        [moved("cancel", "In progress", "Canceled")], [What.CANCELED],
    ),
    (
        "undo-cancel", {"status": "Canceled", "status_before": "In progress", "assignee": BEN, "closed_at": NOW},
        {"status": "In progress", "status_before": "", "closing_reason": "", "closed_at": None},
        [moved("undo-cancel", "Canceled", "In progress", from_closed_at=NOW.isoformat())], [What.RESTARTED],
    ),
    (
        "undo-cancel", {"status": "Canceled", "status_before": "Resolved", "assignee": BEN},
        {"status": "Resolved", "status_before": "", "closing_reason": "", "closed_at": None},
        [moved("undo-cancel", "Canceled", "Resolved")], [],
    ),
    (
        "restart", {"status": "Closed", **GROUP},
        {
            "status": "Reopened", "closing_reason": "", "closed_at": None, "resolved_at": None, "status_before": "",
        },
        [moved("restart", "Closed", "Reopened")], [What.RESTARTED],
    ),
    (
        "restart",
        {"status": "Closed", "solution": "A roller.", "closing_reason": "Done", "resolved_at": HOUR_AGO,
         "closed_at": NOW},
        {"closing_reason": "", "closed_at": None, "resolved_at": None, "solution": "", "article": ""},
        [moved("restart", "Closed", "Reopened", from_reason="Done", from_resolved_at=HOUR_AGO.isoformat(),
               from_closed_at=NOW.isoformat())], [],
    ),
    ("restart", {"status": "Closed", "assignee": BEN}, {"status": "Reopened"}, [], [What.RESTARTED]),
    ("restart", {"status": "Resolved"}, {"status": "Reopened", "resolved_at": None}, [], []),
    ("assign", {}, {"assignee": EVA, "assignee_group": ""}, [given("", EVA)], [What.ASSIGNED]),
    ("assign", {"status": "Resolved"}, {"assignee": EVA}, [given("", EVA)], []),  # L2: an active case
    ("assign", {"status": "Waiting for response"}, {"assignee": EVA}, [given("", EVA)], []),
    (
        lambda asked: work.assign(asked, group="first LINE"), {}, {"assignee": "", "assignee_group": "First line"},
        [given("", "", "", "First line")], [What.GROUP_ASSIGNED],
    ),
    (
        lambda asked: work.assign(asked, group="Second line"), {"assignee": ANN, **GROUP},
        {"assignee": ANN, "assignee_group": "Second line"}, [given(ANN, ANN, "First line", "Second line")],
        [],  # she has it already
    ),
    (
        lambda asked: work.assign(asked, agent=""), {"assignee": ANN, **GROUP}, {"assignee": ""},
        [given(ANN, "", "First line", "First line")], [What.GROUP_ASSIGNED],
    ),
    (lambda asked: work.assign(asked, agent=""), {"assignee": ANN}, {"assignee": ""}, [given(ANN, "")], []),
    (
        lambda asked: work.assign(asked, agent=BEN, group="First line"), {},
        {"assignee": BEN, "assignee_group": "First line"}, [given("", BEN, "", "First line")], [What.ASSIGNED],
    ),
    (
        lambda asked: work.transfer(asked, "not ours", group="Second line"), {"assignee": ANN, **GROUP},
        {"assignee": "", "assignee_group": "Second line"},
        [given(ANN, "", "First line", "Second line", act="transfer", text="not ours")], [What.GROUP_ASSIGNED],
    ),
    ("transfer", {"assignee": ANN}, {"assignee": EVA}, [given(ANN, EVA, act="transfer", text="is his")],
     [What.ASSIGNED]),
    ("escalate", {}, {"support_level": 1}, [("escalated", {"from": 0, "to": 1})], []),
    (lambda asked: work.escalate(asked, 0), {"support_level": 2}, {"support_level": 0},
     [("escalated", {"from": 2, "to": 0})], []),
    ("reclassify", {}, {"category": "Request"}, [("category", {"from": "Incident", "to": "Request"})], []),
    ("priority", {}, {"priority": "High"}, [("priority", {"from": "Medium", "to": "High"})], []),
    ("expect", {}, {"expected_at": NOW}, [("expected", {"from": "", "to": NOW.isoformat()})], []),
    (lambda asked: work.expect(asked, None), {"expected_at": NOW}, {"expected_at": None},
     [("expected", {"from": NOW.isoformat(), "to": ""})], []),
    ("edit", {"title": "Printer"}, {"title": "Plotter"},
     [("edited", {"from_title": "Printer", "title": "Plotter"})], []),
    ("note", {}, {}, [("note", {"text": "called"})], []),
    ("comment", {}, {}, [("comment", {"text": "who knows this model?"})], [What.COMMENTED]),
    ("comment", {"status": "Closed"}, {}, [("comment", {"text": "who knows this model?"})], [What.COMMENTED]),
    ("contact", {}, {"contact_id": 8, "account_id": 3},
     [("contact", {"from": ERIN.address, "to": OMAR.address, "from_account": "", "to_account": "Visitor Ltd"})], []),
    (lambda asked: tasks.add_task(asked, "Order", BEN), {}, {}, [], [What.TASK_GIVEN]),
    (lambda asked: tasks.add_task(asked, "Order"), {"assignee": BEN}, {}, [], []),
    # an assignee who is disabled, or is no agent, cannot be told
    ("restart", {"status": "Closed", "assignee": OFF}, {"status": "Reopened"}, [], [What.RESTARTED]),
    ("restart", {"status": "Closed", "assignee": "gone@x.example", **GROUP}, {}, [], [What.RESTARTED]),
    ("undo-cancel", {"status": "Canceled", "status_before": "New", "assignee": OFF}, {}, [], [What.RESTARTED]),
    (lambda asked: work.assign(asked, group="First line"), {"assignee": OFF}, {"assignee": OFF}, [],
     [What.GROUP_ASSIGNED]),
    ("attach", {}, {}, [("file_attached", {"name": "notes.txt", "size": 5})], []),
    (lambda asked: words.urge(asked, "a week!"), {"assignee": BEN}, {}, [("urged", {"text": "a week!"})],
     [What.URGED]),
    ("urge", GROUP, {}, [("urged", {"text": ""})], [What.URGED]),
    ("follow", {}, {}, [("followed", {"agent": ANN})], []),
    ("unfollow", {"followers": frozenset({BEN})}, {}, [("unfollowed", {"agent": BEN})], []),
]  # fmt: skip


@pytest.mark.parametrize(("act", "case", "values", "events", "told"), DONE)
def test_what_an_act_does(act: Any, case: Any, values: Any, events: Any, told: Any) -> None:
    call = CALLS[act] if isinstance(act, str) else act
    asked = make_asked(case=case, policy=life_policy(statuses=StatusTable(REASONED)))
    done = call(asked)
    assert {**done.values, **values} == done.values
    assert [(one.event, dict(one.data)) for one in done.events][: len(events) or None] == events or not events
    assert list(done.happened) == told


def test_words_go_to_those_who_are_told() -> None:
    assert CALLS["wait"](make_asked()).text == "Which model?"
    assert CALLS["comment"](make_asked()).text == "who knows this model?"
    task = tasks.add_task(make_asked(), " Order\na roller", BEN, NOW)
    assert (task.text, task.given, task.due_at) == ("Order a roller", BEN, NOW)
    assert CALLS["resolve"](make_asked()).text == "A new roller."
    assert progress.cancel(make_asked(), "twice").text == "twice"
    assert progress.cancel(make_asked(), "twice").values["closing_reason"] == "twice"


def test_a_reply_is_a_deed_and_the_first_one_is_the_first_response() -> None:
    first = words.reply(make_asked(), " Hello. ", (TEXT_FILE,), ("boss@visitor.example",))
    assert first.values == {"first_response_at": NOW}
    assert first.deeds == (SendReply("Hello.", "reply", (TEXT_FILE,), ("boss@visitor.example",)),)
    assert words.reply(make_asked(case={"first_response_at": HOUR_AGO}), "Again.").values == {}


def test_deeds_of_followers_files_and_tasks() -> None:
    assert CALLS["follow"](make_asked()).deeds == (AddFollower(ANN),)
    assert people.follow(make_asked(by=OPERATOR), BEN).deeds == (AddFollower(BEN),)
    assert CALLS["unfollow"](make_asked(case={"followers": frozenset({BEN})})).deeds == (DropFollower(BEN),)
    same = File("../notes.txt", "text/plain", b"others")
    (put,) = words.attach(make_asked(), (TEXT_FILE, same)).deeds
    assert isinstance(put, PutFiles)
    assert [one.name for one in put.files] == ["notes.txt", "notes (2).txt"]
    assert CALLS["contact"](make_asked()).deeds == (AddParticipant(OMAR.key),)
    same_contact = replace(make_asked(), whose=(ERIN, replace(ERIN, account_id=3)))
    assert customer.contact(same_contact).deeds == ()
    assert tasks.add_task(make_asked(), "Order", BEN, NOW).deeds == (AddTask("Order", BEN, NOW),)
    task = {"tasks": (OPEN_TASK,)}
    assert tasks.finish_task(make_asked(case=task), 5, "came").deeds == (EndTask(5, "finished", "came"),)
    assert tasks.cancel_task(make_asked(case=task), 5).deeds == (EndTask(5, "cancelled", ""),)


@pytest.mark.parametrize(
    ("choice", "deeds"), [("finish", (EndTask(5, "finished"),)), ("cancel", (EndTask(5, "cancelled"),)), ("leave", ())]
)
@pytest.mark.parametrize("act", [lambda asked, choice: progress.resolve(asked, "Done.", tasks=choice),
                                 lambda asked, choice: progress.close(asked, tasks=choice),
                                 lambda asked, choice: progress.cancel(asked, tasks=choice)])  # fmt: skip
def test_open_tasks_end_as_was_chosen(act: Any, choice: str, deeds: Any) -> None:
    assert act(make_asked(case={"tasks": (OPEN_TASK,)}), choice).deeds == deeds


def test_a_case_is_suspended_into_any_paused_status() -> None:
    hold = Status("On hold", StatusKind.PAUSED)
    policy = life_policy(statuses=StatusTable.build((*SHIPPED, hold)))
    assert progress.suspend(make_asked(policy=policy), "why", "on hold").values["status"] == "On hold"
    waiting = make_asked("Waiting for response", policy=policy)
    assert progress.suspend(waiting, "why").values["status"] == "On hold"
    for wrong in ("Waiting for response", "Resolved", "nowhere"):
        with pytest.raises(Refused, match=r"possible is On hold|there is no paused status nowhere|Resolved is not"):
            progress.suspend(waiting, "why", wrong)
