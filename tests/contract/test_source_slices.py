"""A large mailbox is read in slices, on Dovecot and pymap, and nothing is different for it (B1)."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from mailcase.intake.imap import batches
from mailcase.intake.imap.session import ImapSession
from mailcase.ports import Arrival, Cursor, Journalled
from tests.servers.imap_source import OLD, Source, mail
from tests.servers.memory_journal import MemoryJournal


async def test_dates_are_the_internaldates_of_those_that_are_there(source: Source) -> None:
    for day in (11, 9, 10):
        await source.person.append(mail(f"day {day}"), received=OLD.replace(day=day))
    session = await ImapSession.open(source.settings())
    await session.select("INBOX", read_only=True)
    uids = await session.search_all()
    assert await session.dates(uids[:2]) == [OLD.replace(day=11), OLD.replace(day=9)]
    assert await session.dates([*uids, uids[-1] + 1]) == [OLD.replace(day=day) for day in (11, 9, 10)]
    await session.logout()


async def test_whether_a_mail_exceeds_a_size_is_known_without_its_size(source: Source) -> None:
    await source.person.append(mail("short"))
    session = await ImapSession.open(source.settings())
    await session.select("INBOX", read_only=True)
    uids = await session.search_all()
    (whole,) = (await session.bodies(uids)).values()
    around = (0, len(whole) - 1, len(whole), len(whole) + 1)
    assert [await session.exceeds(uids[0], size) for size in around] == [True, True, False, False]
    assert not await session.exceeds(uids[0] + 1, 0)
    await session.logout()


@pytest.mark.parametrize("size", [1, 2])
async def test_slices_change_nothing_of_what_is_read(
    source: Source, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(batches, "SLICE", size)
    await source.person.create("Box")
    for days in (2, 0, 1):
        await source.person.append(mail(f"before {days}"), folder="Box", received=OLD + timedelta(days=days))
    await source.watcher(journal, start="new", folders=("Box",)).once()
    assert [one.baseline_at for one in journal.cursors.values()] == [OLD + timedelta(days=2)]
    await source.person.delete_folder("Box")
    await source.person.create("Box")
    for days in range(6):
        await source.person.append(mail(str(days)), folder="Box", received=OLD + timedelta(days=days))
    for _ in range(2):
        await source.watcher(journal, start="new", folders=("Box",)).once()
    assert journal.raws == [mail("3"), mail("4"), mail("5")]


class Diary(MemoryJournal):
    """A journal that remembers what it was asked to write."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def journal(self, arrivals: Sequence[Arrival], cursor: Cursor | None) -> list[Journalled]:
        """One batch."""
        self.asked.append("journal")
        return super().journal(arrivals, cursor)

    def set_marked(self, delivery_ids: Sequence[int]) -> None:
        """The server was told."""
        self.asked.append("mark")
        super().set_marked(delivery_ids)


async def test_a_long_look_tells_the_server_every_fourth_batch_and_at_its_end(source: Source) -> None:
    diary = Diary()
    for number in range(9):
        await source.person.append(mail(str(number)))
    await source.watcher(diary, start="all", batch_mails=1).once()
    assert "".join(one[0] for one in diary.asked) == "jjjjmjjjjmjm"
    assert len(diary.marked) == 9
