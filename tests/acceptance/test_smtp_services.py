"""Permanent refusals of real relays that are of the account or of the moment, and not of the mail."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from tests.servers import smtp
from tests.servers.outbox_desk import Desk, settings
from tests.servers.ports import until
from tests.servers.smtp import SmtpSink

ERIN = "erin@visitor.example"


@pytest.fixture
def desk(smtp_sink: SmtpSink) -> Desk:
    return Desk({"support": settings(smtp_sink)})


@pytest.mark.parametrize("automatic", [True, False])
@pytest.mark.parametrize("place", ["MAIL", "dot"])
@pytest.mark.parametrize(
    "answer",
    [
        "550-5.4.5 Daily user sending limit exceeded. For more information\r\n550 5.4.5 on it go to Gmail - gsmtp",
        "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message",
        "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
        "554 5.2.252 SendAsDenied; support@helpdesk.example not allowed to send as other@helpdesk.example;",
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
        "554 Message rejected: Email address is not verified. The following identities failed the check",
        "554 5.7.0 Your message could not be sent. The limit on the number of allowed outgoing messages was exceeded.",
    ],
)
async def test_what_a_relay_says_of_the_account_loses_no_mail(
    desk: Desk, smtp_sink: SmtpSink, answer: str, place: str, *, automatic: bool
) -> None:
    smtp_sink.script.at[place] = answer
    row = desk.add(ERIN, automatic=automatic)
    await desk.once()
    assert (row.state, row.reason, smtp_sink.mails) == ("pending", "relay_busy", [])
    assert answer[4:9] in row.error
    smtp_sink.script.at.clear()
    await desk.once(hours=2)
    assert (row.state, smtp_sink.to) == ("sent", [ERIN])


@pytest.mark.parametrize(
    "answer",
    [
        "452 4.5.3 Too many recipients",
        "552 5.5.3 Too many recipients",
        "550 5.5.3 no",
        "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
    ],
)
async def test_members_for_whom_one_mail_or_day_had_no_room_get_theirs_with_the_next(
    desk: Desk, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setitem(smtp.AT_RCPT, "second-once", answer)
    row = desk.add(ERIN, cc=("second-once@helpdesk.example",), automatic=False, audience="agent")
    await desk.once()
    assert (row.state, smtp_sink.to) == ("pending", [ERIN])
    await desk.once(hours=2)
    assert (row.state, smtp_sink.to) == ("sent", [ERIN, "second-once@helpdesk.example"])


async def test_a_relay_that_takes_no_mail_now_is_given_a_rest(desk: Desk, smtp_sink: SmtpSink) -> None:
    for number in range(30):
        desk.add(f"customer{number}@visitor.example")
    smtp_sink.script.at["MAIL"] = "421 4.7.0 Try again later"
    await desk.once()
    assert (smtp_sink.connections, smtp_sink.seen["MAIL"]) == (1, 1)
    assert sum(row.mail.attempts for row in desk.outbox.rows.values()) == 1
    smtp_sink.script.at.clear()
    await desk.once(minutes=2)
    assert desk.outbox.states() == ["sent"] * 30


async def test_the_rests_of_a_relay_that_takes_no_mail_grow(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add(ERIN)
    smtp_sink.script.at["MAIL"] = "421 4.7.0 Try again later"
    stop, drain = asyncio.Event(), desk.drain()
    running = asyncio.create_task(drain.run(stop))
    for minutes in (1, 5, 15):
        due = desk.now + timedelta(minutes=minutes, seconds=1)
        drain.wake()
        await until(lambda due=due: row.next_attempt_at == due)  # type: ignore[misc]  # the moment of this turn
        desk.now = due
    smtp_sink.script.at.clear()
    drain.wake()
    await until(lambda: row.state == "sent")
    stop.set()
    await running


async def test_a_relay_that_shuts_at_one_sender_alone_holds_up_no_other_mail(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    normal = smtp._Server.smtp_MAIL

    async def not_the_null_sender(server: smtp._Server, arg: str | None) -> None:
        if "<>" not in (arg or ""):
            await normal(server, arg)
            return
        await server.push("421 4.7.0 Try again later")
        server.cut()

    monkeypatch.setattr(smtp._Server, "smtp_MAIL", not_the_null_sender)
    answers = [desk.add(f"customer{number}@visitor.example") for number in range(3)]
    words = [desk.add(f"erin{number}@visitor.example", automatic=False) for number in range(3)]
    await desk.once()
    for _ in range(4):
        await desk.once(minutes=2)
    assert [row.state for row in words] == ["sent"] * 3
    assert [row.state for row in answers] == ["pending"] * 3
    await desk.once(days=30)
    assert [row.state for row in answers] == ["expired"] * 3


@pytest.mark.parametrize("how", ["421 4.7.0 too many messages in this session", smtp.DROP])
async def test_a_relay_that_takes_few_mails_a_connection_gets_the_others_over_another(
    desk: Desk, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    normal, carried = smtp._Server.smtp_DATA, Counter[smtp._Server]()

    async def third_ends_it(server: smtp._Server, arg: str | None) -> None:
        await normal(server, arg)
        carried[server] += 1
        if carried[server] == 3:
            smtp_sink.script.at["MAIL"] = how

    def cleared(server: smtp._Server, transport: asyncio.BaseTransport) -> None:
        smtp_sink.script.at.clear()
        made(server, transport)

    made = smtp._Server.connection_made
    monkeypatch.setattr(smtp._Server, "smtp_DATA", third_ends_it)
    monkeypatch.setattr(smtp._Server, "connection_made", cleared)
    for number in range(8):
        desk.add(f"customer{number}@visitor.example")
    await desk.once()
    assert (desk.outbox.states(), len(set(smtp_sink.to)), smtp_sink.connections) == (["sent"] * 8, 8, 3)
