"""One suite for the IMAP source, run against Dovecot and pymap."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailcase.intake.imap.failures import FolderMissing
from mailcase.intake.imap.preview import would_take
from mailcase.intake.imap.session import ImapSession
from mailcase.intake.watcher import Watcher
from tests.servers.imap_source import OLD, Source, mail
from tests.servers.memory_journal import MemoryJournal
from tests.servers.ports import until
from tests.servers.pymap import Pymap

ODD = [
    b"",
    b"no header at all",
    mail("literal look-alikes", b"* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\nA1 OK done\r\n{5}\r\n)))((("),
    mail("octets", bytes(byte for byte in range(1, 256) if byte not in b"\r\n") + b"\r\n"),
    mail("long line", b"x" * 100_000 + b"\r\n"),
    mail("large", b"0123456789abcde\r\n" * 60_000),
    mail('subject :-( ( ( \\ " *', b"\r\n\r\n.\r\n..\r\n"),
]


async def test_every_octet_of_every_mail_arrives(source: Source, journal: MemoryJournal) -> None:
    sent = [raw for raw in ODD if raw] + [mail(f"number {number}") for number in range(40)]
    await source.person.append(*sent)
    await source.watcher(journal, batch_bytes=500_000, batch_mails=7).once()
    assert journal.raws == sent


async def test_new_leaves_what_lay_there_for_ever_and_takes_what_comes(source: Source, journal: MemoryJournal) -> None:
    await source.person.append(mail("old"), received=OLD)
    await source.watcher(journal, start="new", after="delete").once()
    await source.person.append(mail("comes, dated before"), received=OLD - timedelta(days=900))
    for _ in range(2):
        await source.watcher(journal, start="new", after="delete").once()
    assert journal.raws == [mail("comes, dated before")]
    assert not journal.arrivals[1].backlog
    assert await source.person.raws() == [mail("old")]
    assert await source.person.flags() == [set()]


async def test_all_takes_what_lay_there_as_backlog(source: Source, journal: MemoryJournal) -> None:
    await source.person.append(mail("old"), received=OLD)
    await source.watcher(journal, start="all").once()
    await source.person.append(mail("new"))
    await source.watcher(journal, start="all").once()
    assert [(one.raw, one.backlog) for one in journal.arrivals.values()] == [(mail("old"), True), (mail("new"), False)]
    assert journal.arrivals[1].received_at == OLD


async def test_a_date_takes_what_arrived_from_that_day_on(source: Source, journal: MemoryJournal) -> None:
    for day in (9, 10, 11):
        await source.person.append(mail(f"day {day}"), received=OLD.replace(day=day))
    for _ in range(2):
        await source.watcher(journal, start="2026-01-10").once()
    await source.person.append(mail("now"))
    await source.watcher(journal, start="2026-01-10").once()
    assert journal.raws == [mail("day 10"), mail("day 11"), mail("now")]
    assert [one.backlog for one in journal.arrivals.values()] == [True, True, False]


@pytest.mark.parametrize(
    ("after", "left", "flags"),
    [("keep", 2, [set(), set()]), ("seen", 2, [{r"\Seen"}, {r"\Seen"}]), ("delete", 0, []), ("move:Done", 0, [])],
)
async def test_the_server_is_told_after_the_commit(
    source: Source, journal: MemoryJournal, after: str, left: int, flags: list[set[str]]
) -> None:
    await source.person.append(mail("one"), mail("two"))
    await source.watcher(journal, after=after).once()
    assert len(await source.person.raws()) == left
    assert await source.person.flags() == flags
    assert journal.marked == {1, 2}
    if after.startswith("move"):
        assert await source.person.raws("Done") == [mail("one"), mail("two")]


async def test_what_is_not_decided_or_quarantined_stays_untouched(source: Source, journal: MemoryJournal) -> None:
    async def decide_the_second(rows: Any, _: Any) -> None:
        journal.outcomes[rows[0].delivery.id] = "quarantined"
        journal.outcomes[rows[1].delivery.id] = "created"

    await source.person.append(mail("one"), mail("two"), mail("three"))
    await Watcher(source.settings(after="delete"), journal, journal.in_store, decide_the_second).once()
    assert await source.person.raws() == [mail("one"), mail("three")]
    assert await source.person.flags() == [set(), set()]


async def test_marking_that_was_interrupted_is_finished_at_the_next_start(
    source: Source, journal: MemoryJournal
) -> None:
    await source.person.append(mail("one"), mail("two"))
    await source.watcher(journal, after="keep").once()
    journal.marked.clear()
    await source.watcher(journal, after="move:Done").once()
    assert await source.person.raws("Done") == [mail("one"), mail("two")]
    assert len(journal.arrivals) == 2


async def test_oversize_mail_comes_by_its_beginning_and_is_left_on_the_server(
    source: Source, journal: MemoryJournal
) -> None:
    large = mail("large", b"0123456789abcd\r\n" * 40_000)
    await source.person.append(mail("before"), large, mail("after"))
    await source.watcher(journal, after="delete", max_size=600_000).once()
    arrival = journal.arrivals[2]
    header, _, text = arrival.raw.partition(b"\r\n\r\n")
    assert (arrival.oversize, arrival.raw) == (True, large[: len(arrival.raw)])
    assert header.endswith(b"Subject: large")
    assert len(text) == 256 * 1024
    assert journal.raws[::2] == [mail("before"), mail("after")]
    assert await source.person.raws() == [large]


async def test_gaps_in_the_uids_are_no_obstacle(source: Source, journal: MemoryJournal) -> None:
    await source.person.append(*(mail(str(number)) for number in range(6)))
    await source.watcher(journal).once()
    first = sorted(uid for one in journal.arrivals.values() if (uid := one.uid))
    await source.person.expunge(f"{first[0]},{first[3]},{first[5]}")
    await source.person.append(mail("later"))
    await source.watcher(journal).once()
    assert journal.raws == [*(mail(str(number)) for number in range(6)), mail("later")]


async def test_reading_again_changes_nothing(source: Source, journal: MemoryJournal) -> None:
    await source.person.append(mail("one"), mail("two"))
    await source.watcher(journal).once()
    before = dict(journal.arrivals)
    await source.watcher(journal).once()
    assert journal.arrivals == before


async def test_the_echo_of_an_open_range_is_filtered(source: Source) -> None:
    await source.person.append(mail("one"))
    session = await ImapSession.open(source.settings())
    await session.select("INBOX", read_only=True)
    (uid,) = await session.search_all()
    assert await session.search_above(uid) == []
    assert await session.search_above(uid - 1) == [uid]
    await session.logout()


async def test_a_new_uidvalidity_reads_the_folder_again(source: Source, journal: MemoryJournal) -> None:
    await source.person.create("Box")
    await source.person.append(mail("before"), folder="Box", received=OLD)
    await source.watcher(journal, start="new", folders=("Box",)).once()
    await source.person.append(mail("known"), folder="Box", received=OLD + timedelta(days=1))
    await source.watcher(journal, start="new", folders=("Box",)).once()
    await source.person.delete_folder("Box")
    await source.person.create("Box")
    for days, subject in enumerate(("before", "known", "missed")):
        await source.person.append(mail(subject), folder="Box", received=OLD + timedelta(days=days))
    for _ in range(2):
        await source.watcher(journal, start="new", folders=("Box",)).once()
    await source.person.append(mail("later"), folder="Box", received=OLD - timedelta(days=5))
    await source.watcher(journal, start="new", folders=("Box",)).once()
    # "known" comes twice with two keys: the same mail again is the core's to see (B2)
    assert journal.raws == [mail("known"), mail("known"), mail("missed"), mail("later")]
    assert not any(one.backlog for one in journal.arrivals.values())


async def test_a_mailbox_moved_to_another_host_keeps_its_baseline_date(source: Source, journal: MemoryJournal) -> None:
    await source.person.append(mail("before"), received=OLD)
    await source.watcher(journal, start="new").once()
    (cursor,) = journal.cursors.values()
    async with Pymap() as pymap:
        other = Source(pymap.host, pymap.port, "user")
        await other.person.append(mail("before"), received=OLD)
        await other.person.append(mail("new"), received=OLD + timedelta(days=1))
        await other.watcher(journal, start="new").once()
    assert journal.raws == [mail("new")]
    assert {one.baseline_at for one in journal.cursors.values()} == {cursor.baseline_at}


async def test_a_mailbox_that_a_restored_backup_does_not_know_loses_nothing(
    source: Source, journal: MemoryJournal
) -> None:
    journal.lost_since = OLD
    await source.person.append(mail("before the backup"), received=OLD)
    await source.person.append(mail("since"), received=OLD + timedelta(days=1))
    for _ in range(2):
        await source.watcher(journal, start="new").once()
    await source.person.append(mail("now"))
    await source.watcher(journal, start="new").once()
    assert journal.raws == [mail("since"), mail("now")]


async def test_a_mailbox_renamed_and_later_moved_loses_nothing(source: Source, journal: MemoryJournal) -> None:
    await source.person.append(mail("before"), received=OLD)
    await source.watcher(journal, start="new").once()
    await replace(source, name="helpdesk").watcher(journal, start="new").once()  # nothing new is there
    async with Pymap() as pymap:
        other = Source(pymap.host, pymap.port, "user", "helpdesk")
        await other.person.append(mail("new"), received=OLD + timedelta(days=1))
        await other.watcher(journal, start="new").once()
    assert journal.raws == [mail("new")]


async def test_a_mail_is_announced_in_idle(source: Source, journal: MemoryJournal) -> None:
    watcher = source.watcher(journal, start="new", poll_s=3600)
    task = asyncio.create_task(watcher.run())
    await until(lambda: watcher.state.last_look is not None)
    for subject in ("one", "two"):
        await source.person.append(mail(subject))
        await until(lambda subject=subject: mail(subject) in journal.raws)  # type: ignore[misc]  # bound at once
    watcher.stop.set()
    await task


async def test_without_idle_the_clock_finds_it(source: Source, journal: MemoryJournal) -> None:
    watcher = source.watcher(journal, start="new", poll_s=0.05, idle=False)
    task = asyncio.create_task(watcher.run())
    await until(lambda: watcher.state.last_look is not None)
    await source.person.append(mail("one"))
    await until(lambda: journal.raws == [mail("one")])
    watcher.stop.set()
    await task


@pytest.mark.parametrize("folder", ["My Box", "Übergröße", "A&B", "Ablage/2026", "日本語", 'say "x"'])
async def test_folders_of_any_name_are_read_and_written(source: Source, journal: MemoryJournal, folder: str) -> None:
    await source.person.create(folder)
    await source.person.append(mail("one"), folder=folder)
    await source.watcher(journal, folders=(folder,), after=f"move:{folder} done").once()
    assert journal.raws == [mail("one")]
    assert await source.person.raws(folder) == []
    assert await source.person.raws(f"{folder} done") == [mail("one")]


async def test_a_missing_folder_is_said_and_does_not_keep_us_from_the_others(
    source: Source, journal: MemoryJournal
) -> None:
    await source.person.append(mail("one"))
    with pytest.raises(FolderMissing):
        await source.watcher(journal, folders=("Nowhere", "INBOX")).once()
    assert journal.raws == [mail("one")]


async def test_what_a_person_reads_or_deletes_meanwhile_makes_no_difference(
    source: Source, journal: MemoryJournal
) -> None:
    async def person_acts(rows: Any, raws: Any) -> None:
        if not journal.outcomes:
            await source.person.expunge(",".join(str(one.uid) for one in journal.arrivals.values() if one.uid))
        await journal.submit(rows, raws)

    await source.person.append(*(mail(str(number)) for number in range(4)))
    await source.person.flag("1:*", r"\Seen")
    await Watcher(source.settings(after="seen", batch_mails=2), journal, journal.in_store, person_acts).once()
    assert journal.raws[:2] == [mail("0"), mail("1")]
    assert journal.marked == set(journal.arrivals)


@pytest.mark.parametrize(("start", "count"), [("new", 0), ("all", 3), ("2026-01-10", 2)])
async def test_a_check_counts_what_start_would_take_and_changes_nothing(source: Source, start: str, count: int) -> None:
    for day in (9, 10, 11):
        await source.person.append(mail(f"day {day}"), received=OLD.replace(day=day))
    session = await ImapSession.open(source.settings())
    assert await would_take(session, "INBOX", start, None) == count
    await session.logout()
    assert await source.person.flags() == [set()] * 3
