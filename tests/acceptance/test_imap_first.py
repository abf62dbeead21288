"""The first connection to a large mailbox: facts slice by slice, and only those that are needed (B1)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mailcase.intake.imap.ports import MailFact
from mailcase.intake.imap.preview import would_take
from mailcase.intake.imap.session import SET_SIZE, ImapSession
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.watcher import Watcher
from tests.servers.imap_help import settings
from tests.servers.memory_journal import MemoryJournal
from tests.servers.scripted_imap import RECEIVED, Link, Normal, ScriptedImap

MANY = 2 * SET_SIZE + 3


class CountingSession(ImapSession):
    """The real session, which remembers how many facts it was asked for at once."""

    asked: list[int]

    @classmethod
    async def open(cls, settings: ImapSettings) -> "CountingSession":
        opened = await super().open(settings)
        opened.asked = []
        return opened

    async def facts(self, uids: Sequence[int]) -> list[MailFact]:
        self.asked.append(len(uids))
        return await super().facts(uids)

    async def dates(self, uids: Sequence[int]) -> list[datetime]:
        self.asked.append(len(uids))
        return await super().dates(uids)


def large() -> ScriptedImap:
    """Many mails; the newest one is neither the first nor the last."""
    server = ScriptedImap({uid: b"Subject: %d\r\n\r\n" % uid for uid in range(1, MANY + 1)})
    server.folders["INBOX"][SET_SIZE + 1].received = RECEIVED + timedelta(days=1)
    return server


async def look(server: ScriptedImap, journal: MemoryJournal, start: str) -> list[int]:
    """One pass; how many facts were asked for at once."""
    opened: list[CountingSession] = []

    async def open_session(settings: ImapSettings) -> CountingSession:
        opened.append(await CountingSession.open(settings))
        return opened[-1]

    told = settings(server, start=start)
    await Watcher(told, journal, journal.in_store, journal.submit, open_session=open_session).once()
    return opened[0].asked


def only_cursor(journal: MemoryJournal) -> tuple[datetime | None, int]:
    (cursor,) = journal.cursors.values()
    return cursor.baseline_at, cursor.baseline_uid


@pytest.mark.parametrize("start", ["new", "all", "2026-02-01"])
async def test_a_first_connection_never_holds_the_facts_of_the_whole_mailbox(
    journal: MemoryJournal, start: str
) -> None:
    async with large() as server:
        asked = await look(server, journal, start)
    assert max(asked) <= SET_SIZE
    assert only_cursor(journal) == (RECEIVED + timedelta(days=1), MANY + 1)
    assert len(journal.arrivals) == (MANY if start == "all" else 0)


async def test_with_new_only_internaldates_are_asked_for(journal: MemoryJournal) -> None:
    async with large() as server:
        await look(server, journal, "new")
    fetches = [line for line in server.commands if line.startswith("UID FETCH")]
    assert len(fetches) == 3
    assert not [line for line in fetches if "RFC822.SIZE" in line]


async def test_a_new_uidvalidity_is_read_slice_by_slice(journal: MemoryJournal) -> None:
    async with large() as server:
        await look(server, journal, "new")
        server.uidvalidity += 1
        late = [2, SET_SIZE + 2, MANY]
        for uid in late:
            server.folders["INBOX"][uid].received = RECEIVED + timedelta(days=2)
        asked = await look(server, journal, "new")
    assert max(asked) <= SET_SIZE
    assert [one.uid for one in journal.arrivals.values()] == late
    assert not any(one.backlog for one in journal.arrivals.values())


@pytest.mark.parametrize("mails", [3, MANY])  # stopped in the last slice, and before it
async def test_what_a_restart_could_not_end_begins_anew(journal: MemoryJournal, mails: int) -> None:
    async with large() as server:
        for uid in range(mails + 1, MANY + 1):
            del server.folders["INBOX"][uid]
        await look(server, journal, "new")
        old = dict(journal.cursors)
        server.uidvalidity += 1
        for mail in server.folders["INBOX"].values():
            mail.received = RECEIVED + timedelta(days=2)
        told = settings(server, start="new", batch_mails=mails - 1)
        watcher = Watcher(told, journal, journal.in_store, journal.submit)

        async def stop(_: Link, _tag: str, _arguments: str, normal: Normal) -> None:
            watcher.stop.set()
            await normal()

        server.fault("UID FETCH", stop)
        await watcher.once()
        assert journal.cursors == old
        assert 0 < len(journal.arrivals) < mails
        await look(server, journal, "new")
    assert sorted(one.uid or 0 for one in journal.arrivals.values()) == list(range(1, mails + 1))


async def test_a_first_look_that_was_stopped_leaves_no_cursor(journal: MemoryJournal) -> None:
    async with large() as server:
        watcher = Watcher(settings(server, start="new"), journal, journal.in_store, journal.submit)

        async def stop(_: Link, _tag: str, _arguments: str, normal: Normal) -> None:
            watcher.stop.set()
            await normal()

        server.fault("UID FETCH", stop)
        await watcher.once()
    assert journal.cursors == {}


@pytest.mark.parametrize(("start", "count"), [("2026-01-03", 1), ("2026-01-02", MANY)])
async def test_a_check_holds_no_more_facts_either(journal: MemoryJournal, start: str, count: int) -> None:
    async with large() as server:
        await look(server, journal, "new")
        (cursor,) = journal.cursors.values()
        session = await CountingSession.open(settings(server))
        assert await would_take(session, "INBOX", start, None) == count
        moved = replace(cursor, uidvalidity=6, baseline_at=RECEIVED)
        assert await would_take(session, "INBOX", "new", moved) == 1
        session.close()
    assert max(session.asked) <= SET_SIZE
