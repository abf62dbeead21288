"""How full a mailbox is: asked of a real server now and then, and no trouble where the server does not say it."""

import pytest

from mailcase.intake import watcher as module
from tests.servers.fixtures import StartDovecot
from tests.servers.imap_help import watch
from tests.servers.memory_journal import MemoryJournal
from tests.servers.scripted_imap import ScriptedImap, refuse, say_first

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


async def test_it_is_asked_where_it_can_be_and_a_refusal_is_no_trouble(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    watcher = watch(scripted, journal)
    await watcher.once()
    assert (watcher.state.quota, scripted.count("GETQUOTAROOT")) == (None, 0)
    scripted.capabilities += " QUOTA"
    for fault, share in ((FULL, 0.92), (refuse("NO [SERVERBUG] no"), None), (refuse("BAD what"), None)):
        scripted.fault("GETQUOTAROOT", fault)
        watcher = watch(scripted, journal)
        await watcher.once()
        assert (watcher.state.quota, watcher.state.trouble) == (share, "")


async def test_it_is_asked_now_and_then(
    scripted: ScriptedImap, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.capabilities += " QUOTA"
    watcher = watch(scripted, journal)
    for every, asked in ((600.0, 1), (600.0, 1), (0.0, 2)):
        monkeypatch.setattr(module, "QUOTA_EVERY_S", every)
        await watcher.once()
        assert scripted.count("GETQUOTAROOT") == asked
