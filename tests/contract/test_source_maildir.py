"""The Maildir source keeps what the suite of the IMAP source asks (B1, P1, P4), on a real folder."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailcase.cli.mail_files import arrivals
from mailcase.intake.maildir.watcher import MaildirWatcher
from mailcase.ports import Journalled
from tests.servers.imap_source import OLD, mail
from tests.servers.maildir import Maildir
from tests.servers.memory_journal import MemoryJournal

ONE, TWO = mail("one"), mail("two")


@pytest.fixture
def box(tmp_path: Path) -> Maildir:
    return Maildir(tmp_path / "Maildir")


async def test_every_octet_of_every_mail_arrives_in_order(box: Maildir, journal: MemoryJournal) -> None:
    sent = [b"", b"no header", mail("octets", bytes(range(256))), *(mail(str(number)) for number in range(30))]
    for raw in sent:
        box.put(raw)
    await box.watcher(journal, batch_bytes=500, batch_mails=7).once()
    assert journal.raws == sent


async def test_new_leaves_what_lay_there_for_ever_and_takes_what_comes(box: Maildir, journal: MemoryJournal) -> None:
    old = box.put(mail("old"), received=OLD)
    await box.watcher(journal, start="new", after="delete").once()
    box.open_mail(old, "S")
    box.put(mail("comes, dated before"), received=OLD - timedelta(days=900))
    for _ in range(2):
        await box.watcher(journal, start="new", after="delete").once()
    assert journal.raws == [mail("comes, dated before")]
    assert not journal.arrivals[1].backlog
    assert box.places() == [f"cur/{old.name}:2,S"]


async def test_all_takes_what_lay_there_as_backlog(box: Maildir, journal: MemoryJournal) -> None:
    box.put(ONE, received=OLD)
    await box.watcher(journal).once()
    box.put(TWO)
    await box.watcher(journal).once()
    assert [(one.raw, one.backlog) for one in journal.arrivals.values()] == [(ONE, True), (TWO, False)]
    assert journal.arrivals[1].received_at == OLD


async def test_a_date_takes_what_arrived_from_that_day_on(box: Maildir, journal: MemoryJournal) -> None:
    for day in (9, 10, 11):
        box.put(mail(f"day {day}"), received=OLD.replace(day=day))
    for _ in range(2):
        await box.watcher(journal, start="2026-01-10").once()
    box.put(mail("now"))
    await box.watcher(journal, start="2026-01-10").once()
    assert journal.raws == [mail("day 10"), mail("day 11"), mail("now")]
    assert [one.backlog for one in journal.arrivals.values()] == [True, True, False]


async def test_a_maildir_that_a_restored_backup_does_not_know_loses_nothing(
    box: Maildir, journal: MemoryJournal
) -> None:
    journal.lost_since = OLD
    box.put(mail("before the backup"), received=OLD)
    box.put(mail("since"), received=OLD.replace(day=OLD.day + 1))
    await box.watcher(journal, start="new").once()
    box.put(mail("now"))
    await box.watcher(journal, start="new").once()
    assert journal.raws == [mail("since"), mail("now")]


async def test_a_first_look_that_was_cut_off_still_knows_what_lay_there(box: Maildir, journal: MemoryJournal) -> None:
    async def fail(_rows: Sequence[Journalled], _raws: Sequence[bytes]) -> None:
        raise RuntimeError("killed")

    box.put(ONE)
    box.put(TWO)
    watcher = MaildirWatcher(box.settings(batch_mails=1), journal, journal.in_store, fail)
    with pytest.raises(RuntimeError):
        await watcher.once()
    await box.watcher(journal).once()
    assert [(one.raw, one.backlog) for one in journal.arrivals.values()] == [(ONE, True), (TWO, True)]


@pytest.mark.parametrize(
    ("after", "left"),
    [
        ("keep", ["cur/2.b:2,FR", "new/1.a"]),
        ("seen", ["cur/1.a:2,S", "cur/2.b:2,FRS"]),
        ("delete", []),
        ("move:Done/2026", []),
    ],
)
async def test_the_files_are_told_after_the_commit(
    box: Maildir, journal: MemoryJournal, after: str, left: list[str]
) -> None:
    box.put(ONE, name="1.a")
    box.put(TWO, part="cur", name="2.b:2,FR")
    await box.watcher(journal, after=after).once()
    assert (box.places(), journal.marked) == (left, {1, 2})
    if after.startswith("move"):
        assert box.places(".Done.2026") == ["cur/2.b:2,FR", "new/1.a"]
        assert (box.path / ".Done.2026" / "maildirfolder").exists()
        assert (box.path / ".Done.2026").stat().st_mode == box.path.stat().st_mode


async def test_what_is_not_decided_or_quarantined_stays_untouched(box: Maildir, journal: MemoryJournal) -> None:
    async def decide_the_second(rows: Any, _: Any) -> None:
        journal.outcomes.update({rows[0].delivery.id: "quarantined", rows[1].delivery.id: "created"})

    files = [box.put(mail(str(number))) for number in range(3)]
    await MaildirWatcher(box.settings(after="delete"), journal, journal.in_store, decide_the_second).once()
    assert box.places() == [f"new/{files[0].name}", f"new/{files[2].name}"]


async def test_telling_that_was_interrupted_is_finished_at_the_next_start(box: Maildir, journal: MemoryJournal) -> None:
    box.put(ONE)
    await box.watcher(journal, after="keep").once()
    journal.marked.clear()
    await box.watcher(journal, after="move:Done").once()
    journal.marked.clear()  # killed between the move and its memory
    await box.watcher(journal, after="move:Done").once()
    assert (len(box.places(".Done")), len(journal.arrivals), journal.marked) == (1, 1, {1})


async def test_a_mail_that_a_mail_program_opens_keeps_its_key(box: Maildir, journal: MemoryJournal) -> None:
    async def opens(rows: Any, raws: Any) -> None:
        box.open_mail(file, "RS")
        await journal.submit(rows, raws)

    file = box.put(ONE)
    await MaildirWatcher(box.settings(after="move:Done"), journal, journal.in_store, opens).once()
    await box.watcher(journal).once()
    assert (len(journal.arrivals), box.places(".Done")) == (1, [f"cur/{file.name}:2,RS"])


async def test_taken_in_by_hand_and_by_the_watcher_it_is_one_delivery(box: Maildir, journal: MemoryJournal) -> None:
    box.put(ONE, name="1.a,S=20")
    box.put(TWO, part="cur", name="2.\udcff:2,S")
    journal.journal(list(arrivals(box.path, "support", OLD, [], no_ack=True)), None)
    await box.watcher(journal).once()
    assert [one.key for one in journal.arrivals.values()] == ["1.a,S=20", "2.\\xff"]


async def test_what_lay_there_before_is_left_alone_though_it_was_taken_in_by_hand(
    box: Maildir, journal: MemoryJournal
) -> None:
    box.put(ONE)
    await box.watcher(journal, start="new", after="delete").once()
    (row,) = journal.journal(list(arrivals(box.path, "support", OLD, [], no_ack=True)), None)
    journal.outcomes[row.delivery.id] = "created"
    await box.watcher(journal, start="new", after="delete").once()
    assert len(box.places()) == 1


async def test_oversize_mail_comes_by_its_beginning_and_stays(box: Maildir, journal: MemoryJournal) -> None:
    large = mail("large", b"0123456789abcd\r\n" * 40_000)
    for raw in (ONE, large, TWO):
        box.put(raw)
    await box.watcher(journal, after="delete", max_size=600_000).once()
    header, _, text = journal.raws[1].partition(b"\r\n\r\n")
    assert [one.oversize for one in journal.arrivals.values()] == [False, True, False]
    assert header.endswith(b"Subject: large")
    assert (len(text), journal.raws[1]) == (256 * 1024, large[: len(journal.raws[1])])
    assert len(box.places()) == 1
