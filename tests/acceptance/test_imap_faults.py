"""IMAP servers that die, freeze and come back, and watchers that go on."""

import asyncio
from typing import Any

import pytest

from mailcase.intake.watcher import Watcher
from mailcase.log import Event
from tests.servers.dovecot import Dovecot
from tests.servers.fixtures import StartDovecot
from tests.servers.imap_help import ONE, TWO, Alarms, settings, watch
from tests.servers.memory_journal import MemoryJournal
from tests.servers.ports import until
from tests.servers.scripted_imap import (
    ScriptedImap,
)

pytestmark = pytest.mark.usefixtures("short_pauses")


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


@pytest.mark.parametrize("waits", [{"poll_s": 0.2, "idle": False}, {"poll_s": 3600}], ids=["by the clock", "in IDLE"])
async def test_a_frozen_server_is_given_up_and_read_when_it_thaws(
    dovecot: Dovecot, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch, waits: dict[str, Any]
) -> None:
    """In IDLE a dead peer says nothing either: it shows when the waiting is renewed (I9)."""
    monkeypatch.setattr("mailcase.intake.watcher.RENEW_IDLE_S", 0.2)
    watcher = watch(dovecot, journal, timeout_s=0.5, **waits)
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
    assert [event for event, _ in alarms] == [Event.FOLDER_MISSING]


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
