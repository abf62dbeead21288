"""Tokens on a real Dovecot, which asks the endpoint about each, and on an SMTP server; refused ones among them."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailcase.errors import ConfigError, Permanent, TokenRefused, Transient
from mailcase.intake.imap.failures import LoginRefused
from mailcase.intake.imap.session import ImapSession
from mailcase.intake.imap.settings import ImapSettings
from mailcase.log import Event
from mailcase.outbox.settings import SmtpSettings
from mailcase.outbox.smtp import SmtpSender
from mailcase.signin.grant import Grant
from mailcase.signin.source import TokenSource
from tests.servers import imap_help, outbox_desk
from tests.servers.dovecot import Dovecot, ServerMissingError
from tests.servers.fixtures import missing
from tests.servers.outbox_desk import Desk
from tests.servers.ports import wait_until
from tests.servers.scripted_imap import ScriptedImap, refuse
from tests.servers.smtp import SmtpSink
from tests.servers.token_endpoint import CLIENT, SECRET, Refused, TokenEndpoint
from tests.servers.token_mail import TokenSink, token_dovecot

pytestmark = pytest.mark.dovecot


class Clock:
    """A source of tokens with a clock of its own."""

    def __init__(self, endpoint: TokenEndpoint) -> None:
        self.now = 0.0
        self.source = TokenSource(Grant(endpoint.url, CLIENT, SECRET), now=lambda: self.now)


@pytest.fixture
def clock(endpoint: TokenEndpoint) -> Clock:
    return Clock(endpoint)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[TokenEndpoint, Dovecot]]:
    with ExitStack() as stack:
        endpoint = stack.enter_context(TokenEndpoint())
        try:
            yield endpoint, stack.enter_context(token_dovecot(endpoint))
        except ServerMissingError as error:
            missing(str(error))


def imap(server: Any, source: TokenSource) -> ImapSettings:
    return imap_help.settings(server, password="", sign_in=source)


def smtp(sink: SmtpSink, source: TokenSource) -> SmtpSettings:
    return outbox_desk.settings(sink, user="support@helpdesk.example", sign_in=source)


async def test_dovecot_lets_a_token_in(shared: tuple[TokenEndpoint, Dovecot]) -> None:
    endpoint, server = shared
    session = await ImapSession.open(imap(server, Clock(endpoint).source))
    assert (await session.select("INBOX", read_only=True)).name == "INBOX"
    await session.logout()
    wait_until(lambda: "xoauth2" in server.log().lower(), 60, "no such login in Dovecot's log")  # another process's


async def test_a_token_that_ended_at_the_server_is_replaced_within_one_login(
    shared: tuple[TokenEndpoint, Dovecot],
) -> None:
    endpoint, server = shared
    clock, before = Clock(endpoint), len(endpoint.asked)
    await clock.source.token()
    endpoint.tokens.clear()
    clock.now = 61.0
    session = await ImapSession.open(imap(server, clock.source))
    await session.logout()
    assert len(endpoint.asked) - before == 2


async def test_a_server_that_takes_no_token_is_asked_twice_at_most(shared: tuple[TokenEndpoint, Dovecot]) -> None:
    endpoint, server = shared
    clock, before = Clock(endpoint), len(endpoint.asked)
    stranger = replace(imap(server, clock.source), user="nobody-known")
    for asked in (2, 2):
        with pytest.raises(LoginRefused, match="login refused for nobody-known"):
            await ImapSession.open(stranger)
        assert len(endpoint.asked) - before == asked  # another new token is no better
    clock.now = 61.0
    with pytest.raises(LoginRefused):
        await ImapSession.open(stranger)
    assert len(endpoint.asked) - before == 3


async def test_a_revoked_grant_is_told_as_that_and_not_as_a_refused_login(
    shared: tuple[TokenEndpoint, Dovecot],
) -> None:
    endpoint, server = shared
    clock = Clock(endpoint)
    stranger = replace(imap(server, clock.source), user="nobody-known")  # its token is refused, as a revoked one
    await clock.source.token()
    endpoint.script.revoked = Refused("invalid_grant")
    try:
        with pytest.raises(TokenRefused, match="invalid_grant"):
            await ImapSession.open(stranger)
    finally:
        endpoint.script.revoked = None


async def test_without_a_token_the_server_is_left_alone(
    endpoint: TokenEndpoint, clock: Clock, scripted: ScriptedImap
) -> None:
    endpoint.revoke("invalid_client")
    with pytest.raises(TokenRefused):
        await ImapSession.open(imap(scripted, clock.source))
    assert scripted.commands == []


async def test_oauthbearer_is_used_where_there_is_nothing_else(clock: Clock, scripted: ScriptedImap) -> None:
    scripted.capabilities = "IMAP4rev1 AUTH=OAUTHBEARER"
    for _ in range(2):
        scripted.fault("AUTHENTICATE", refuse("NO [AUTHENTICATIONFAILED] no"))
    with pytest.raises(LoginRefused):
        await ImapSession.open(imap(scripted, clock.source))
    assert scripted.commands[-1] == "AUTHENTICATE OAUTHBEARER"
    scripted.capabilities = "IMAP4rev1 AUTH=PLAIN"
    with pytest.raises(Permanent, match=r"offers neither XOAUTH2 nor OAUTHBEARER: set auth = \"password\""):
        await ImapSession.open(imap(scripted, clock.source))


async def test_dovecot_lets_oauthbearer_in_and_refuses_it(
    shared: tuple[TokenEndpoint, Dovecot], monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, server = shared
    clock = Clock(endpoint)
    session = await ImapSession.open(imap(server, clock.source))
    offered = session._client.protocol.capabilities - {"AUTH=XOAUTH2"}
    await session.logout()

    async def ask_capabilities(client: Any) -> None:
        client.protocol.capabilities = offered | {"AUTH=OAUTHBEARER"}

    monkeypatch.setattr("mailcase.intake.imap.login.ask_capabilities", ask_capabilities)
    await (await ImapSession.open(imap(server, clock.source))).logout()
    with pytest.raises(LoginRefused, match="AUTHENTICATIONFAILED"):
        await ImapSession.open(replace(imap(server, clock.source), user="nobody-known"))


@pytest.mark.parametrize(("mechanism", "answer"), [("XOAUTH2", b""), ("OAUTHBEARER", b"\1")])
async def test_smtp_shows_a_token_and_replaces_one_that_ended(
    endpoint: TokenEndpoint, clock: Clock, mechanism: str, answer: bytes
) -> None:
    with TokenSink(endpoint, mechanism) as sink:
        await clock.source.token()
        endpoint.tokens.clear()
        clock.now = 61.0
        desk = Desk({"support": smtp(sink, clock.source)})
        row = desk.add("erin@visitor.example")
        await desk.once()
    assert (row.state, sink.mails[0].user) == ("sent", "support@helpdesk.example")
    assert [good for _, good in sink.logins] == [False, True]
    assert sink.answers == [answer]
    assert len(endpoint.asked) == 2


async def test_a_relay_that_takes_no_token_rests_as_after_a_wrong_password(
    endpoint: TokenEndpoint, clock: Clock
) -> None:
    with TokenSink(endpoint) as sink:
        sink.refusals = 9
        desk = Desk({"support": smtp(sink, clock.source)})
        row = desk.add("erin@visitor.example")
        await desk.once()
        assert (row.state, row.mail.attempts, len(sink.logins)) == ("pending", 0, 2)
        assert Event.SMTP_REFUSED.word in desk.words()
    with SmtpSink() as plain, pytest.raises(ConfigError, match="neither XOAUTH2 nor OAUTHBEARER"):
        await SmtpSender(smtp(plain, clock.source)).connect()


async def test_a_relay_that_wants_the_login_again_gets_a_new_connection(endpoint: TokenEndpoint, clock: Clock) -> None:
    with TokenSink(endpoint) as sink:
        sender = SmtpSender(smtp(sink, clock.source))
        await sender.connect()
        with pytest.raises(Transient, match="530"):
            await sender.send(outbox_desk_envelope("login@visitor.example"))
        await sender.connect()
        await sender.quit()
        assert len(sink.logins) == 2


def outbox_desk_envelope(to: str) -> Any:
    from mailcase.outbox.mime import envelope

    return envelope(outbox_desk.make_mail(1, to), null_sender=True)


async def test_an_ended_token_uses_up_no_mail_and_the_lane_goes_on_when_it_comes_again(
    endpoint: TokenEndpoint, clock: Clock
) -> None:
    with TokenSink(endpoint) as sink:
        endpoint.revoke("invalid_grant", "revoked")
        desk = Desk({"support": smtp(sink, clock.source)})
        drain, rows = desk.drain(), [desk.add(f"c{number}@visitor.example") for number in (1, 2)]
        await drain.once()
        assert {row.state for row in rows} == {"pending"}
        assert {row.mail.attempts for row in rows} == {0}
        assert {row.reason for row in rows} == {"token_ended"}
        assert desk.words().count(Event.TOKEN_ENDED.word) == 1
        assert (len(endpoint.asked), sink.connections) == (1, 0)
        await desk.once(seconds=61)
        assert (len(endpoint.asked), sink.connections) == (1, 0)
        assert {row.next_attempt_at - desk.now for row in rows} == {timedelta(minutes=1)}
        endpoint.restore()
        clock.now += 301
        await desk.once(seconds=301)
        assert {row.state for row in rows} == {"sent"}
