"""UIDs that a server gives a second time under one UIDVALIDITY (a backup that was put back, GMX): no mail is lost."""

from collections.abc import Iterable
from datetime import timedelta

from mailcase.intake.watcher import Watcher
from tests.servers.imap_help import watch
from tests.servers.memory_journal import MemoryJournal
from tests.servers.scripted_imap import RECEIVED, ScriptedImap, StoredMail


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
