"""A server whose numbers are no UIDs: what is left out of them is told, and nothing of it stops the mailbox."""

import pytest
from structlog.testing import capture_logs

from mailcase.intake.imap.numbering import NoNumbering
from mailcase.log import Event
from tests.servers.imap_help import ONE, TWO, watch
from tests.servers.memory_journal import MemoryJournal
from tests.servers.scripted_imap import ScriptedImap, StoredMail, say_first


async def test_listed_numbers_that_are_no_uids_are_left_out_and_told_once(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    odd = say_first("* SEARCH 2 0 -1 abc 99999999999999999999 4294967296")
    scripted.fault("UID SEARCH", odd, odd)
    with capture_logs() as logs:
        await watch(scripted, journal).once()
    assert journal.raws == [ONE, TWO]
    told = [line for line in logs if line["event"] == Event.UIDS_ODD.word]
    assert [(line["folder"], line["numbers"], line["largest"]) for line in told] == [
        ("INBOX", 3, "99999999999999999999")
    ]


async def test_the_largest_uid_is_one_and_what_is_above_is_not_asked_for(journal: MemoryJournal) -> None:
    async with ScriptedImap() as server:
        server.folders["INBOX"] = {2**32 - 1: StoredMail(ONE), 2**70: StoredMail(TWO)}
        server.uidnext = 2**71
        await watch(server, journal).once()
        await watch(server, journal).once()
    assert [(one.uid, one.raw) for one in journal.arrivals.values()] == [(2**32 - 1, ONE)]
    assert all(one.baseline_uid <= 2**32 for one in journal.cursors.values())


@pytest.mark.parametrize("number", [0, -5, 2**32, 99999999999999999999])
async def test_an_impossible_uidvalidity_is_refused_by_name(
    scripted: ScriptedImap, journal: MemoryJournal, number: int
) -> None:
    scripted.uidvalidity = number
    watcher = watch(scripted, journal)
    said = f"{scripted.host}:{scripted.port}: folder INBOX: the server gives UIDVALIDITY {number}, not 1 to 4294967295"
    with pytest.raises(NoNumbering, match=said):
        await watcher.once()
    assert (watcher.state.trouble, watcher.state.error[: len(said)]) == ("folder_refused", said)
    assert journal.raws == []
