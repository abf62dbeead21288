"""The way to the relay is safe or nothing goes (S5): TLS, certificates, login, and a dialogue never off by one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from mailcase.errors import ConfigError, Transient
from mailcase.outbox.drain import Drain
from mailcase.outbox.mime import envelope
from mailcase.outbox.smtp import SmtpSender
from tests.builders import NOW
from tests.servers.memory_outbox import Row
from tests.servers.outbox_desk import Desk, make_mail, settings
from tests.servers.ports import until
from tests.servers.smtp import SmtpSink

USERS = {"support": "s3cret"}
LOGIN = {"user": "support", "password": "s3cret"}


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_goes_encrypted_and_logged_in(security: str) -> None:
    users = USERS if security == "starttls" else {}
    with SmtpSink(security, users) as sink:
        login = LOGIN if users else {}
        desk = Desk({"support": settings(sink, security=security, ca_file=sink.ca_file, **login)})
        desk.add("erin@visitor.example")
        await desk.once()
        assert desk.outbox.states() == ["sent"]
        assert (sink.mails[0].tls, sink.mails[0].user) == (True, login.get("user", ""))


async def test_where_starttls_was_stripped_nothing_goes_in_clear() -> None:
    with SmtpSink("", USERS) as sink:
        desk = Desk({"support": settings(sink, security="starttls", ca_file="", **LOGIN)})
        row = desk.add("erin@visitor.example")
        await desk.once()
        assert (sink.mails, sink.logins) == ([], [])
        assert (row.state, row.reason, row.mail.attempts) == ("pending", "smtp_refused", 0)
        assert "STARTTLS" in row.error


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_an_untrusted_certificate_gets_nothing_and_says_so(security: str) -> None:
    with SmtpSink(security) as sink:
        desk = Desk({"support": settings(sink, security=security)})
        row = desk.add("erin@visitor.example")
        await desk.once()
        assert sink.mails == []
        assert (row.state, row.reason, row.mail.attempts) == ("pending", "smtp_lost", 0)
        assert "certificate not trusted" in row.error


async def test_a_refused_login_stops_the_sender_and_uses_up_no_mail() -> None:
    with SmtpSink("starttls", USERS) as sink:
        wrong = settings(sink, security="starttls", ca_file=sink.ca_file, user="support", password="old")
        desk = Desk({"support": wrong})
        rows = [desk.add(f"customer{number}@visitor.example") for number in range(5)]
        await desk.once()
        tries = len(sink.logins)
        assert {(row.state, row.reason, row.mail.attempts) for row in rows} == {("pending", "smtp_refused", 0)}
        assert {row.next_attempt_at for row in rows} == {NOW + timedelta(hours=1)}
        assert [good for _, good in sink.logins] == [False] * tries
        assert desk.words().count("smtp_refused") == 1
        assert "old" not in repr([fields for _, fields in desk.events])
        assert "old" not in repr(wrong)


@contextlib.asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[Drain]:
    """A daemon's drain."""
    drain, stop = desk.drain(), asyncio.Event()
    task = asyncio.create_task(drain.run(stop))
    try:
        yield drain
    finally:
        stop.set()
        await task


def all_are(rows: Iterable[Row], state: str, reason: str) -> bool:
    return {(row.state, row.reason) for row in rows} == {(state, reason)}


async def test_a_corrected_login_frees_the_mail_that_waits_for_it_at_once_or_at_a_restart() -> None:
    with SmtpSink("starttls", USERS) as sink:
        good = settings(sink, security="starttls", ca_file=sink.ca_file, **LOGIN)
        desk = Desk({"support": replace(good, password="old")})
        rows = [desk.add(f"customer{number}@visitor.example") for number in range(2)]
        async with running(desk) as drain:
            await until(lambda: all_are(rows, "pending", "smtp_refused"))
            limited = desk.add("erin@visitor.example")
            limited.reason, limited.next_attempt_at = "per_domain", NOW + timedelta(hours=1)
            desk.smtp["support"] = good
            drain.wake()
            await until(lambda: all_are(rows, "sent", ""))
        rows[0].state, rows[0].reason, rows[0].next_attempt_at = "pending", "no_smtp", NOW + timedelta(hours=1)
        await desk.once()
        assert (rows[0].state, limited.state, limited.reason) == ("sent", "pending", "per_domain")


async def test_the_first_mail_that_a_relay_takes_after_a_rest_frees_the_others(smtp_sink: SmtpSink) -> None:
    smtp_sink.script.mail = "530 5.7.0 authentication required"
    desk = Desk({"support": settings(smtp_sink)})
    rows = [desk.add(f"customer{number}@visitor.example") for number in range(2)]
    async with running(desk) as drain:
        await until(lambda: all_are(rows, "pending", "smtp_refused"))
        rows[1].next_attempt_at = NOW + timedelta(hours=9)
        smtp_sink.script.mail = ""
        desk.now += timedelta(hours=1)
        drain.wake()
        await until(lambda: all_are(rows, "sent", ""))


async def test_a_relay_that_wants_a_login_at_mail_stops_the_sender(smtp_sink: SmtpSink) -> None:
    smtp_sink.script.mail = "530 5.7.0 authentication required"
    desk = Desk({"support": settings(smtp_sink)})
    row = desk.add("erin@visitor.example")
    await desk.once()
    assert (row.state, row.reason, row.mail.attempts) == ("pending", "smtp_refused", 0)


async def test_a_ca_file_that_cannot_be_read_is_a_configuration_error(smtp_sink: SmtpSink) -> None:
    sender = SmtpSender(settings(smtp_sink, security="tls", ca_file="/nowhere/ca.pem"))
    with pytest.raises(ConfigError, match=r"ca_file /nowhere/ca\.pem"):
        await sender.connect()


@pytest.mark.parametrize("local", ["hang", "slow"])
async def test_after_a_cancelled_sending_the_next_mail_is_right(smtp_sink: SmtpSink, local: str) -> None:
    sender = SmtpSender(settings(smtp_sink, timeout=30.0))
    await sender.connect()
    cut = asyncio.create_task(sender.send(envelope(make_mail(1, f"{local}@visitor.example"), null_sender=True)))
    await until(smtp_sink.waiting.is_set)
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    smtp_sink.go_on.set()
    await sender.connect()
    for number in (2, 3):
        await sender.send(envelope(make_mail(number, f"customer{number}@visitor.example"), null_sender=True))
    await sender.quit()
    last = smtp_sink.mails[-2:]
    assert [mail.recipients for mail in last] == [("customer2@visitor.example",), ("customer3@visitor.example",)]
    assert [b"this is 2" in last[0].data, b"this is 3" in last[1].data] == [True, True]


async def test_nothing_is_sent_over_a_connection_that_is_not_open(smtp_sink: SmtpSink) -> None:
    with pytest.raises(Transient):
        await SmtpSender(settings(smtp_sink)).send(envelope(make_mail(1, "erin@visitor.example"), null_sender=True))
