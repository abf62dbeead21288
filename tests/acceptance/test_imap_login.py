"""TLS, STARTTLS and the login: never less than was asked for, and no secret anywhere."""

from typing import Any

import pytest

from mailcase.errors import ConfigError, Permanent, Transient
from mailcase.intake.imap.client import HardenedClient
from mailcase.intake.imap.failures import LoginRefused
from mailcase.intake.imap.login import authenticate, open_client
from mailcase.intake.imap.session import ImapSession
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.watcher import Watcher
from mailcase.log import Event
from tests.servers.dovecot import Dovecot
from tests.servers.fixtures import StartDovecot
from tests.servers.imap_help import ONE, Alarms, settings, watch
from tests.servers.memory_journal import MemoryJournal
from tests.servers.ports import free_port
from tests.servers.scripted_imap import (
    ScriptedImap,
    drop,
    raw_answer,
    refuse,
)

pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_mail_is_read_through_tls(dovecot: Dovecot, journal: MemoryJournal, security: str) -> None:
    dovecot.put("user", ONE)
    port = dovecot.tls_port if security == "tls" else dovecot.port
    secure: Any = {"security": security, "ca_file": str(dovecot.cert)}
    source = ImapSettings("support", "localhost", "user", "pass", port=port, start="all", **secure)
    await Watcher(source, journal, journal.in_store, journal.submit).once()
    assert journal.raws == [ONE]


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_an_unknown_certificate_is_refused(dovecot: Dovecot, security: Any) -> None:
    port = dovecot.tls_port if security == "tls" else dovecot.port
    source = ImapSettings("support", "localhost", "user", "pass", port=port, security=security)
    with pytest.raises(Permanent, match="certificate is not valid"):
        await ImapSession.open(source)
    assert "method=PLAIN" not in dovecot.log()


async def test_a_certificate_for_another_host_is_refused(start_dovecot: StartDovecot) -> None:
    server = start_dovecot(extra="listen = 127.0.0.1, 127.0.0.2")
    source = ImapSettings("support", "127.0.0.2", "user", "pass", port=server.tls_port, ca_file=str(server.cert))
    with pytest.raises(Permanent, match="certificate is not valid"):
        await ImapSession.open(source)


async def test_tls_on_a_plain_port_says_so(dovecot: Dovecot) -> None:
    with pytest.raises(Permanent, match="no TLS"):
        await ImapSession.open(settings(dovecot, security="tls"))


async def test_a_missing_ca_file_is_a_configuration_error(dovecot: Dovecot) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        await ImapSession.open(settings(dovecot, security="tls", ca_file="nowhere.pem"))


async def test_a_server_without_starttls_never_sees_the_password(scripted: ScriptedImap) -> None:
    scripted.fault("STARTTLS", refuse("BAD unknown command"))
    with pytest.raises(Permanent, match="refuses STARTTLS"):
        await ImapSession.open(settings(scripted, security="starttls"))
    assert scripted.count("LOGIN") == 0


async def test_plain_text_after_starttls_is_refused(scripted: ScriptedImap) -> None:
    injected = b"{tag} OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"
    scripted.fault("STARTTLS", raw_answer(injected, then_drop=False))
    with pytest.raises(Transient, match="plain text"):
        await ImapSession.open(settings(scripted, security="starttls"))
    assert scripted.count("LOGIN") == 0


async def test_preauth_does_not_get_round_starttls(scripted: ScriptedImap) -> None:
    scripted.greeting = "* PREAUTH welcome"
    with pytest.raises(Permanent, match="PREAUTH"):
        await ImapSession.open(settings(scripted, security="starttls"))


async def test_a_wrong_password_is_told_from_a_dead_server(dovecot: Dovecot) -> None:
    with pytest.raises(LoginRefused, match="AUTHENTICATIONFAILED"):
        await ImapSession.open(settings(dovecot, password="wrong"))
    nobody = ImapSettings("support", "127.0.0.1", "user", "pass", port=free_port(), security="none")
    with pytest.raises(Transient, match="cannot connect"):
        await ImapSession.open(nobody)


@pytest.mark.parametrize("password", ["sch\u00f6n \u4f60", 'a"b\\c d', "a{5}", "pass)("])
async def test_passwords_of_any_letters_log_in(start_dovecot: StartDovecot, password: str) -> None:
    server = start_dovecot(users={"user": password})
    session = await ImapSession.open(settings(server, password=password))
    await session.logout()


async def test_a_password_with_a_line_break_is_no_command(scripted: ScriptedImap) -> None:
    with pytest.raises(ConfigError, match="CR, LF and NUL"):
        await ImapSession.open(settings(scripted, password="x\r\nA1 DELETE INBOX"))
    assert scripted.commands == ["CAPABILITY"]


async def test_three_refused_logins_raise_an_alarm_and_an_hours_pause(scripted: ScriptedImap) -> None:
    alarms: Alarms = []
    pauses: list[float] = []
    watcher = watch(scripted, MemoryJournal(), alarms)

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 5:
            watcher.stop.set()

    watcher._sleep = sleep  # type: ignore[method-assign]  # an hour is not waited for
    scripted.fault("LOGIN", *[refuse("NO [AUTHENTICATIONFAILED] no")] * 5)
    await watcher.run()
    assert pauses == [0.01, 0.01, 3600, 3600, 3600]
    assert [event for event, _ in alarms] == [Event.LOGIN_REFUSED]
    assert scripted.count("LOGIN") == 5
    began, last = watcher.state.failing_since, watcher.state.failed_at
    assert (watcher.state.last_look, began and last and began < last) == (None, True)


async def test_a_busy_server_is_no_refused_login(scripted: ScriptedImap) -> None:
    scripted.fault("LOGIN", refuse("NO [UNAVAILABLE] later"))
    with pytest.raises(Transient, match="later"):
        await ImapSession.open(settings(scripted))


async def test_a_refused_xoauth2_ends_with_the_servers_no(dovecot: Dovecot) -> None:
    client = HardenedClient(dovecot.host, dovecot.port, timeout=10, context=None, literal_limit=1000)
    await client.greeted()
    answer = await authenticate(client, "XOAUTH2", b"user=user\1auth=Bearer wrong\1\1")
    assert answer.result == "NO"
    assert (await authenticate(client, "XOAUTH2", b"user=user\1auth=Bearer pass\1\1")).result == "OK"
    client.abort()


async def test_secrets_are_in_no_log_and_no_traceback(
    scripted: ScriptedImap, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    scripted.fault("LOGIN", drop)
    with pytest.raises(Transient) as caught:
        await open_client(settings(scripted, password='geh"eim'))
    shown = str(caught.getrepr(showlocals=True, style="long"))
    said = caplog.text + "".join(capsys.readouterr())
    assert 'geh"eim' not in said + str(caught.value)
    assert 'LOGIN "user"' not in shown
