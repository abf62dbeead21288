"""How full a mailbox is: asked of a real server now and then, and no trouble where the server does not say it."""

import asyncio

import pytest

from mailcase.intake import watcher as module
from mailcase.intake.imap import filling
from mailcase.intake.maildir.settings import MaildirSettings
from mailcase.intake.maildir.watcher import MaildirWatcher
from mailcase.intake.watcher import Watcher
from mailcase.log import Event
from tests.servers.fixtures import StartDovecot
from tests.servers.imap_help import ONE, settings, watch
from tests.servers.memory_journal import MemoryJournal
from tests.servers.ports import until
from tests.servers.scripted_imap import Fault, ScriptedImap, StoredMail, drop, refuse, say_first, stall

_DOVECOT = """
mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = maildir:User
  quota_rule = *:storage=10K
}
"""
FULL = say_first('* QUOTAROOT INBOX ""', '* QUOTA "" (STORAGE 92 100)')


@pytest.mark.dovecot
async def test_a_real_server_tells_it(start_dovecot: StartDovecot, journal: MemoryJournal) -> None:
    server = start_dovecot(extra=_DOVECOT)
    server.put("user", b"Subject: large\r\n\r\n" + b"x" * 9000)
    watcher = watch(server, journal)
    await watcher.once()
    assert watcher.state.quota == 0.9  # Dovecot counts whole KB


@pytest.mark.dovecot
async def test_the_quota_file_that_it_keeps_says_the_same_of_the_maildir(
    start_dovecot: StartDovecot, journal: MemoryJournal
) -> None:
    server = start_dovecot(extra=_DOVECOT)
    server.put("user", b"Subject: large\r\n\r\n" + b"x" * 9000)
    told = MaildirSettings("support", server.folder_path("user").resolve(), start="all")
    watcher = MaildirWatcher(told, journal, journal.in_store, journal.submit)
    await watcher.once()
    assert watcher.state.quota is None
    await watch(server, journal).once()  # Dovecot counts, and writes it down
    await watcher.once()
    assert watcher.state.quota == round(9018 / 10240, 3)


async def test_it_is_asked_where_it_can_be_and_a_refusal_leaves_what_is_known(
    scripted: ScriptedImap, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = watch(scripted, journal)
    await watcher.once()
    assert (watcher.state.quota, scripted.count("GETQUOTAROOT")) == (None, 0)
    monkeypatch.setattr(filling, "QUOTA_EVERY_S", 0.0)
    scripted.capabilities += " QUOTA"
    refused = [refuse(text) for text in ("NO [SERVERBUG] no", "NO [UNAVAILABLE] no", "NO no", "BAD what")]
    unlimited = say_first('* QUOTAROOT INBOX ""')
    for fault, share in ((refused[0], None), (FULL, 0.92), *((one, 0.92) for one in refused), (unlimited, None)):
        scripted.fault("GETQUOTAROOT", fault)
        await watcher.once()
        assert (watcher.state.quota, watcher.state.trouble) == (share, "")


async def test_it_is_asked_now_and_then(
    scripted: ScriptedImap, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.capabilities += " QUOTA"
    watcher = watch(scripted, journal)
    for every, asked in ((600.0, 1), (600.0, 1), (0.0, 2)):
        monkeypatch.setattr(filling, "QUOTA_EVERY_S", every)
        await watcher.once()
        assert scripted.count("GETQUOTAROOT") == asked


@pytest.mark.parametrize("fault", [drop, stall])
async def test_a_server_that_does_not_survive_the_question_is_asked_once_and_read_all_the_same(
    scripted: ScriptedImap, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """A mail that is settled after the look is marked all the same."""
    monkeypatch.setattr(filling, "QUOTA_EVERY_S", 0.0)
    told: list[Event] = []
    monkeypatch.setattr(filling, "emit", lambda event, **_: told.append(event))
    scripted.capabilities += " QUOTA"
    scripted.fault("GETQUOTAROOT", say_first('* QUOTA "" (STORAGE 9 10)'), fault, fault)

    async def leave_behind(*_: object) -> None:
        pass

    async def drained() -> None:
        journal.outcomes = dict.fromkeys(journal.arrivals, "created")

    source = settings(scripted, after="seen", timeout_s=3)
    watcher = Watcher(source, journal, journal.in_store, leave_behind, drained=drained)
    for uid in range(3, 6):
        scripted.folders["INBOX"][uid] = StoredMail(ONE)
        await watcher.once()
        assert (len(journal.arrivals), journal.marked) == (uid, set(journal.arrivals))
        assert (watcher.state.quota, watcher.state.trouble) == (0.9, "")
    assert scripted.count("GETQUOTAROOT") == 2
    assert told == [Event.QUOTA_UNANSWERED]


async def test_a_daemon_loses_one_connection_to_the_question(
    scripted: ScriptedImap, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "QUOTA_EVERY_S", 0.0)
    scripted.capabilities += " QUOTA"
    scripted.fault("GETQUOTAROOT", drop, drop)
    monkeypatch.setattr(module, "_backoff", lambda _: 0.0)
    watcher = watch(scripted, journal, poll_s=0.05)
    task = asyncio.create_task(watcher.run())
    await until(lambda: scripted.count("LOGIN") == 2)
    scripted.folders["INBOX"][3] = StoredMail(ONE)
    await until(lambda: len(journal.raws) == 3)
    watcher.stop.set()
    await task
    assert (scripted.count("LOGIN"), scripted.count("GETQUOTAROOT")) == (2, 1)
