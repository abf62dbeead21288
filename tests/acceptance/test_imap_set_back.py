"""UIDs that a server gives a second time under one UIDVALIDITY (a backup that was put back, GMX): no mail is lost."""

from collections.abc import Iterable
from datetime import timedelta

from mailcase.intake.audit import Entry
from mailcase.intake.imap.audit import audit_folder
from mailcase.intake.imap.session import ImapSession
from mailcase.intake.watcher import Watcher
from tests.servers.imap_help import settings, watch
from tests.servers.memory_journal import MemoryJournal
from tests.servers.scripted_imap import RECEIVED, Link, Normal, ScriptedImap, StoredMail, refuse


def letters(server: ScriptedImap, uids: Iterable[int], word: str, hours: int = 0) -> None:
    """Put mails there, with the UIDNEXT that follows."""
    inbox = server.folders["INBOX"]
    for uid in uids:
        raw = f"Subject: {word} {uid}\r\n\r\n".encode()
        inbox[uid] = StoredMail(raw, received=RECEIVED + timedelta(hours=hours, seconds=uid))
    server.uidnext = max(inbox, default=0) + 1


def subjects(journal: MemoryJournal) -> list[str]:
    return [raw.decode().split("\r")[0].removeprefix("Subject: ") for raw in journal.raws]


def of(server: ScriptedImap, journal: MemoryJournal, after: str = "keep") -> Watcher:
    return watch(server, journal, after=after)


async def test_a_backup_that_was_put_back_loses_no_mail_that_came_since(journal: MemoryJournal) -> None:
    async with ScriptedImap() as server:
        letters(server, range(1, 6), "old")
        await of(server, journal).once()
        del server.folders["INBOX"][4], server.folders["INBOX"][5]  # as of the night before
        letters(server, [4], "new", hours=9)
        bodies = server.count("UID FETCH")
        await of(server, journal).once()
        assert subjects(journal) == [f"old {uid}" for uid in range(1, 6)] + ["new 4"]
        assert server.commands[-1] == "LOGOUT"
        asked = [line for line in server.commands if "BODY.PEEK[]" in line]
        assert (asked[-1].split()[2], server.count("UID FETCH") - bodies) == ("4", 2)  # the others' dates are the same
        letters(server, [5, 6], "new", hours=10)
        await of(server, journal).once()
        await of(server, journal).once()
    assert subjects(journal)[5:] == ["new 4", "new 5", "new 6"]
    assert [one.backlog for one in journal.arrivals.values()][5:] == [False] * 3


async def test_a_server_that_begins_again_once_the_folder_is_empty_is_read(journal: MemoryJournal) -> None:
    async with ScriptedImap(folders=["Done"]) as server:
        letters(server, [1, 2], "first")
        for turn in range(1, 4):
            await of(server, journal, after="move:Done").once()
            assert server.folders["INBOX"] == {}
            server.uidnext = 1
            await of(server, journal, after="move:Done").once()  # a look at the empty folder is what tells
            letters(server, [1], f"turn {turn}", hours=turn)
        await of(server, journal, after="move:Done").once()
        assert server.folders["INBOX"] == {}
    assert subjects(journal) == ["first 1", "first 2", "turn 1 1", "turn 2 1", "turn 3 1"]


async def test_a_uidnext_that_is_never_right_begins_no_round(journal: MemoryJournal) -> None:
    async with ScriptedImap() as server:
        letters(server, range(1, 4), "mail")
        for _ in range(3):
            server.uidnext = 1
            await of(server, journal).once()
    assert (len(journal.raws), {one.uidvalidity for one in journal.arrivals.values()}) == (3, {7})


async def test_a_round_that_could_not_be_ended_is_gone_on_with_however_many_mails_came(journal: MemoryJournal) -> None:
    async def not_the_fourth(link: Link, tag: str, arguments: str, normal: Normal) -> None:
        bare = arguments.split()[0] == "4" and "BODY" in arguments
        await (link.say(f"{tag} NO [SERVERBUG] no") if bare else normal())

    async with ScriptedImap() as server:
        letters(server, range(1, 6), "old")
        await of(server, journal).once()
        del server.folders["INBOX"][4], server.folders["INBOX"][5]
        letters(server, [4], "new", hours=9)
        server.fault("UID FETCH", *[not_the_fourth] * 9)
        await of(server, journal).once()  # the new one is kept back
        letters(server, range(5, 8), "new", hours=10)  # beyond all that was read before
        server.end_faults("UID FETCH")
        for _ in range(3):
            await of(server, journal).once()
    assert subjects(journal)[5:] == ["new 4", "new 5", "new 6", "new 7"]
    assert {one.uidvalidity for one in list(journal.arrivals.values())[5:]} == {7 + 2**32}


async def test_what_the_server_was_not_told_of_an_earlier_round_it_is_told_in_the_next(journal: MemoryJournal) -> None:
    async with ScriptedImap(folders=["Done"]) as server:
        letters(server, range(1, 6), "old")
        server.fault("UID MOVE", *[refuse("NO [INUSE] later")] * 9)
        await of(server, journal, after="move:Done").once()
        server.end_faults("UID MOVE")
        del server.folders["INBOX"][4], server.folders["INBOX"][5]
        letters(server, [3], "new", hours=9)
        await of(server, journal, after="move:Done").once()
        assert server.folders["INBOX"] == {}
    assert journal.marked == {1, 2, 6}
    assert subjects(journal)[5:] == ["new 3"]


async def test_the_audit_finds_a_mail_whose_number_an_earlier_one_had(journal: MemoryJournal) -> None:
    async with ScriptedImap() as server:
        letters(server, range(1, 6), "old")
        await of(server, journal).once()
        del server.folders["INBOX"][4], server.folders["INBOX"][5]
        server.uidnext = 4
        await of(server, journal).once()
        letters(server, [4], "new", hours=9)
        session = await ImapSession.open(settings(server))
        found = await audit_folder(session, settings(server), "INBOX", None, Kept(journal))
        session.close()
    there = {line.uid: line.state for line in found.lines}
    assert there == {1: "decided", 2: "decided", 3: "decided", 4: "to_come"}


class Kept:
    """The journal as an audit reads it."""

    def __init__(self, journal: MemoryJournal) -> None:
        self.cursor, self.moved_cursor = journal.cursor, journal.moved_cursor
        self._journal = journal

    def journal_entries(self, source: str, folder: str, uidvalidity: int | None) -> dict[str, Entry]:
        place = (source, folder, uidvalidity)
        mine = {
            n: one for n, one in self._journal.arrivals.items() if (one.source, one.folder, one.uidvalidity) == place
        }
        return {
            one.key: Entry(n, one.key, one.uid, one.received_at, "created", "", oversize=False, marked=False)
            for n, one in mine.items()
        }
