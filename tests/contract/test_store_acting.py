"""Acts in the store: each one transaction with its columns, its history and its mails, on both databases."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailcase.desk import cases
from mailcase.errors import Permanent
from mailcase.life.case_state import Actor
from mailcase.life.changes import File
from mailcase.life.refused import Refused
from mailcase.store import tables as t
from mailcase.store.life.acting import Done
from mailcase.store.store import Store
from tests.builders import CUSTOMER, NOW, make_mailbox
from tests.contract.acting_kit import ROOT, Office, letter
from tests.life_kit import ANN, BEN, EVA, life_policy, make_agent

PICTURE = File("notes.txt", "text/plain", b"what was seen")
HOUR = timedelta(hours=1)


@pytest.fixture
def office(store: Store) -> Office:
    """Agents, and SR-1 of a customer's mail."""
    made = Office(store)
    made.hire()
    (settled,) = made.receive(letter("a", subject="Printer jams", text="It jams."))
    assert settled.case == "SR-1", settled
    return made


def test_start_makes_the_agent_the_assignee_and_tells_the_customer(office: Office) -> None:
    before = office.row().version
    done = cases.start(office.desk, "SR-1", office.ann())
    assert (done.number, done.status, done.assignee, done.events) == (
        "SR-1",
        "In progress",
        ANN,
        ("status", "assigned"),
    )
    assert [(one.to, one.audience, one.state) for one in done.told] == [(CUSTOMER, "customer", "pending")]
    row = office.row()
    assert (row.status, row.assignee, row.version, row.updated_at) == ("In progress", ANN, before + 1, NOW)
    assert [one["actor"] for one in office.case()["events"]][-2:] == [ANN, ANN]
    assert ("in_progress", CUSTOMER, "pending") in office.mails()


def test_what_is_refused_leaves_no_trace(office: Office) -> None:
    before = office.row(), office.case(), office.mails()
    desk, ann = office.desk, office.ann()
    with pytest.raises(Refused):
        cases.resume(desk, "SR-1", ann)
    with pytest.raises(Refused):
        cases.attach(desk, "SR-1", ann, (File("a.exe", "", b"x"),))
    with pytest.raises(Permanent):
        cases.reply(desk, "SR-1", ann, "Hello", (PICTURE,), cc=("not an address",))
    assert (office.row(), office.case(), office.mails()) == before
    assert office.rows(t.case_file) == []
    with pytest.raises(Permanent, match="there is no case SR-9"):
        cases.note(office.desk, "SR-9", ROOT, "x")


def test_a_whole_life(office: Office) -> None:
    desk, ann = office.desk, office.ann()
    cases.start(desk, "SR-1", ann)
    cases.wait(desk, "SR-1", ann, "Which model?")
    office.now = NOW + HOUR
    cases.resume(desk, "SR-1", ann)
    cases.suspend(desk, "SR-1", ann, "the part is ordered")
    cases.resume(desk, "SR-1", ann)
    cases.resolve(desk, "SR-1", ann, "A new roller.", "https://wiki.example/rollers")
    row = office.row()
    assert (row.status, row.resolved_at, row.solution) == ("Resolved", NOW + HOUR, "A new roller.")
    assert row.article == "https://wiki.example/rollers"
    cases.close(desk, "SR-1", ROOT, "solved")
    row = office.row()
    assert (row.status, row.closing_reason, row.closed_at) == ("Closed", "solved", NOW + HOUR)
    cases.restart(desk, "SR-1", ROOT)
    row = office.row()
    assert (row.status, row.closing_reason, row.closed_at, row.resolved_at) == ("Reopened", "", None, None)
    cases.cancel(desk, "SR-1", ann)
    assert (office.row().status, office.row().status_before) == ("Canceled", "Reopened")
    cases.undo_cancel(desk, "SR-1", ann)
    assert (office.row().status, office.row().status_before, office.row().closed_at) == ("Reopened", "", None)
    waited = [one["data"].get("waited_s") for one in office.case()["events"] if one["event"] == "status"]
    assert waited == [None, None, 3600, None, 0, None, None, None, None, None]
    kinds = [kind for kind, _, _ in office.mails()]
    assert kinds == ["registration", "in_progress", "waiting", "resolved", "closed", "restarted", "canceled"]


def test_filing_and_assigning(office: Office) -> None:
    desk = office.desk
    cases.assign(desk, "SR-1", ROOT, BEN.upper(), "First line")
    cases.escalate(desk, "SR-1", ROOT)
    cases.reclassify(desk, "SR-1", ROOT, "request")
    cases.priority(desk, "SR-1", ROOT, "critical")
    cases.expect(desk, "SR-1", ROOT, NOW + HOUR)
    row = office.row()
    assert (row.assignee, row.assignee_group, row.support_level) == (BEN, "First line", 1)
    assert (row.category, row.priority, row.expected_at) == ("Request", "Critical", NOW + HOUR)
    told = cases.transfer(desk, "SR-1", ROOT, "not ours", group="First line").told
    assert office.row().assignee == ""
    assert {one.audience for one in told} == {"agent"}
    cases.expect(desk, "SR-1", ROOT, None)
    assert office.row().expected_at is None


def test_a_reply_is_a_mail_of_the_case_with_its_files(office: Office) -> None:
    done = cases.reply(office.desk, "SR-1", office.ann(), "Switch it off.", (PICTURE,), ("boss@visitor.example",))
    assert done.events == ("replied",)
    assert [one.to for one in done.told] == [CUSTOMER, "boss@visitor.example"]
    (event,) = [one for one in office.case()["events"] if one["event"] == "replied"]
    (message,) = office.rows(t.message, t.message.c.id == event["data"]["message"])
    assert (message.direction, message.automatic) == ("out", False)
    assert "Switch it off." in message.text
    (file,) = office.rows(t.case_file)
    assert (file.name, file.type, file.size, file.message_pk, file.by) == (
        "notes.txt", "text/plain", 13, message.id, ANN,
    )  # fmt: skip
    assert office.store.raw(file.sha256) == PICTURE.content
    assert office.row().first_response_at == NOW
    office.now = NOW + HOUR
    cases.reply(office.desk, "SR-1", ROOT, "And on again.")
    assert office.row().first_response_at == NOW
    answer = replace(letter("b", subject="Re: Printer"), in_reply_to=(message.message_id,))
    (settled,) = office.receive(answer)
    assert (settled.outcome, settled.case) == ("linked", "SR-1")


@pytest.mark.parametrize("template", ["assigned", "kept_as_note", "resolved", "registration", "nope"])
def test_a_reply_is_no_notice(office: Office, template: str) -> None:
    before = office.mails()
    with pytest.raises(Refused, match=f"template {template} is .*there are reply"):
        cases.reply(office.desk, "SR-1", ROOT, "Switch it off.", template=template)
    assert (office.mails(), office.row().version, office.row().first_response_at) == (before, 1, None)


def test_files_lie_where_raw_mail_lies(url: str, tmp_path: Any) -> None:
    store = Store.open(url, tmp_path, raw="file:raw/")
    try:
        office = Office(store)
        office.hire()
        office.receive(letter("a"))
        cases.attach(office.desk, "SR-1", ROOT, (PICTURE, replace(PICTURE, name="again.txt")))
        files = office.rows(t.case_file)
        assert [one.name for one in files] == ["notes.txt", "again.txt"]
        assert store.raw(files[0].sha256) == PICTURE.content
        (kept,) = office.rows(t.raw, t.raw.c.sha256 == files[0].sha256)
        assert (kept.location != "", kept.content) == (True, None)
    finally:
        store.close()


def test_words_followers_and_tasks(office: Office) -> None:
    desk, ann = office.desk, office.ann()
    cases.note(desk, "SR-1", ann, "called")
    cases.comment(desk, "SR-1", ann, "who knows it?")
    cases.follow(desk, "SR-1", ann)
    cases.follow(desk, "SR-1", ROOT, BEN)
    cases.unfollow(desk, "SR-1", ann)
    assert [one.key for one in office.rows(t.case_follower)] == [BEN]
    assert [one.to for one in cases.comment(desk, "SR-1", ann, "nobody?").told] == [BEN]
    added = cases.add_task(desk, "SR-1", ann, "Order a roller", BEN, NOW + HOUR)
    assert [(one.to, one.audience) for one in added.told] == [(BEN, "agent")]
    told = office.rows(t.outbox)[-1]
    assert ("Order a roller" in told.text, "2026-11-03 10:15 UTC" in told.text, told.kind) == (True, True, "task")
    assert cases.add_task(desk, "SR-1", office.desk.agent(BEN), "Call him", BEN).told == ()
    other = cases.add_task(desk, "SR-1", ann, "Tell the boss")
    assert added.task is not None
    assert added.task != other.task
    with pytest.raises(Refused, match="open tasks"):
        cases.resolve(desk, "SR-1", ann, "Done.")
    cases.finish_task(desk, "SR-1", ann, added.task, "came by post")
    assert cases.resolve(desk, "SR-1", ann, "Done.", tasks="cancel").events[1:] == ("task_cancelled",) * 2
    states = [(one.state, one.result, one.ended_by) for one in office.rows(t.case_task)]
    assert states == [("finished", "came by post", ANN), ("cancelled", "", ANN), ("cancelled", "", ANN)]
    assert office.events()[1:] == [
        "note", "comment", "followed", "followed", "unfollowed", "comment", "task_created",
        "task_created", "task_created", "task_finished", "status", "task_cancelled", "task_cancelled",
    ]  # fmt: skip


def test_urging_is_a_mail_to_the_assignee(office: Office) -> None:
    cases.assign(office.desk, "SR-1", ROOT, BEN)
    done = cases.urge(office.desk, "SR-1", office.ann(), "a week!")
    assert [(one.to, one.audience) for one in done.told] == [(BEN, "agent")]


def test_who_follows_is_told_of_acts_once_and_not_of_his_own(office: Office) -> None:
    desk, ann = office.desk, office.ann()
    for key in (ANN, BEN, EVA):
        cases.follow(desk, "SR-1", ROOT, key)

    def told(done: Done) -> list[str]:
        return sorted(one.to for one in done.told if one.audience == "agent")

    assert told(cases.start(desk, "SR-1", ann)) == [BEN, EVA]
    assert told(cases.assign(desk, "SR-1", ann, BEN)) == [BEN, EVA]
    assert told(cases.suspend(desk, "SR-1", ann, "a part is ordered")) == [BEN, EVA]
    assert office.rows(t.outbox)[-1].subject == "[SR-1] Waiting for response (suspended): Printer jams"
    assert told(cases.urge(desk, "SR-1", ann, "a week!")) == [BEN, EVA]
    assert told(cases.note(desk, "SR-1", ann, "x")) == []
    assert told(cases.close(desk, "SR-1", ROOT)) == [ANN, BEN, EVA]
    assert told(cases.restart(desk, "SR-1", ROOT)) == [ANN, BEN, EVA]
    kinds = [(kind, to) for kind, to, _ in office.mails() if to == BEN]
    assert kinds == [(one, BEN) for one in ("followed_case", "assigned", "followed_case", "urge", "followed_case",
                                            "restarted")]  # fmt: skip


def test_who_was_disabled_meanwhile_does_nothing(office: Office) -> None:
    ann = office.ann()
    gone = Actor("gone@helpdesk.example", make_agent("gone@helpdesk.example"))
    with pytest.raises(Refused, match="is no agent"):
        cases.note(office.desk, "SR-1", gone, "x")
    with office.store._engines.write() as conn:
        conn.execute(t.agent.update().where(t.agent.c.key == ANN).values(active=False))
    with pytest.raises(Refused, match="is disabled"):
        cases.note(office.desk, "SR-1", ann, "x")
    with pytest.raises(Refused, match="is disabled"):
        office.ann()
    with pytest.raises(Refused, match="is no agent"):
        office.desk.agent("nobody@x.example")


def test_organizations_are_kept_apart(store: Store) -> None:
    boxes = {"support": make_mailbox(organization="North")}
    office = Office(store, life_policy(isolate=True, mailboxes=boxes))
    office.hire()
    office.receive(letter("a"))
    with pytest.raises(Refused, match="there is no case SR-1"):
        cases.start(office.desk, "SR-1", office.ann())
    assert cases.start(office.desk, "SR-1", office.desk.agent(EVA)).assignee == EVA


def test_a_case_that_was_set_by_hand_has_its_time_too(office: Office) -> None:
    office.store.set_case("SR-1", NOW, "root", status="Waiting for response")
    office.now = NOW + HOUR
    cases.resume(office.desk, "SR-1", ROOT)
    assert office.case()["events"][-1]["data"]["waited_s"] == 3600


def test_a_mail_ends_the_waiting_and_takes_back_that_it_was_resolved(office: Office) -> None:
    cases.wait(office.desk, "SR-1", ROOT)
    office.now = NOW + HOUR
    office.receive(letter("b", "a"))
    office.now = NOW + 2 * HOUR
    cases.assign(office.desk, "SR-1", ROOT, BEN)
    cases.resolve(office.desk, "SR-1", ROOT, "Done.", "https://kb.example/9")
    (settled,) = office.receive(letter("c", "a"))
    row = office.row()
    assert (settled.outcome, row.resolved_at, row.solution, row.article) == ("reopened", None, "", "")
    reopened = [one["data"] for one in office.case()["events"] if one["event"] == "reopened"]
    assert [(one["from"], one.get("waited_s")) for one in reopened] == [
        ("Waiting for response", 3600), ("Resolved", None),
    ]  # fmt: skip
    assert [(one["assignee_cleared"], one.get("from_assignee")) for one in reopened] == [(False, None), (True, BEN)]
