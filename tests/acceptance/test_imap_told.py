"""Telling the IMAP server what became of a mail, whatever it answers (F13, I7, I12)."""

import pytest

from mailcase.errors import Transient, Unavailable
from mailcase.intake.imap.marking import DONE_KEYWORD
from mailcase.log import Event
from tests.servers.fixtures import StartDovecot
from tests.servers.imap_help import ONE, TWO, Alarms, watch
from tests.servers.memory_journal import MemoryJournal
from tests.servers.scripted_imap import (
    Fault,
    Link,
    Normal,
    ScriptedImap,
    do_and_drop,
    drop,
    refuse,
)

pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.mark.parametrize("fault", [do_and_drop, drop])
async def test_a_lost_answer_to_move_is_harmless(scripted: ScriptedImap, journal: MemoryJournal, fault: Fault) -> None:
    scripted.folders["Done"] = {}
    scripted.fault("UID MOVE", fault)
    with pytest.raises(Transient):
        await watch(scripted, journal, after="move:Done").once()
    await watch(scripted, journal, after="move:Done").once()
    assert (len(journal.arrivals), journal.marked) == (2, {1, 2})
    assert (scripted.folders["INBOX"], set(scripted.folders["Done"])) == ({}, {1, 2})


@pytest.mark.parametrize(
    ("capabilities", "command"),
    [("IMAP4rev1 UIDPLUS MOVE", "UID MOVE"), ("IMAP4rev1 UIDPLUS", "UID COPY"), ("IMAP4rev1 UIDPLUS", "UID STORE")],
)
async def test_where_a_mail_was_expunged_meanwhile_the_others_are_told_of_at_once(
    journal: MemoryJournal, capabilities: str, command: str
) -> None:
    async def expunged(link: Link, tag: str, _arguments: str, _normal: Normal) -> None:
        server.folders["INBOX"].pop(1, None)
        await link.say(f"{tag} NO [EXPUNGEISSUED] Some of the requested messages no longer exist.")

    async with ScriptedImap({1: ONE, 2: TWO}, capabilities=capabilities, folders=["Done"]) as server:
        alarms: Alarms = []
        server.fault(command, expunged, expunged)
        await watch(server, journal, alarms, after="move:Done").once()
        assert (server.folders["INBOX"], 2 in server.folders["Done"], alarms) == ({}, True, [])
        assert (journal.marked, server.count(command), server.count("LOGIN")) == ({1, 2}, 3, 1)


async def test_a_server_that_says_so_for_ever_is_asked_again_later(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    scripted.fault("UID MOVE", *[refuse("NO [EXPUNGEISSUED] gone")] * 3)
    alarms: Alarms = []
    await watch(scripted, journal, alarms, after="move:Done").once()
    assert (scripted.count("UID MOVE"), journal.marked) == (3, set())
    assert [event for event, _ in alarms] == [Event.MARK_FAILED]


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
    assert [event for event, _ in alarms] == [Event.MARK_FAILED]
    await watch(scripted, journal, after="move:Done").once()
    assert set(scripted.folders["Done"]) == {1, 2}


async def test_a_full_folder_is_an_alarm_and_a_keyword_instead(scripted: ScriptedImap, journal: MemoryJournal) -> None:
    alarms: Alarms = []
    scripted.fault("UID MOVE", refuse("NO [OVERQUOTA] full"))
    await watch(scripted, journal, alarms, after="move:Done").once()
    assert [mail.flags for mail in scripted.folders["INBOX"].values()] == [{DONE_KEYWORD}] * 2
    assert [event for event, _ in alarms] == [Event.OVER_QUOTA]


async def test_without_move_it_is_copy_store_and_uid_expunge(journal: MemoryJournal) -> None:
    async with ScriptedImap({1: ONE, 2: TWO}, capabilities="IMAP4rev1 UIDPLUS", folders=["Done"]) as server:
        await watch(server, journal, after="move:Done").once()
        assert (server.folders["INBOX"], set(server.folders["Done"])) == ({}, {1, 2})
        assert server.commands[-4:] == [
            'UID COPY 1:2 "Done"',
            r"UID STORE 1:2 +FLAGS.SILENT (\Deleted)",
            "UID EXPUNGE 1:2",
            "LOGOUT",
        ]


@pytest.mark.parametrize(
    ("permanent", "flags"), [(r"\Deleted \*", {r"\Deleted", DONE_KEYWORD}), (r"\Deleted", {r"\Deleted"})]
)
@pytest.mark.parametrize("after", ["delete", "move:Done"])
async def test_without_uidplus_nothing_is_ever_expunged(
    journal: MemoryJournal, after: str, permanent: str, flags: set[str]
) -> None:
    inbox = {1: ONE, 2: TWO}
    async with ScriptedImap(inbox, capabilities="IMAP4rev1", permanent=permanent, folders=["Done"]) as server:
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


@pytest.mark.parametrize(
    ("error", "event"),
    [(Unavailable("store: database is locked"), "store_busy"), (Transient("host:993: gone"), "connection_lost")],
)
async def test_a_busy_store_is_not_said_to_be_the_servers_fault(
    journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch, error: Transient, event: str
) -> None:
    said: list[str] = []
    async with ScriptedImap({1: ONE}) as server:
        watching = watch(server, journal)
        monkeypatch.setattr("mailcase.intake.watcher.emit", lambda one, **_: said.append(one.word))

        async def fail(*_: object) -> None:
            if said:
                watching.stop.set()
            raise error

        monkeypatch.setattr(watching, "_open", fail)
        await watching.run()
    assert said == [event]
