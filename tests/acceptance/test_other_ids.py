"""A relay that gives our mail another Message-ID, on a real Dovecot and a real SMTP server (decision 022)."""

import email

import pytest

from tests.builders import NOW
from tests.servers.desk import OpenDesk
from tests.servers.letters import letter
from tests.servers.outbox_desk import Desk, settings
from tests.servers.smtp import SmtpSink

OTHER = "<relayed.1@relay.example>"


@pytest.mark.dovecot
def test_an_answer_that_names_only_the_relays_id_joins_the_case(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.once()
    desk.sink.script.renames = "relay.example"
    desk.put(letter(1))
    desk.once()
    (left,) = desk.sink.mails
    ours = desk.outbox()[0]["message_id"]
    assert email.message_from_bytes(left.data)["Message-ID"] == OTHER != ours
    answer = letter(2, sender="c1@visitor.example", subject="Something else", body="It works.", In_Reply_To=OTHER)
    desk.put(answer)
    desk.once()
    assert desk.outcomes()["<m2@visitor.example>"] == ("linked", "thread", "SR-1")
    assert (len(desk.cases()), len(desk.sink.mails)) == (1, 1)
    delivery = next(one for one in desk.deliveries() if one["message_id"] == "<m2@visitor.example>")
    assert delivery["sender_unverified"] is False
    told = f"In-Reply-To {OTHER} is our mail {ours} under the id that a relay gave it"
    assert told in _thread(desk.json("message", "show", str(delivery["id"]))["trace"])
    (desk.dir / "answer.eml").write_bytes(answer.replace(b"<m2@", b"<m3@"))
    assert told in _thread(desk.json("explain", "--mailbox", "support", str(desk.dir / "answer.eml"))["trace"])


def _thread(trace: list[dict[str, str]]) -> str:
    return next(one["evidence"] for one in trace if one["test"] == "thread")


@pytest.fixture
def desk(smtp_sink: SmtpSink) -> Desk:
    return Desk({"support": settings(smtp_sink)})


async def test_what_a_relay_says_is_known_of_the_mail_that_it_took(desk: Desk, smtp_sink: SmtpSink) -> None:
    plain = desk.add("erin@visitor.example")
    await desk.once()
    smtp_sink.script.renames = "relay.example"
    renamed = desk.add("erin@visitor.example")
    await desk.once()
    assert (plain.ids, renamed.ids) == ((), ("<relayed.2@relay.example>",))


async def test_a_mail_that_was_refused_a_sender_or_lost_its_copies_is_known_too(
    desk: Desk, smtp_sink: SmtpSink
) -> None:
    smtp_sink.script.renames = "relay.example"
    smtp_sink.script.null_sender = "553 5.1.7 no"
    refused = desk.add("erin@visitor.example")
    await desk.once()
    lost = desk.add("erin@visitor.example", cc=("closing@visitor.example",))
    await desk.once(hours=2)
    assert (refused.ids, lost.ids) == ((OTHER,), ("<relayed.2@relay.example>",))
    assert "sent without copies" in lost.error


async def test_each_try_for_a_group_teaches_its_own(desk: Desk, smtp_sink: SmtpSink) -> None:
    smtp_sink.script.renames = "relay.example"
    row = desk.add("jane@helpdesk.example", cc=("temp-once@helpdesk.example",), audience="agent", created_at=NOW)
    await desk.once()
    assert (row.state, row.ids) == ("pending", (OTHER,))
    await desk.once(hours=2)
    assert (row.state, row.ids) == ("sent", (OTHER, "<relayed.2@relay.example>"))
