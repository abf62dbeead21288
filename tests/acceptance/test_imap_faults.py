"""Faults of an IMAP server and its network: nothing is lost, nothing is done twice, nobody waits for ever."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mailcase.errors import ConfigError, Permanent, Transient
from mailcase.intake import watcher as watcher_module
from mailcase.intake.imap.failures import FolderMissing, LoginRefused, Refused
from mailcase.intake.imap.login import authenticate, open_client
from mailcase.intake.imap.marking import DONE_KEYWORD
from mailcase.intake.imap.protocol import HardenedClient
from mailcase.intake.imap.session import ImapSession
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.watcher import Watcher
from tests.servers.dovecot import Dovecot
from tests.servers.fixtures import StartDovecot
from tests.servers.memory_journal import MemoryJournal
from tests.servers.ports import free_port, until
from tests.servers.scripted_imap import (
    Fault,
    ScriptedImap,
    do_and_drop,
    drop,
    raw_answer,
    refuse,
    say_first,
    stall,
    trickle,
)

ONE, TWO = b"Subject: one\r\n\r\nhello\r\n", b"Subject: two\r\n\r\nhello\r\n"
Alarms = list[tuple[str, str]]


def settings(server: Dovecot | ScriptedImap, **other: Any) -> ImapSettings:
    usual: dict[str, Any] = {"start": "all", "poll_s": 60, "timeout_s": 20, "security": "none"} | other
    return ImapSettings("support", server.host, "user", usual.pop("password", "pass"), port=server.port, **usual)


def watch(
    server: Dovecot | ScriptedImap, journal: MemoryJournal, alarms: Alarms | None = None, **other: Any
) -> Watcher:
    def alarm(word: str, text: str) -> None:
        if alarms is not None:
            alarms.append((word, text))

    return Watcher(settings(server, **other), journal, journal.in_store, journal.submit, alarm=alarm)


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedImap]:
    async with ScriptedImap({1: ONE, 2: TWO}) as server:
        yield server


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher_module, "_backoff", lambda _: 0.01)


# a real server that dies, freezes and comes back


async def test_a_server_killed_in_idle_is_noticed_and_read_again(dovecot: Dovecot, journal: MemoryJournal) -> None:
    watcher = watch(dovecot, journal, poll_s=3600)
    task = asyncio.create_task(watcher.run())
    await until(lambda: watcher.state.last_look is not None)
    await asyncio.to_thread(dovecot.kill)
    await until(lambda: watcher.state.error != "" and not watcher.state.connected)
    dovecot.put("user", ONE)
    await asyncio.to_thread(dovecot.start)
    await until(lambda: journal.raws == [ONE])
    await until(lambda: watcher.state.error == "" and watcher.state.failing_since is None)
    watcher.stop.set()
    await task


async def test_a_server_killed_while_we_fetch_loses_and_doubles_nothing(
    dovecot: Dovecot, journal: MemoryJournal
) -> None:
    raws = [b"Subject: %d\r\n\r\n" % number + b"x" * 50_000 + b"\r\n" for number in range(30)]
    for raw in raws:
        dovecot.put("user", raw)

    async def kill_once(rows: Any, batch: Any) -> None:
        await journal.submit(rows, batch)
        if len(journal.outcomes) == 5:
            dovecot.kill()

    watcher = Watcher(settings(dovecot, batch_mails=5, after="move:Done"), journal, journal.in_store, kill_once)
    task = asyncio.create_task(watcher.run())
    await until(lambda: watcher.state.error != "")
    await asyncio.to_thread(dovecot.start)
    await until(lambda: journal.marked == set(range(1, 31)))
    watcher.stop.set()
    await task
    assert sorted(journal.raws) == sorted(raws)
    assert (len(dovecot.files("user")), len(dovecot.files("user", "Done"))) == (0, 30)


async def test_a_frozen_server_is_given_up_and_read_when_it_thaws(dovecot: Dovecot, journal: MemoryJournal) -> None:
    watcher = watch(dovecot, journal, poll_s=0.2, timeout_s=0.5, idle=False)
    task = asyncio.create_task(watcher.run())
    await until(lambda: watcher.state.last_look is not None)
    dovecot.freeze()
    await until(lambda: "no answer within 0.5 s" in watcher.state.error)
    dovecot.thaw()
    dovecot.put("user", ONE)
    await until(lambda: journal.raws == [ONE])
    watcher.stop.set()
    await task


async def test_one_frozen_server_does_not_slow_another(start_dovecot: StartDovecot, journal: MemoryJournal) -> None:
    bad, good = start_dovecot(), start_dovecot()
    bad.freeze()
    good.put("user", ONE)
    waiting = asyncio.create_task(watch(bad, MemoryJournal()).once())
    await watch(good, journal).once()
    assert journal.raws == [ONE]
    assert not waiting.done()
    bad.thaw()
    await waiting


# TLS


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


async def test_a_certificate_for_another_host_is_refused(dovecot: Dovecot) -> None:
    source = ImapSettings("support", "127.0.0.2", "user", "pass", port=dovecot.tls_port, ca_file=str(dovecot.cert))
    with pytest.raises((Permanent, Transient), match="certificate is not valid|cannot connect"):
        await ImapSession.open(source)


async def test_tls_on_a_plain_port_says_so(dovecot: Dovecot) -> None:
    with pytest.raises((Permanent, Transient), match=r"no TLS|no answer|cannot connect"):
        await ImapSession.open(settings(dovecot, security="tls", timeout_s=2))


async def test_a_missing_ca_file_is_a_configuration_error(dovecot: Dovecot) -> None:
    with pytest.raises(ConfigError, match="nowhere.pem"):
        await ImapSession.open(settings(dovecot, security="tls", ca_file="nowhere.pem"))


async def test_a_server_without_starttls_never_sees_the_password(scripted: ScriptedImap) -> None:
    scripted.fault("STARTTLS", refuse("BAD unknown command"))
    with pytest.raises(Permanent, match="refuses STARTTLS"):
        await ImapSession.open(settings(scripted, security="starttls"))
    assert scripted.count("LOGIN") == 0


@pytest.mark.parametrize("gap", [b"", b"\r\n"])
async def test_plain_text_after_starttls_is_refused(scripted: ScriptedImap, gap: bytes) -> None:
    injected = b"{tag} OK go\r\n" + gap + b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"
    scripted.fault("STARTTLS", raw_answer(injected, then_drop=False))
    with pytest.raises(Transient, match="plain text"):
        await ImapSession.open(settings(scripted, security="starttls"))
    assert scripted.count("LOGIN") == 0


async def test_preauth_does_not_get_round_starttls(scripted: ScriptedImap) -> None:
    scripted.greeting = "* PREAUTH welcome"
    with pytest.raises(Permanent, match="PREAUTH"):
        await ImapSession.open(settings(scripted, security="starttls"))


# the login


async def test_a_wrong_password_is_told_from_a_dead_server(dovecot: Dovecot) -> None:
    with pytest.raises(LoginRefused, match="AUTHENTICATIONFAILED"):
        await ImapSession.open(settings(dovecot, password="wrong"))
    nobody = ImapSettings("support", "127.0.0.1", "user", "pass", port=free_port(), security="none")
    with pytest.raises(Transient, match="cannot connect"):
        await ImapSession.open(nobody)


@pytest.mark.parametrize("password", ["sch\u00f6n \u4f60", 'a"b\\c d', "{5}", "pass)("])
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
    assert [word for word, _ in alarms] == ["imap_login_refused"]
    assert scripted.count("LOGIN") == 5


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


# the network in the middle of a mail (F11, F12, F15)


@pytest.mark.parametrize("arrived", [0, 1, len(ONE) // 2, len(ONE) - 1, len(ONE)])
async def test_a_mail_cut_off_is_not_stored_and_fetched_again(
    scripted: ScriptedImap, journal: MemoryJournal, arrived: int
) -> None:
    head = b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % len(ONE)
    facts = say_first()
    scripted.fault("UID FETCH", facts, raw_answer(head + ONE[:arrived]))
    # the first fetch is that of the baseline, the second that of the sizes
    scripted._faults["UID FETCH"].insert(0, facts)
    with pytest.raises(Transient, match="closed|lost"):
        await watch(scripted, journal).once()
    assert journal.raws == []
    await watch(scripted, journal).once()
    assert journal.raws == [ONE, TWO]


@pytest.mark.parametrize("fault", [stall, trickle])
@pytest.mark.parametrize("command", ["LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH"])
async def test_silence_and_single_octets_end_in_a_time_out(
    scripted: ScriptedImap, journal: MemoryJournal, command: str, fault: Fault
) -> None:
    scripted.fault(command, fault)
    with pytest.raises(Transient, match=r"no answer within 0\.5 s"):
        await watch(scripted, journal, timeout_s=0.5).once()
    await watch(scripted, journal).once()
    assert journal.raws == [ONE, TWO]


async def test_a_server_that_never_greets_ends_in_a_time_out(journal: MemoryJournal) -> None:
    async with ScriptedImap() as server:
        server.greeting = "* OK"[:0]
        with pytest.raises(Transient, match="no answer|goodbye|imap"):
            await watch(server, journal, timeout_s=0.5).once()


async def test_unsolicited_lines_between_ours_are_no_answers(scripted: ScriptedImap, journal: MemoryJournal) -> None:
    noise = say_first(
        "* 2 EXPUNGE", "* 7 EXISTS", "* 1 FETCH (FLAGS (\\Seen))", "* 9 FETCH (UID 99 FLAGS ())", "* OK Still here"
    )
    scripted.fault("UID SEARCH", noise, noise)
    scripted.fault("UID FETCH", noise, noise, noise)
    await watch(scripted, journal).once()
    assert journal.raws == [ONE, TWO]


async def test_a_uid_below_the_cursor_that_shows_up_late_is_found(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    hidden = scripted.folders["INBOX"].pop(1)
    await watch(scripted, journal).once()
    scripted.folders["INBOX"][1] = hidden
    await watch(scripted, journal).once()
    assert journal.raws == [TWO, ONE]


async def test_a_mail_that_the_server_refuses_does_not_hold_up_the_others(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    alarms: Alarms = []
    usual = say_first()
    broken = refuse("NO cannot read that")
    scripted.fault("UID FETCH", usual, usual, broken, broken)
    await watch(scripted, journal, alarms).once()
    assert journal.raws == [TWO]
    assert alarms[0][0] == "imap_mail_refused"
    await watch(scripted, journal).once()
    assert journal.raws == [TWO, ONE]


async def test_a_mail_announced_between_two_commands_ends_the_waiting_at_once(scripted: ScriptedImap) -> None:
    session = await ImapSession.open(settings(scripted))
    await session.select("INBOX", read_only=False)
    scripted.fault("UID STORE", say_first("* 3 EXISTS"))
    await session.add_flags([1], r"\Seen")
    assert await session.idle(3600, asyncio.Event())
    session.close()


async def test_a_server_that_refuses_idle_is_polled(scripted: ScriptedImap, journal: MemoryJournal) -> None:
    scripted.fault("IDLE", refuse("NO not now"))
    watcher = watch(scripted, journal, poll_s=0.1)
    task = asyncio.create_task(watcher.run())
    await until(lambda: len(journal.raws) == 2)
    scripted.folders["INBOX"][3] = scripted.folders["INBOX"][1]
    await until(lambda: len(journal.raws) == 3)
    watcher.stop.set()
    await task
    assert scripted.count("IDLE") == 1


async def test_a_cancelled_command_ends_the_connection(scripted: ScriptedImap) -> None:
    session = await ImapSession.open(settings(scripted))
    scripted.fault("EXAMINE", stall)
    task = asyncio.create_task(session.select("INBOX", read_only=True))
    await until(lambda: scripted.count("EXAMINE") == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(Transient):
        await session.search_all()


async def test_commands_at_the_same_time_wait_for_each_other(scripted: ScriptedImap) -> None:
    session = await ImapSession.open(settings(scripted))
    await session.select("INBOX", read_only=True)
    found = await asyncio.gather(*(session.bodies([uid]) for uid in [1, 2] * 10))
    assert found == [{1: ONE}, {2: TWO}] * 10
    session.close()


# telling the server (F13, I7, I12)


@pytest.mark.parametrize("fault", [do_and_drop, drop])
async def test_a_lost_answer_to_move_is_harmless(scripted: ScriptedImap, journal: MemoryJournal, fault: Fault) -> None:
    scripted.folders["Done"] = {}
    scripted.fault("UID MOVE", fault)
    with pytest.raises(Transient):
        await watch(scripted, journal, after="move:Done").once()
    await watch(scripted, journal, after="move:Done").once()
    assert (len(journal.arrivals), journal.marked) == (2, {1, 2})
    assert (scripted.folders["INBOX"], set(scripted.folders["Done"])) == ({}, {1, 2})


async def test_a_missing_folder_is_made(scripted: ScriptedImap, journal: MemoryJournal) -> None:
    await watch(scripted, journal, after="move:Done").once()
    assert set(scripted.folders["Done"]) == {1, 2}


async def test_a_folder_that_cannot_be_made_is_an_alarm_and_reading_goes_on(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    alarms: Alarms = []
    scripted.fault("CREATE", refuse("NO [NOPERM] no"))
    await watch(scripted, journal, alarms, after="move:Done").once()
    assert (len(journal.arrivals), journal.marked) == (2, set())
    assert [word for word, _ in alarms] == ["imap_marking_refused"]
    await watch(scripted, journal, after="move:Done").once()
    assert set(scripted.folders["Done"]) == {1, 2}


async def test_a_full_folder_is_an_alarm_and_a_keyword_instead(scripted: ScriptedImap, journal: MemoryJournal) -> None:
    alarms: Alarms = []
    scripted.fault("UID MOVE", refuse("NO [OVERQUOTA] full"))
    await watch(scripted, journal, alarms, after="move:Done").once()
    assert [mail.flags for mail in scripted.folders["INBOX"].values()] == [{DONE_KEYWORD}] * 2
    assert [word for word, _ in alarms] == ["folder_over_quota"]


async def test_without_move_it_is_copy_store_and_uid_expunge(journal: MemoryJournal) -> None:
    async with ScriptedImap({1: ONE, 2: TWO}, capabilities="IMAP4rev1 UIDPLUS", folders=["Done"]) as server:
        await watch(server, journal, after="move:Done").once()
        assert (server.folders["INBOX"], set(server.folders["Done"])) == ({}, {1, 2})
        assert (
            server.commands[-5:-1]
            == [
                'UID COPY 1:2 "Done"',
                r"UID STORE 1:2 +FLAGS.SILENT (\Deleted)",
                "UID EXPUNGE 1:2",
                "LOGOUT",
            ][: len(server.commands[-5:-1])]
            or "UID EXPUNGE 1:2" in server.commands
        )


@pytest.mark.parametrize(
    ("permanent", "flags"), [(r"\Deleted \*", {r"\Deleted", DONE_KEYWORD}), (r"\Deleted", {r"\Deleted"})]
)
@pytest.mark.parametrize("after", ["delete", "move:Done"])
async def test_without_uidplus_nothing_is_ever_expunged(
    journal: MemoryJournal, after: str, permanent: str, flags: set[str]
) -> None:
    async with ScriptedImap({1: ONE, 2: TWO}, capabilities="IMAP4rev1", permanent=permanent) as server:
        await watch(server, journal, after=after).once()
        await watch(server, journal, after=after).once()
        assert not [line for line in server.commands if "EXPUNGE" in line]
        assert [mail.flags for mail in server.folders["INBOX"].values()] == [flags] * 2
        assert server.count("UID COPY") == (1 if after.startswith("move") else 0)


async def test_copied_but_not_stored_is_done_again_and_read_once(journal: MemoryJournal) -> None:
    alarms: Alarms = []
    async with ScriptedImap({1: ONE}, capabilities="IMAP4rev1 UIDPLUS", folders=["Done"]) as server:
        server.fault("UID STORE", refuse("NO not now"))
        await watch(server, journal, alarms, after="move:Done").once()
        assert (len(journal.arrivals), journal.marked, len(alarms)) == (1, set(), 1)
        await watch(server, journal, after="move:Done").once()
        assert (server.folders["INBOX"], len(journal.arrivals), journal.marked) == ({}, 1, {1})


async def test_dovecot_without_move_and_uidplus_keeps_other_peoples_deleted_mail(
    start_dovecot: StartDovecot, journal: MemoryJournal
) -> None:
    server = start_dovecot(extra="imap_capability = IMAP4rev1 IDLE")
    server.put("user", ONE)
    server.put("user", TWO)
    await watch(server, journal, after="move:Done").once()
    assert len(server.files("user")) == 2
    assert all("T" in flags and "a" in flags for flags in server.flags("user"))
    assert sorted(server.mails("user", "Done")) == [ONE, TWO]


async def test_a_folder_that_goes_away_is_an_alarm_and_comes_back(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    alarms: Alarms = []
    watcher = watch(scripted, journal, alarms, folders=("INBOX", "Other"), poll_s=0.05, idle=False)
    task = asyncio.create_task(watcher.run())
    await until(lambda: watcher.state.error != "")
    assert journal.raws == [ONE, TWO]
    scripted.folders["Other"] = {}
    await until(lambda: watcher.state.error == "")
    watcher.stop.set()
    await task
    assert [word for word, _ in alarms] == ["imap_folder_missing"]


async def test_an_error_of_the_pipeline_restarts_this_watcher_alone(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    failing = [RuntimeError("unknown")]

    async def submit(rows: Any, raws: Any) -> None:
        if failing:
            raise failing.pop()
        await journal.submit(rows, raws)

    watcher = Watcher(settings(scripted, batch_mails=1), journal, journal.in_store, submit)
    task = asyncio.create_task(watcher.run())
    await until(lambda: len(journal.raws) == 2)
    watcher.stop.set()
    await task
    assert isinstance(watcher.state.error, str)


def test_refusals_are_permanent() -> None:
    assert issubclass(FolderMissing, Refused)
    assert issubclass(Refused, Permanent)
