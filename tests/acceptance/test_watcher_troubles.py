"""What keeps a mailbox from being read: told by its word, tried again at the right pace, at no needless login."""

import asyncio
from typing import Any

import pytest

from mailcase.errors import MailcaseError, TokenRefused, Unavailable
from mailcase.intake.faring import NoRoom, trouble_of
from mailcase.intake.imap.failures import FolderMissing, LoginRefused, Refused
from mailcase.intake.imap.session import ImapSession
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.watcher import Watcher
from mailcase.log import Event
from tests.servers.imap_help import ONE, TWO, Alarms, settings, watch
from tests.servers.memory_journal import MemoryJournal
from tests.servers.ports import until
from tests.servers.scripted_imap import ScriptedImap, refuse

pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (LoginRefused("no"), "login_refused"),
        (TokenRefused("no"), "token_ended"),
        (FolderMissing("no"), "folder_missing"),
        (Refused("no"), "folder_refused"),
        (NoRoom("no"), "disk_low"),
        (Unavailable("no"), "store_busy"),
        (MailcaseError("no"), "mailbox_unreachable"),
        (OSError("no"), "mailbox_unreachable"),
    ],
)
def test_each_trouble_has_its_word(error: Exception, word: str) -> None:
    assert trouble_of(error) == word


async def test_a_token_that_ended_is_told_once_and_tried_ever_more_rarely(scripted: ScriptedImap) -> None:
    alarms: Alarms = []
    pauses: list[float] = []

    async def open_session(settings: ImapSettings) -> ImapSession:
        if len(pauses) < 6 or len(pauses) > 7:
            raise TokenRefused(f"login.example: invalid_grant {len(pauses)}; sign in anew")
        return await ImapSession.open(settings)

    journal = MemoryJournal()
    watcher = Watcher(
        settings(scripted, poll_s=0.01),
        journal,
        journal.in_store,
        journal.submit,
        alarm=lambda event, text: alarms.append((event, text)),
        open_session=open_session,
    )

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 6:
            assert watcher.state.trouble == "token_ended"
        if len(pauses) == 9:
            watcher.stop.set()

    watcher._sleep = sleep  # type: ignore[method-assign]  # an hour is not waited for
    scripted.fault("UID SEARCH", *[refuse("NO [INUSE] later")] * 2)  # mended, and two connections are lost
    await watcher.run()
    assert pauses == [300, 600, 1200, 2400, 3600, 3600, 0.01, 0.01, 300]
    assert [event for event, _ in alarms] == [Event.TOKEN_ENDED] * 2  # it ended, and after it was mended again
    assert ["invalid_grant 0" in alarms[0][1], "invalid_grant 8" in alarms[1][1]] == [True, True]


async def test_a_locked_store_costs_no_new_login(scripted: ScriptedImap, journal: MemoryJournal) -> None:
    seen: list[str] = []

    async def in_store(work: Any, *args: Any) -> Any:
        if work == journal.journal:
            seen.append(watcher.state.trouble)
            if len(seen) < 3:
                raise Unavailable("database is locked")
        return work(*args)

    watcher = Watcher(settings(scripted), journal, in_store, journal.submit)
    await watcher.once()
    assert seen == ["", "store_busy", "store_busy"]
    assert (journal.raws, scripted.count("LOGIN"), watcher.state.trouble) == ([ONE, TWO], 1, "")


async def test_a_store_that_stays_away_ends_the_session_so_that_others_get_the_connection(
    scripted: ScriptedImap, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def in_store(_work: Any, *_args: Any) -> Any:
        raise Unavailable("database is locked")

    monkeypatch.setattr("mailcase.intake.faring.STORE_WAIT_S", 0.5)
    watcher = Watcher(settings(scripted), journal, in_store, journal.submit)
    with pytest.raises(Unavailable):
        await watcher.once()
    assert (watcher.state.trouble, scripted.count("LOGOUT")) == ("store_busy", 1)


async def test_while_the_disk_is_full_nobody_logs_in_and_then_everything_is_taken(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    left = 0

    def room() -> None:
        if not left:
            raise Unavailable("[intake] disk_low: 12 MB left")

    watcher = Watcher(settings(scripted, after="delete"), journal, journal.in_store, journal.submit, room=room)
    task = asyncio.create_task(watcher.run())
    await until(lambda: watcher.state.trouble == "disk_low")
    assert (scripted.commands, watcher.state.error) == ([], "[intake] disk_low: 12 MB left")
    left = 1
    await until(lambda: journal.raws == [ONE, TWO])
    await until(lambda: watcher.state.trouble == "")
    watcher.stop.set()
    await task


async def test_the_state_tells_when_mail_came_and_survives_a_look_that_found_none(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    watcher = watch(scripted, journal, start="new")
    await watcher.once()
    before = watcher.state
    scripted.folders["INBOX"][3] = scripted.folders["INBOX"][1]
    scripted.uidnext = 4
    await watcher.once()
    first = watcher.state
    assert (before.last_mail, before.lag_s) == (None, 0)
    assert first.last_mail is not None
    assert first.lag_s > 0
    await watcher.once()
    assert (watcher.state.last_mail, watcher.state.lag_s) == (first.last_mail, first.lag_s)
