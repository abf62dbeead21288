"""The network in the middle of a mail, and what nobody asked the server for (F11, F12, F15)."""

import asyncio
from typing import Any

import pytest

from mailcase.errors import MailcaseError, Transient
from mailcase.health.stages import REGISTRY
from mailcase.intake.imap.session import ImapSession
from mailcase.intake.watcher import Watcher
from mailcase.log import Event
from tests.servers.imap_help import ONE, TWO, Alarms, settings, watch
from tests.servers.memory_journal import MemoryJournal
from tests.servers.ports import until
from tests.servers.scripted_imap import (
    Fault,
    ScriptedImap,
    drop,
    raw_answer,
    refuse,
    say_first,
    stall,
    trickle,
)

pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.mark.parametrize("arrived", [0, 1, len(ONE) // 2, len(ONE) - 1, len(ONE)])
async def test_a_mail_cut_off_is_not_stored_and_fetched_again(
    scripted: ScriptedImap, journal: MemoryJournal, arrived: int
) -> None:
    head = b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % len(ONE)
    usual = say_first()  # the first fetch is that of the baseline, the second that of the sizes
    scripted.fault("UID FETCH", usual, usual, raw_answer(head + ONE[:arrived]))
    with pytest.raises(Transient, match="connection closed"):
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
    scripted.end_faults(command)  # on a machine that stood still it was another command that was waited for in vain
    await watch(scripted, journal).once()
    assert journal.raws == [ONE, TWO]


BROKEN = [drop, stall, raw_answer(b"hello\r\n"), refuse("NO [INUSE] later")]
NO = refuse("NO no")  # to a FETCH it is of one mail, and no error: test_imap_one_mail


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        *((command, fault) for command in ("CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH") for fault in (*BROKEN, NO)),
        *(("UID FETCH", fault) for fault in BROKEN),
    ],
)
async def test_every_error_names_the_host_the_user_or_the_folder(
    scripted: ScriptedImap, journal: MemoryJournal, command: str, fault: Fault
) -> None:
    scripted.fault(command, fault)
    with pytest.raises(MailcaseError, match=rf"{scripted.host}:{scripted.port}: |refused for user: |folder INBOX: "):
        await watch(scripted, journal, timeout_s=0.5).once()


async def test_a_lost_idle_names_the_host(scripted: ScriptedImap) -> None:
    session = await ImapSession.open(settings(scripted))
    await session.select("INBOX", read_only=False)
    await session.search_all()
    scripted.fault("IDLE", drop)
    with pytest.raises(Transient, match=f"^{scripted.host}:{scripted.port}: connection "):
        await session.idle(3600, asyncio.Event())


async def test_a_server_that_never_greets_ends_in_a_time_out(journal: MemoryJournal) -> None:
    async with ScriptedImap() as server:
        server.greeting = ""
        with pytest.raises(Transient, match="no answer"):
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
    before = REGISTRY.counts("found_late").get(("support",), 0)
    await watch(scripted, journal).once()
    assert journal.raws == [TWO, ONE]
    assert [one.late for one in journal.arrivals.values()] == [False, True]
    assert REGISTRY.counts("found_late")["support",] == before + 1


async def test_a_mail_that_the_server_refuses_does_not_hold_up_the_others(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    alarms: Alarms = []
    usual = say_first()
    broken = refuse("NO cannot read that")
    scripted.fault("UID FETCH", usual, usual, broken, broken)
    await watch(scripted, journal, alarms).once()
    assert journal.raws == [TWO]
    assert alarms[0][0] == Event.MAIL_REFUSED
    await watch(scripted, journal).once()
    assert journal.raws == [TWO, ONE]


async def test_a_mail_announced_between_two_commands_ends_the_waiting_at_once(scripted: ScriptedImap) -> None:
    session = await ImapSession.open(settings(scripted))
    await session.select("INBOX", read_only=False)
    scripted.fault("UID STORE", say_first("* 3 EXISTS"))
    await session.add_flags([1], r"\Seen")
    assert await session.idle(3600, asyncio.Event())
    session.close()


async def test_a_server_that_hides_what_left_still_announces_what_came(scripted: ScriptedImap) -> None:
    session = await ImapSession.open(settings(scripted))
    await session.select("INBOX", read_only=False)
    scripted.fault("UID STORE", say_first("* 1 EXISTS"))  # two were there and left untold; one came
    await session.add_flags([1], r"\Seen")
    assert await session.idle(3600, asyncio.Event())
    session.close()


async def test_the_same_number_of_mails_said_again_is_no_news(scripted: ScriptedImap) -> None:
    session = await ImapSession.open(settings(scripted))
    await session.select("INBOX", read_only=False)
    scripted.fault("UID SEARCH", say_first("* 2 EXISTS"), say_first("* 1 EXPUNGE", "* 1 EXISTS"))
    for _ in range(2):
        await session.search_all()
        assert not await session.idle(0.01, asyncio.Event())
    session.close()


async def test_a_missing_first_folder_is_no_hot_loop(scripted: ScriptedImap, journal: MemoryJournal) -> None:
    scripted.fault("UID SEARCH", *[say_first("* 9 EXISTS")] * 50)
    watcher = watch(scripted, journal, folders=("Nowhere", "INBOX"), poll_s=0.2)
    task = asyncio.create_task(watcher.run())
    await until(lambda: scripted.count("UID SEARCH") == 3)
    watcher.stop.set()
    await task
    assert scripted.count('EXAMINE "Nowhere"') <= 4


async def test_what_is_settled_late_is_still_marked_by_one_pass(scripted: ScriptedImap, journal: MemoryJournal) -> None:
    async def drained() -> None:
        journal.outcomes.update(dict.fromkeys(journal.arrivals, "created"))

    async def leave_behind(_rows: Any, _raws: Any) -> None:
        """A pipeline that goes on behind the caller's back."""

    source = settings(scripted, after="delete")
    await Watcher(source, journal, journal.in_store, leave_behind, drained=drained).once()
    assert (scripted.folders["INBOX"], journal.marked) == ({}, {1, 2})


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
    with pytest.raises(Transient, match="given up"):
        await session.search_all()


async def test_commands_at_the_same_time_wait_for_each_other(scripted: ScriptedImap) -> None:
    session = await ImapSession.open(settings(scripted))
    await session.select("INBOX", read_only=True)
    found = await asyncio.gather(*(session.bodies([uid]) for uid in [1, 2] * 10))
    assert found == [{1: ONE}, {2: TWO}] * 10
    session.close()
