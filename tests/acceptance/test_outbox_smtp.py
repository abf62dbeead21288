"""The drain against a real SMTP server: every fault of reliability.md F24, and what becomes of the row."""

import asyncio
import email
import email.policy
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import NOW, make_mailbox, make_policy
from tests.servers.outbox_desk import Desk, settings
from tests.servers.ports import free_port, until
from tests.servers.smtp import SmtpSink


@pytest.fixture
def desk(smtp_sink: SmtpSink) -> Desk:
    return Desk({"support": settings(smtp_sink)})


async def test_a_mail_is_sent_once_with_the_null_sender(desk: Desk, smtp_sink: SmtpSink) -> None:
    desk.add("erin@visitor.example")
    await desk.once()
    await desk.once(hours=2)
    assert desk.outbox.states() == ["sent"]
    assert [(mail.sender, mail.recipients) for mail in smtp_sink.mails] == [("", ("erin@visitor.example",))]
    assert desk.words() == ["sent"]


async def test_what_arrives_is_what_was_queued(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add("erin@visitor.example", text="Grüße\n.\n..two\n")
    await desk.once()
    got = email.message_from_bytes(smtp_sink.mails[0].data, policy=email.policy.default)
    text = got.get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == ["Grüße", ".", "..two"]
    assert (got["To"], got["Message-ID"]) == ("erin@visitor.example", row.mail.message_id)
    assert smtp_sink.mails[0].data.isascii()


async def test_many_mails_share_one_connection(desk: Desk, smtp_sink: SmtpSink) -> None:
    for number in range(20):
        desk.add(f"customer{number}@visitor.example")
    await desk.once()
    assert desk.outbox.states() == ["sent"] * 20
    assert smtp_sink.connections == 1


async def test_a_pool_sends_everything_once(desk: Desk, smtp_sink: SmtpSink) -> None:
    desk.smtp["support"] = settings(smtp_sink, pool=4)
    for number in range(40):
        desk.add(f"customer{number}@visitor.example")
    await desk.once()
    assert sorted(smtp_sink.to) == sorted(f"customer{number}@visitor.example" for number in range(40))


@pytest.mark.parametrize("to", ["temp-once@visitor.example", "temp-dot-once@visitor.example"])
async def test_a_busy_relay_gets_the_mail_a_minute_later(desk: Desk, smtp_sink: SmtpSink, to: str) -> None:
    row = desk.add(to)
    await desk.once()
    assert (row.state, row.reason) == ("pending", "relay_busy")
    assert row.next_attempt_at == NOW + timedelta(minutes=1)
    assert "try again" in row.error
    await desk.once(seconds=59)
    assert smtp_sink.mails == []
    await desk.once(seconds=1)
    assert (row.state, row.mail.attempts, smtp_sink.to) == ("sent", 2, [to])


@pytest.mark.parametrize(
    ("to", "error"), [("perm", "550 5.1.1"), ("full", "552 5.3.4"), ("content", "554 5.7.1")], ids=lambda one: one
)
async def test_a_refused_mail_fails_and_the_next_one_goes(desk: Desk, smtp_sink: SmtpSink, to: str, error: str) -> None:
    row = desk.add(f"{to}@visitor.example")
    desk.add("erin@visitor.example")
    await desk.once()
    assert (row.state, row.reason) == ("failed", "refused")
    assert error in row.error
    assert smtp_sink.to == ["erin@visitor.example"]


async def test_a_relay_that_closes_with_421_is_asked_again(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add("closing@visitor.example")
    desk.add("erin@visitor.example")
    await desk.once()
    assert (row.state, row.mail.attempts) == ("pending", 1)
    assert smtp_sink.to == ["erin@visitor.example"]


async def test_a_connection_lost_before_the_final_dot_is_safe_to_retry(desk: Desk) -> None:
    row = desk.add("drop-before@visitor.example")
    await desk.once()
    assert (row.state, row.reason, row.mail.attempts) == ("pending", "relay_busy", 1)


async def test_an_acknowledgement_without_an_answer_is_uncertain_and_never_repeated(
    desk: Desk, smtp_sink: SmtpSink
) -> None:
    row = desk.add("drop-after@visitor.example")
    desk.add("erin@visitor.example")
    await desk.once()
    await desk.once(hours=3)
    assert (row.state, row.reason) == ("uncertain", "no_answer_after_data")
    assert smtp_sink.to == ["drop-after@visitor.example", "erin@visitor.example"]


async def test_a_persons_mail_without_an_answer_is_repeated_with_the_same_id(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add("drop-after-once@visitor.example", automatic=False)
    await desk.once()
    assert row.state == "pending"
    await desk.once(minutes=1)
    assert row.state == "sent"
    first, second = smtp_sink.mails
    assert first.data == second.data
    assert first.sender == second.sender == "support@helpdesk.example"


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "dot"])
async def test_a_refused_null_sender_is_replaced_once_and_that_is_remembered(
    desk: Desk, smtp_sink: SmtpSink, at: str
) -> None:
    smtp_sink.script.null_sender, smtp_sink.script.null_sender_at = "553 5.1.7 no null sender", at
    row = desk.add("erin@visitor.example")
    await desk.once()
    assert (row.state, row.mail.attempts) == ("sent", 1)
    desk.add("frank@visitor.example")
    await desk.once()
    assert [mail.sender for mail in smtp_sink.mails] == ["support@helpdesk.example"] * 2
    assert desk.outbox.flags["null_sender_refused:support"] == f"127.0.0.1:{smtp_sink.port}"
    assert desk.words().count("null_sender_refused") == 1


async def test_a_bad_recipient_does_not_blame_the_null_sender(desk: Desk) -> None:
    row = desk.add("perm@visitor.example")
    await desk.once()
    assert row.state == "failed"
    assert "null_sender_refused:support" not in desk.outbox.flags


async def test_a_hanging_relay_costs_its_own_mail_only(desk: Desk, smtp_sink: SmtpSink) -> None:
    desk.smtp["support"] = settings(smtp_sink, timeout=3.0)
    row = desk.add("hang@visitor.example")
    desk.add("erin@visitor.example")
    await desk.once()
    assert (row.state, row.reason) == ("pending", "relay_busy")
    assert smtp_sink.to == ["erin@visitor.example"]


async def test_an_answer_that_comes_long_after_the_final_dot_is_waited_for(desk: Desk, smtp_sink: SmtpSink) -> None:
    desk.smtp["support"] = settings(smtp_sink, timeout=3.0)
    row = desk.add("slow@visitor.example")
    running = asyncio.create_task(desk.once())
    await until(smtp_sink.waiting.is_set)
    await asyncio.sleep(3.3)  # longer than any other answer may take
    smtp_sink.go_on.set()
    await running
    assert (row.state, len(smtp_sink.mails)) == ("sent", 1)


async def test_an_answer_that_never_comes_after_the_final_dot_is_uncertain(
    desk: Desk, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailcase.outbox.smtp._AFTER_THE_DOT", 0.002)  # the answers before it have their minute
    row = desk.add("slow@visitor.example")
    await desk.once()
    await until(smtp_sink.waiting.is_set)  # the mail is there, which may be later than nobody waits for its answer
    await desk.once(hours=3)
    assert (row.state, len(smtp_sink.mails)) == ("uncertain", 1)


async def test_a_dead_relay_uses_up_no_mail_and_holds_up_no_other_mailbox(desk: Desk, smtp_sink: SmtpSink) -> None:
    desk.smtp["dead"] = settings(smtp_sink, port=free_port())
    rows = [desk.add(f"customer{number}@visitor.example", mailbox="dead") for number in range(90)]
    desk.add("erin@other.example")
    await desk.once()
    assert smtp_sink.to == ["erin@other.example"]
    assert {(row.state, row.reason, row.mail.attempts) for row in rows} == {("pending", "smtp_lost", 0)}
    assert {row.next_attempt_at for row in rows} == {NOW + timedelta(minutes=1)}
    assert [len(rows) for rows in desk.outbox.holds] == [89]  # what waited in the lane is one commit


async def test_a_relay_that_comes_back_gets_everything(desk: Desk, smtp_sink: SmtpSink) -> None:
    smtp_sink.stop()
    desk.add("erin@visitor.example")
    await desk.once()
    smtp_sink.start()
    await desk.once(minutes=1)
    assert (desk.outbox.states(), smtp_sink.to) == (["sent"], ["erin@visitor.example"])


async def test_a_stop_during_data_is_a_crash_and_the_row_is_settled_at_the_next_start(
    desk: Desk, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailcase.outbox.drain.drain._GRACE", 0.05)
    row, reply = desk.add("slow@visitor.example"), desk.add("slow@visitor.example", automatic=False)
    desk.smtp["support"] = settings(smtp_sink, pool=2)
    stop = asyncio.Event()
    running = asyncio.create_task(desk.drain("gone").run(stop))
    await until(lambda: len(smtp_sink.mails) == 2)
    stop.set()
    await running
    assert desk.outbox.states() == ["sending", "sending"]
    smtp_sink.go_on.set()
    await desk.once()
    assert (row.state, reply.state) == ("uncertain", "sent")
    assert len(smtp_sink.mails) == 3


async def test_an_open_dialogue_is_finished_when_the_daemon_stops(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add("slow@visitor.example")
    stop = asyncio.Event()
    running = asyncio.create_task(desk.drain().run(stop))
    await until(smtp_sink.waiting.is_set)
    stop.set()
    smtp_sink.go_on.set()
    await running
    assert row.state == "sent"


async def test_the_running_drain_sends_when_it_is_woken(desk: Desk, smtp_sink: SmtpSink) -> None:
    stop = asyncio.Event()
    drain = desk.drain()
    running = asyncio.create_task(drain.run(stop))
    for number in range(3):
        row = desk.add(f"customer{number}@visitor.example")
        drain.wake()
        await until(lambda row=row: row.state == "sent")  # type: ignore[misc]  # the row of this turn
    stop.set()
    await running
    assert smtp_sink.connections == 1


async def test_changed_settings_apply_to_the_next_mail(desk: Desk, smtp_sink: SmtpSink) -> None:
    good = desk.smtp["support"]
    desk.smtp["support"] = replace(good, port=free_port())
    stop = asyncio.Event()
    drain = desk.drain()
    running = asyncio.create_task(drain.run(stop))
    first = desk.add("erin@visitor.example")
    drain.wake()
    await until(lambda: first.reason == "smtp_lost")
    desk.smtp["support"] = good
    desk.add("frank@visitor.example")
    drain.wake()
    # what waited for the relay that was wrong leaves too
    await until(lambda: sorted(smtp_sink.to) == ["erin@visitor.example", "frank@visitor.example"])
    stop.set()
    await running


async def test_a_mailbox_without_a_relay_keeps_its_mail(desk: Desk) -> None:
    desk.policy = make_policy(make_mailbox(), make_mailbox(name="other"))
    row = desk.add("erin@visitor.example", mailbox="other")
    await desk.once()
    assert (row.state, row.reason, row.mail.attempts) == ("pending", "no_smtp", 0)


async def test_what_waited_too_long_expires(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add("temp@visitor.example")
    await desk.once()
    for _ in range(40):
        await desk.once(hours=1)
    assert (row.state, row.reason) == ("expired", "expired")
    assert row.mail.attempts == 25  # hourly looks, and the claim that ends it
    assert smtp_sink.mails == []


async def test_an_address_that_cannot_be_sent_fails_without_a_dialogue(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add("erin@visitor.example>\r\nRCPT TO:<mallory@evil.example")
    await desk.once()
    assert (row.state, row.reason, smtp_sink.connections) == ("failed", "unsendable", 0)


async def test_two_drains_on_one_outbox_send_everything_once(desk: Desk, smtp_sink: SmtpSink) -> None:
    for number in range(20):
        desk.add(f"customer{number}@visitor.example")
    await asyncio.gather(desk.drain("one").once(), desk.drain("two").once())
    assert sorted(smtp_sink.to) == sorted(f"customer{number}@visitor.example" for number in range(20))
