"""The main job by the real process on a real Dovecot and a real SMTP server (issue's demo list, P1-P3)."""

import pytest

from tests.servers.desk import Desk, OpenDesk
from tests.servers.letters import bounce_of, letter

pytestmark = pytest.mark.dovecot


def acknowledged(desk: Desk, recipient: str) -> int:
    return desk.sink.to.count(recipient)


@pytest.fixture
def desk(open_desk: OpenDesk) -> Desk:
    """A desk whose first connection is behind it."""
    desk = open_desk()
    assert desk.once() == 0
    return desk


def test_a_first_mail_makes_a_case_and_is_answered_once(desk: Desk) -> None:
    desk.put(letter(1))
    desk.once()
    assert desk.outcomes()["<m1@visitor.example>"] == ("created", "new_case", "SR-1")
    (answer,) = desk.sink.mails
    assert answer.sender == ""
    assert answer.recipients == ("c1@visitor.example",)
    assert b"Auto-Submitted: auto-replied" in answer.data
    assert b"In-Reply-To: <m1@visitor.example>" in answer.data
    desk.once()
    assert len(desk.deliveries()) == len(desk.cases()) == len(desk.sink.mails) == 1


def test_an_answer_to_the_acknowledgement_joins_by_its_token(desk: Desk) -> None:
    desk.put(letter(1))
    desk.once()
    ours = desk.outbox()[0]["message_id"]
    desk.put(letter(2, sender="c1@visitor.example", subject="AW: something else", In_Reply_To=ours))
    desk.put(letter(3, sender="stranger@else.example", subject="Fwd: look", References=f"<x@y> {ours}"))
    desk.once()
    shown = {one["message_id"]: one for one in desk.deliveries()}
    assert [shown[f"<m{n}@visitor.example>"]["linked_by"] for n in (2, 3)] == ["token", "token"]
    assert shown["<m3@visitor.example>"]["sender_unverified"] is True
    assert len(desk.cases()) == 1
    assert len(desk.sink.mails) == 1


def test_numbers_in_subject_and_body_lead_to_their_case(desk: Desk) -> None:
    desk.put(letter(1))
    desk.once()
    desk.put(letter(2, sender="c1@visitor.example", subject="more on SR-1"))
    desk.put(letter(3, sender="c1@visitor.example", subject="more", body="about SR-1, please"))
    desk.put(letter(4, sender="c1@visitor.example", subject="XSR-1 and SR-1.5"))
    desk.once()
    found = desk.outcomes()
    assert found["<m2@visitor.example>"] == ("linked", "subject", "SR-1")
    assert found["<m3@visitor.example>"] == ("linked", "body", "SR-1")
    assert found["<m4@visitor.example>"][0] == "created"


@pytest.mark.parametrize(
    ("status", "outcome", "cases", "answers"),
    [("Resolved", "reopened", 1, 1), ("Waiting for response", "reopened", 1, 1), ("Closed", "followed", 2, 2)],
)
def test_a_reply_does_what_the_status_asks_for(desk: Desk, status: str, outcome: str, cases: int, answers: int) -> None:
    desk.put(letter(1))
    desk.once()
    desk.json("case", "set", "SR-1", "--status", status, "--assignee", "agent@helpdesk.example")
    desk.put(letter(2, sender="c1@visitor.example", In_Reply_To="<m1@visitor.example>"))
    desk.once()
    assert desk.outcomes()["<m2@visitor.example>"][0] == outcome
    assert len(desk.cases()) == cases
    assert acknowledged(desk, "c1@visitor.example") == answers
    first = desk.json("case", "show", "SR-1")
    assert "<m2@visitor.example>" in [one["message_id"] for one in first["messages"]]
    if outcome == "reopened":
        assert (first["status"], first["assignee"]) == ("Reopened", "")


@pytest.mark.parametrize(
    ("mail", "outcome", "reason"),
    [
        (letter(2, Auto_Submitted="auto-replied", subject="Automatic reply: x"), "ignored", "auto_reply"),
        (letter(2, sender="spammer@junk.example"), "ignored", "blacklisted"),
        (letter(2, to="nobody@else.example"), "ignored", "recipient_not_registered"),
        (bounce_of("<unknown@x>", "c1@visitor.example"), "ignored", "report_unmatched"),
    ],
)
def test_what_makes_no_case_is_recorded_and_never_answered(desk: Desk, mail: bytes, outcome: str, reason: str) -> None:
    desk.put(mail)
    desk.once()
    (found,) = desk.deliveries()
    assert (found["outcome"], found["reason"], found["case"]) == (outcome, reason, None)
    assert not desk.cases()
    assert not desk.sink.mails


def test_a_bounce_of_our_answer_is_noted_and_silences_the_address(desk: Desk) -> None:
    desk.put(letter(1))
    desk.once()
    desk.put(bounce_of(desk.outbox()[0]["message_id"], "c1@visitor.example"))
    desk.once()
    assert [one["outcome"] for one in desk.deliveries()] == ["created", "noted"]
    assert desk.outbox()[0]["state"] == "bounced"
    assert "undeliverable" in [one["event"] for one in desk.json("case", "show", "SR-1")["events"]]
    desk.put(letter(5, sender="c1@visitor.example"))
    desk.once()
    assert [(one["state"], one["reason"]) for one in desk.outbox()][1] == ("suppressed", "suppressed")


def test_an_out_of_office_is_noted_on_its_thread_and_does_not_reopen(desk: Desk) -> None:
    desk.put(letter(1))
    desk.once()
    ours = desk.outbox()[0]["message_id"]
    desk.json("case", "set", "SR-1", "--status", "Resolved")
    desk.put(letter(2, sender="c1@visitor.example", Auto_Submitted="auto-replied", In_Reply_To=ours))
    desk.once()
    assert desk.outcomes()["<m2@visitor.example>"] == ("noted", "token", "SR-1")
    assert desk.cases()[0]["status"] == "Resolved"


def test_the_same_mail_again_is_a_duplicate_however_it_comes(desk: Desk) -> None:
    mail = letter(1)
    desk.put(mail)
    desk.put(b"Received: from list.example by mx.example; Sat, 21 Nov 2026 10:00:00 +0000\r\n" + mail)
    desk.once()
    desk.put(mail)
    desk.once()
    assert [one["outcome"] for one in desk.deliveries()] == ["created", "duplicate", "duplicate"]
    assert acknowledged(desk, "c1@visitor.example") == 1


def test_mail_below_the_baseline_is_left_alone(open_desk: OpenDesk) -> None:
    desk = open_desk(after="seen")
    desk.put(letter(1))
    desk.once()
    desk.put(letter(2))
    desk.once()
    assert list(desk.outcomes()) == ["<m2@visitor.example>"]
    assert sorted(desk.dovecot.flags("user")) == ["", "S"]


def test_with_start_all_the_backlog_makes_cases_and_no_answers(open_desk: OpenDesk) -> None:
    desk = open_desk(start="all")
    desk.put(letter(1))
    desk.once()
    assert desk.outcomes()["<m1@visitor.example>"][0] == "created"
    assert [(one["state"], one["reason"]) for one in desk.outbox()] == [("suppressed", "backlog")]


def test_a_reset_of_uidvalidity_makes_nothing_new(desk: Desk) -> None:
    for number in range(20):
        desk.put(letter(number))
    desk.once()
    desk.dovecot.reset_uidvalidity("user")
    desk.once()
    assert len(desk.cases()) == 20
    assert len(desk.sink.mails) == 20
    assert {one["outcome"] for one in desk.deliveries()} <= {"created", "duplicate"}


def test_out_of_order_mail_becomes_one_case(desk: Desk) -> None:
    who = "c1@visitor.example"
    desk.put(
        letter(
            3, sender=who, In_Reply_To="<m2@visitor.example>", References="<m1@visitor.example> <m2@visitor.example>"
        )
    )
    desk.put(letter(2, sender=who, In_Reply_To="<m1@visitor.example>", References="<m1@visitor.example>"))
    desk.put(letter(1, sender=who))
    desk.once()
    assert [one["outcome"] for one in desk.deliveries()] == ["created", "linked", "linked"]
    assert len(desk.cases()) == 1


@pytest.mark.parametrize("after", ["move:Done", "delete", "seen"])
def test_the_server_is_told_after_the_commit(open_desk: OpenDesk, after: str) -> None:
    desk = open_desk(after=after)
    desk.once()
    for number in range(5):
        desk.put(letter(number))
    desk.once()
    assert len(desk.cases()) == 5
    assert len(desk.dovecot.mails("user")) == (5 if after == "seen" else 0)
    assert len(desk.dovecot.mails("user", "Done")) == (5 if after == "move:Done" else 0)


def test_explain_and_show_name_the_winner_and_the_losers(desk: Desk) -> None:
    desk.put(letter(1))
    desk.once()
    shown = desk.json("message", "show", "1")
    assert [line["test"] for line in shown["trace"]][:4] == ["same mail", "own mail", "recipient", "kind"]
    assert shown["acknowledge"] is True
    (desk.dir / "mail.eml").write_bytes(letter(1))
    would = desk.json("explain", str(desk.dir / "mail.eml"), "--mailbox", "support")
    assert would["would"] is True
    assert would["outcome"] == "created"
    assert len(desk.deliveries()) == 1


def test_ingest_takes_a_file_and_standard_input(desk: Desk) -> None:
    (desk.dir / "mail.eml").write_bytes(letter(1))
    desk.json("ingest", str(desk.dir / "mail.eml"), "--mailbox", "support")
    assert desk.call("ingest", "-", "--mailbox", "support", stdin=letter(2)).returncode == 0
    desk.json("ingest", str(desk.dir / "mail.eml"), "--mailbox", "support")
    assert [one["outcome"] for one in desk.deliveries()] == ["created", "created"]
    desk.once()
    assert sorted(desk.sink.to) == ["c1@visitor.example", "c2@visitor.example"]


def test_an_ignored_mail_can_be_accepted(desk: Desk) -> None:
    desk.put(letter(1, sender="spammer@junk.example"))
    desk.once()
    desk.json("message", "accept", "1")
    assert desk.outcomes()["<m1@visitor.example>"][0] == "created"
    assert len(desk.cases()) == 1
