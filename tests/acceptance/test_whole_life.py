"""A case's whole life by mail, against a real IMAP and SMTP server, the daemon running beside the agents' commands."""

from typing import Any

import pytest

from tests.servers.desk import open_desk as open_desk
from tests.servers.letters import DESK
from tests.servers.life import ANNA, BOB, CHIEF, ERIN, GROUP, Life, text_of
from tests.servers.life import life as life

pytestmark = pytest.mark.dovecot


def state(case: dict[str, Any]) -> tuple[str, str, str]:
    return case["status"], case["assignee"], case["assignee_group"]


def test_the_life_of_a_case(life: Life) -> None:
    number = opened(life)
    reply = worked_on(life, number)
    reopened_by_an_answer(life, number, reply)
    resolved_in_vain(life, number)
    follower = closed_and_followed(life, number)
    merged_and_split(life, follower)
    nothing_twice(life)


def opened(life: Life) -> str:
    """The first mail: acknowledged once, and one mail To the whole group (L2)."""
    first = life.arrives("first", subject="Printer on floor 3 jams", body="It shows error 17.")
    assert first["outcome"] == "created"
    ack, told = life.gets("registration", "group")
    assert (ack["To"], ack["In-Reply-To"]) == (ERIN, "<first@visitor.example>")
    assert {ANNA, BOB} <= {one.addr_spec for one in told["To"].addresses}
    assert "error 17" in text_of(told)
    assert state(life.case(first["case"])) == ("New", "", GROUP)
    return str(first["case"])


def worked_on(life: Life, number: str) -> str:
    """Assigned, started, answered, waiting; the Message-ID of the agent's reply."""
    life.act("assign", number, "--to", ANNA, by=CHIEF)
    (told,) = life.gets("assigned")
    assert told["To"].addresses[0].addr_spec == ANNA
    assert state(life.act("start", number, by=ANNA)) == ("In progress", ANNA, GROUP)
    (started,) = life.gets("in_progress")
    assert (started["To"], started["Auto-Submitted"]) == (ERIN, "auto-generated")
    life.act("reply", number, "Is the paper thicker than 90 g?", by=ANNA)
    (reply,) = life.gets("reply")
    assert (reply["In-Reply-To"], reply["Auto-Submitted"]) == ("<first@visitor.example>", None)
    assert "thicker than 90 g" in text_of(reply)
    assert life.case(number)["first_response_at"] is not None
    life.act("note", number, "Third time this month.", by=ANNA)
    life.act("wait", number, "--text", "Please look at the packet.", by=ANNA)
    (asked,) = life.gets("waiting")
    assert "look at the packet" in text_of(asked)
    assert "Third time" not in text_of(asked)
    return str(reply["Message-ID"])


def reopened_by_an_answer(life: Life, number: str, reply: str) -> None:
    """The customer's answer reopens; nobody is assigned any more, so that the group is told (B9)."""
    answer = life.arrives("answer", reply, subject="Re: Printer on floor 3 jams", body="It says 120 g.")
    assert (answer["outcome"], answer["case"]) == ("reopened", number)
    (told,) = life.gets("customer_replied")
    assert {ANNA, BOB} <= {one.addr_spec for one in told["To"].addresses}
    assert state(life.case(number)) == ("Reopened", "", GROUP)


def resolved_in_vain(life: Life, number: str) -> None:
    """Resolved; the customer says that it is not; resolved again."""
    life.act("start", number, by=BOB)
    life.act("resolve", number, "--solution", "Use paper of 80 g.", by=BOB)
    _, resolved = life.gets("in_progress", "resolved")
    assert "Use paper of 80 g." in text_of(resolved)
    not_solved = life.arrives("not-solved", str(resolved["Message-ID"]), body="It jams with 80 g, too.")
    assert not_solved["outcome"] == "reopened"
    life.gets("customer_replied")
    assert state(life.case(number)) == ("Reopened", "", GROUP)
    by_mail(life, number)
    life.act("resolve", number, "--solution", "The roller was changed.", by=ANNA)
    life.gets("resolved")


def by_mail(life: Life, number: str) -> None:
    """An agent answers the notice by mail: his words go to the customer, `#start` makes the case his."""
    notice = life.desk.outbox()[-1]
    assert notice["kind"] == "customer_replied"
    body = "#start\n\nSomebody comes and changes the roller.\n\n> It jams with 80 g, too."
    mine = life.arrives("anna", notice["message_id"], sender=ANNA, body=body, subject="Re: customer")
    assert (mine["outcome"], mine["reason"], mine["case"]) == ("linked", "agent_mail", number)
    reply, _ = life.gets("reply", "in_progress")
    assert (reply["To"].addresses[0].addr_spec, reply["In-Reply-To"]) == (ERIN, "<not-solved@visitor.example>")
    said = text_of(reply)
    assert "changes the roller" in said
    assert "#start" not in said
    assert state(life.case(number))[:2] == ("In progress", ANNA)


def closed_and_followed(life: Life, number: str) -> str:
    """Closed; a late reply makes the case that follows it, shown in both."""
    closed = life.act("close", number, by=ANNA)
    (told,) = life.gets("closed")
    assert closed["kind"] == "final"
    late = life.arrives("late", str(told["Message-ID"]), body="Now the scanner is broken.")
    assert late["outcome"] == "followed"
    life.gets("followed", "group")
    assert {number, late["case"]} == set(late["cases"])
    return str(late["case"])


def merged_and_split(life: Life, number: str) -> None:
    """Another mail about the same is merged into it; a mail of it becomes a case of its own."""
    other = life.arrives("other", subject="Scanner", body="The scanner on floor 3 is broken, too.")
    ack, _ = life.gets("registration", "group")
    merged = life.act("merge", other["case"], "--into", number, by=CHIEF)
    assert merged["merged_into"] == number
    later = life.arrives("later", str(ack["Message-ID"]), body="And the lamp blinks.")
    assert (later["outcome"], later["case"]) == ("linked", number)
    life.gets("customer_replied")
    known = {one["number"] for one in life.desk.cases()}
    life.act("split", number, "--message", str(later["id"]), "--title", "The lamp blinks", by=CHIEF)
    (made,) = {one["number"] for one in life.desk.cases()} - known
    life.gets("group")
    split = life.case(made)
    assert (split["title"], len(split["messages"])) == ("The lamp blinks", 2)  # the mail, and the notice to the group
    assert {number, made} <= set(life.desk.json("message", "show", str(later["id"]))["cases"])


def nothing_twice(life: Life) -> None:
    """Each mail left once, nothing is left over, and the mailbox and the store agree."""
    sent = [one.data.split(b"\r\n\r\n")[0] for one in life.desk.sink.mails]
    assert len(sent) == len(set(sent))
    assert set(life.desk.states()) == {"sent"}
    assert {one["from"].rpartition("<")[2].rstrip(">") for one in life.desk.deliveries()} == {ERIN, ANNA}
    assert all(DESK in one["to"] for one in life.desk.deliveries())
    assert life.desk.call("audit", "support").returncode == 0
