"""Acts of the command line beside a running daemon, which sends what they owe."""

import email
from email.message import EmailMessage
from email.policy import default

import pytest

from tests.servers.desk import OpenDesk
from tests.servers.letters import letter
from tests.servers.smtp import Received

pytestmark = pytest.mark.dovecot

ANN = "ann@helpdesk.example"


def test_what_an_agent_does_leaves_by_the_daemon_that_runs(open_desk: OpenDesk) -> None:
    desk = open_desk()
    assert desk.once() == 0
    desk.json("agent", "add", ANN, "--name", "Ann")
    daemon = desk.run()
    desk.put(letter(1))
    desk.wait(lambda: len(desk.sink.mails) == 1, "the acknowledgement left")
    (desk.dir / "how.txt").write_text("Switch it off and on.")

    desk.json("case", "start", "SR-1", "--as", ANN)
    desk.json("case", "reply", "SR-1", "Please read this.", "--file", str(desk.dir / "how.txt"), "--as", ANN)
    desk.wait(lambda: len(desk.sink.mails) == 3, "the notice and the reply left")
    reply = next(one for one in map(_parsed, desk.sink.mails) if list(one.iter_attachments()))
    (file,) = reply.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("how.txt", "Switch it off and on.")
    body = reply.get_body(("plain",))
    assert body is not None
    assert "Please read this." in body.get_content()

    desk.json("case", "resolve", "SR-1", "--solution", "Off and on.", "--as", ANN)
    desk.put(letter(2, sender="c1@visitor.example", subject="Re: Problem 1", In_Reply_To=reply["Message-ID"]))
    desk.wait(lambda: desk.outcomes().get("<m2@visitor.example>") == ("reopened", "token", "SR-1"), "it is reopened")
    assert desk.stop(daemon) == 0
    case = desk.json("case", "show", "SR-1")
    assert (case["status"], case["assignee"]) == ("Reopened", "")


def _parsed(mail: Received) -> EmailMessage:
    made = email.message_from_bytes(mail.data, policy=default)
    assert isinstance(made, EmailMessage)
    return made
