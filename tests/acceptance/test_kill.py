"""Killed with SIGKILL anywhere in a message's life, nothing is lost and nothing is doubled (P1-P3, F1-F10)."""

import signal

import pytest

from tests.servers.desk import Desk, OpenDesk
from tests.servers.letters import letter

pytestmark = pytest.mark.dovecot

MAILS = 4
INTAKE = ["after_fetch", "after_journal", "before_commit", "after_commit", "before_mark", "after_mark"]


def open_and_fill(open_desk: OpenDesk) -> Desk:
    desk = open_desk(after="move:Done")
    assert desk.once() == 0
    for number in range(MAILS):
        desk.put(letter(number))
    return desk


def every_mail_is_one_case(desk: Desk) -> None:
    outcomes = desk.outcomes()
    assert {outcome[0] for outcome in outcomes.values()} == {"created"}
    assert len(outcomes) == len(desk.deliveries()) == len(desk.cases()) == MAILS
    assert len(desk.dovecot.mails("user", "Done")) == MAILS
    assert not desk.dovecot.mails("user")


@pytest.mark.parametrize("point", INTAKE)
def test_killed_while_taking_mail_in(open_desk: OpenDesk, point: str) -> None:
    desk = open_and_fill(open_desk)
    assert desk.once(fault=point) == -signal.SIGKILL
    assert desk.once() == 0
    every_mail_is_one_case(desk)
    assert sorted(desk.sink.to) == [f"c{number}@visitor.example" for number in range(MAILS)]


@pytest.mark.parametrize(
    ("point", "left", "state"), [("outbox_claimed", 0, "uncertain"), ("after_data", 1, "uncertain")]
)
def test_killed_while_sending_an_answer_is_not_repeated(open_desk: OpenDesk, point: str, left: int, state: str) -> None:
    desk = open_and_fill(open_desk)
    assert desk.once(fault=point) == -signal.SIGKILL
    assert len(desk.sink.mails) == left
    assert desk.once() == 0
    every_mail_is_one_case(desk)
    assert desk.states() == {state: 1, "sent": MAILS - 1}
    assert max(desk.sink.to.count(one) for one in desk.sink.to) == 1
    assert len(desk.sink.mails) == MAILS - 1 + left


def test_killed_in_data_the_answer_is_uncertain_and_not_repeated(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.once()
    desk.put(letter(1, sender="slow@visitor.example"))
    daemon = desk.run()
    assert desk.sink.waiting.wait(timeout=60)
    daemon.kill()
    daemon.wait()
    desk.sink.go_on.set()
    assert desk.once() == 0
    assert desk.states() == {"uncertain": 1}
    assert desk.sink.to.count("slow@visitor.example") == 1


def test_a_mail_that_kills_the_process_three_times_is_shunted(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.once()
    desk.put(letter(1))
    for _ in range(3):
        assert desk.once(fault="before_commit") == -signal.SIGKILL
    desk.put(letter(2))
    assert desk.once() == 0
    assert [one["outcome"] for one in desk.deliveries()] == ["quarantined", "created"]
    (waiting,) = desk.json("quarantine", "list")
    assert "3 times" in waiting["error"]
    desk.json("quarantine", "retry", str(waiting["id"]))
    assert [one["outcome"] for one in desk.deliveries()] == ["created", "created"]
