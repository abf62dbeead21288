"""A Maildir in trouble: what cannot be read, vanishes, is refused or busy holds up nothing else."""

import asyncio
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailcase.errors import Unavailable
from mailcase.intake.faring import STORE_WAIT_S
from mailcase.intake.imap.failures import FolderMissing
from mailcase.intake.maildir.watcher import MaildirWatcher
from mailcase.log import Event
from tests.servers.imap_source import OLD, mail
from tests.servers.maildir import Maildir
from tests.servers.memory_journal import MemoryJournal
from tests.servers.ports import until

ONE, TWO = mail("one"), mail("two")


@pytest.fixture
def box(tmp_path: Path) -> Maildir:
    return Maildir(tmp_path / "Maildir")


async def test_what_cannot_be_read_holds_nobody_up(box: Maildir, journal: MemoryJournal) -> None:
    secret = box.path.parent / "secret"
    secret.write_bytes(b"not mail")
    (box.path / "new" / "0.link").symlink_to(secret)
    os.mkfifo(box.path / "new" / "0.pipe")
    (box.path / "new" / "0.folder").mkdir()
    (box.path / "new" / ".hidden").write_bytes(b"x")
    (box.path / "tmp" / "1.unfinished").write_bytes(b"x")
    box.put(ONE)
    await box.watcher(journal, after="delete").once()
    assert journal.raws == [ONE]
    ((event, text),) = box.alarms
    assert event == Event.MAIL_REFUSED
    assert text.endswith("0.link: Too many levels of symbolic links (and 1 more)")


async def test_a_mail_that_has_the_name_of_another_is_told_and_then_read(box: Maildir, journal: MemoryJournal) -> None:
    box.put(ONE, name="1.same")
    box.put(TWO, part="cur", name="1.same:2,S")
    os.link(box.put(mail("three"), name="2.b"), box.path / "cur" / "2.b:2,")  # one mail on its way, seen twice
    watcher = box.watcher(journal)
    await watcher.once()
    await watcher.once()
    assert journal.raws == [TWO, mail("three")]
    assert {event for event, _ in box.alarms} == {Event.MAIL_REFUSED}
    assert {text for _, text in box.alarms} == {
        f"{box.path}/new/1.same: another mail has the same unique name: rename this file"
    }
    (box.path / "new" / "1.same").rename(box.path / "new" / "3.other")
    await watcher.once()
    assert journal.raws[2:] == [ONE]


async def test_a_file_that_vanishes_is_no_error_and_one_that_moves_is_found(
    box: Maildir, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mailcase.intake.maildir import files

    moving, going, read = box.put(ONE, name="1.a"), box.put(TWO, name="2.b"), files.read

    def late(folder: Path, place: str, *, oversize: bool = False) -> bytes:
        if place == "new/1.a":
            box.open_mail(moving)
            going.unlink()
        return read(folder, place, oversize=oversize)

    monkeypatch.setattr(files, "read", late)
    await box.watcher(journal).once()
    assert (journal.raws, box.alarms) == ([ONE], [])


async def test_a_mark_that_is_refused_is_an_alarm_and_made_later(box: Maildir, journal: MemoryJournal) -> None:
    box.put(ONE)
    (box.path / ".Done").write_bytes(b"in the way")
    await box.watcher(journal, after="move:Done").once()
    assert ([event for event, _ in box.alarms], journal.marked) == ([Event.MARK_FAILED], set())
    (box.path / ".Done").unlink()
    await box.watcher(journal, after="move:Done").once()
    assert (len(box.places(".Done")), journal.marked) == (1, {1})


@pytest.mark.parametrize("spoil", [lambda path: shutil.rmtree(path), lambda path: (path / "cur").rmdir()])
async def test_a_folder_that_is_no_maildir_is_told_and_read_once_it_is_there(
    box: Maildir, journal: MemoryJournal, spoil: Any
) -> None:
    spoil(box.path)
    with pytest.raises(FolderMissing, match=r"is no Maildir .*look at \[mailbox.maildir\] path"):
        await box.watcher(journal).once()
    watcher = box.watcher(journal, start="new")
    task = asyncio.create_task(watcher.run())
    await until(lambda: watcher.state.trouble == "folder_missing")
    assert box.alarms[-1][0] == Event.FOLDER_MISSING
    shutil.rmtree(box.path, ignore_errors=True)
    Maildir(box.path)
    await until(lambda: watcher.state.last_look is not None)
    box.put(ONE)
    await until(lambda: journal.raws == [ONE])
    assert (watcher.state.trouble, watcher.state.failing_since, watcher.state.connected) == ("", None, True)
    assert watcher.state.failed_at is None
    watcher.stop.set()
    await task


async def test_another_path_keeps_what_was_before_by_name_and_by_date(
    box: Maildir, journal: MemoryJournal, tmp_path: Path
) -> None:
    box.put(mail("before"), name="1.a", received=OLD)
    await box.watcher(journal, start="new").once()
    moved = Maildir(tmp_path / "moved")
    moved.put(mail("before"), name="1.a", received=OLD + timedelta(days=9))  # copied without its time
    moved.put(mail("older"), name="2.b", received=OLD)
    moved.put(mail("new"), name="3.c", received=OLD + timedelta(days=1))
    for _ in range(2):
        await moved.watcher(journal, start="new").once()
    assert [(one.raw, one.backlog) for one in journal.arrivals.values()] == [(mail("new"), False)]


async def test_a_mailbox_renamed_and_later_moved_loses_nothing(
    box: Maildir, journal: MemoryJournal, tmp_path: Path
) -> None:
    box.put(mail("before"), received=OLD)
    await box.watcher(journal, start="new").once()
    await box.watcher(journal, start="new", mailbox="helpdesk").once()  # nothing new is there
    moved = Maildir(tmp_path / "moved")
    moved.put(mail("new"), received=OLD + timedelta(days=1))
    await moved.watcher(journal, start="new", mailbox="helpdesk").once()
    assert journal.raws == [mail("new")]


async def test_a_full_disk_leaves_the_mail_where_it_is(box: Maildir, journal: MemoryJournal) -> None:
    def full() -> None:
        raise Unavailable("12 MB left")

    box.put(ONE)
    watcher = MaildirWatcher(
        box.settings(after="delete"), journal, journal.in_store, journal.submit, alarm=box._alarm, room=full
    )
    with pytest.raises(Unavailable):
        await watcher.once()
    assert (watcher.state.trouble, journal.raws, len(box.places())) == ("disk_low", [], 1)


async def test_the_state_tells_of_the_newest_mail_and_its_lag(box: Maildir, journal: MemoryJournal) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    box.put(ONE)
    watcher = MaildirWatcher(box.settings(), journal, journal.in_store, journal.submit, now=lambda: now)
    await watcher.once()
    assert (watcher.state.last_mail, watcher.state.last_look) == (None, now)  # it was not waited for
    box.put(TWO, received=now - timedelta(seconds=90))
    await watcher.once()
    assert (watcher.state.last_mail, watcher.state.lag_s) == (now, 90.0)


async def test_a_busy_store_is_waited_for_and_told(box: Maildir, journal: MemoryJournal) -> None:
    troubles: list[str] = []

    async def busy(work: Any, *args: Any) -> Any:
        troubles.append(watcher.state.trouble)
        if work == journal.journal and len(journal.raws) == 0 and troubles.count("store_busy") == 0:
            raise Unavailable("database is locked")
        return work(*args)

    box.put(ONE)
    watcher = MaildirWatcher(box.settings(), journal, busy, journal.submit)
    await watcher.once()
    assert STORE_WAIT_S > 1
    assert (journal.raws, "store_busy" in troubles, watcher.state.trouble) == ([ONE], True, "")


async def test_a_folder_in_which_nothing_changed_is_not_even_listed(
    box: Maildir, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mailcase.intake.maildir import files

    looks, listed, listing, ask = 0, list[Path](), files.listing, files.stamp

    def counted(folder: Path) -> tuple[int, ...] | None:
        nonlocal looks
        looks += 1
        return ask(folder)

    def told(folder: Path, *more: Any) -> dict[str, str]:
        listed.append(folder)
        return listing(folder, *more)

    def rested() -> None:
        for part in ("new", "cur"):
            os.utime(box.path / part, (OLD.timestamp(), OLD.timestamp()))

    monkeypatch.setattr(files, "listing", told)
    monkeypatch.setattr(files, "stamp", counted)
    rested()
    watcher = box.watcher(journal)
    task = asyncio.create_task(watcher.run())
    await until(lambda: looks == 5)
    assert len(listed) == 1
    box.put(ONE)
    await until(lambda: journal.raws == [ONE])
    watcher.stop.set()
    await task
