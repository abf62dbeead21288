"""How full a Maildir is, by its Maildir++ quota file; and no trouble where the file says nothing."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mailcase.intake.maildir import sync
from mailcase.intake.maildir.quota import share_used, used_share
from tests.servers.imap_source import mail
from tests.servers.maildir import Maildir
from tests.servers.memory_journal import MemoryJournal


@pytest.mark.parametrize(
    ("content", "share"),
    [
        (b"1000S\n900 3\n", 0.9),
        (b"1000S,10C\n600 3\n-100 -1\n400 6\n", 0.9),
        (b"1000S,10C\n           100           9\n", 0.9),
        (b"10C,1000s\n950 1\n", 0.95),
        (b"1000S\n2500 3\n", 2.5),
        (b"1000S\n", 0.0),
        (b"1000S\n-5 -1", 0.0),
        (b"1000S\n" + b"1 0\n" * 500, 0.5),
        (b"0S,0C\n900 3\n", None),
        (b"NOQUOTA\n900 3\n", None),
        (b"", None),
        (b"1000S\n900\n", None),
        (b"1000S\n900 x\n", None),
        (b"xS\n900 3\n", None),
        (b"1000S\n" + b"1 0\n" * 20_000, None),
        (b"1S\n" + b"9" * 4000 + b" 1\n", None),
        (b"9" * 4000 + b"S\n" + b"9" * 4000 + b" 1\n", 1.0),
    ],
)
def test_the_sums_of_the_changes_are_what_is_used(content: bytes, share: float | None) -> None:
    assert used_share(content) == share


@pytest.fixture
def box(tmp_path: Path) -> Maildir:
    return Maildir(tmp_path / "Maildir")


async def test_a_mailbox_tells_how_full_its_maildir_is(box: Maildir, journal: MemoryJournal) -> None:
    watcher = box.watcher(journal)
    shares: list[Any] = []
    for limit in (None, 1000, 2000, 0):
        if limit is not None:
            (box.path / "maildirsize").write_text(f"{limit}S\n930 2\n")
        box.put(mail(f"limit {limit}"))
        await watcher.once()
        shares.append(watcher.state.quota)
    assert shares == [None, 0.93, 0.465, None]
    assert (watcher.state.trouble, len(journal.raws)) == ("", 4)


def test_a_folder_of_a_maildir_goes_by_the_file_of_the_maildir(box: Maildir) -> None:
    (box.path / "maildirsize").write_text("1000S\n930 2\n")
    folder = Maildir(box.path / ".Support")
    assert share_used(folder.path) is None
    (folder.path / "maildirfolder").touch()
    assert share_used(folder.path) == 0.93


def test_what_is_no_file_of_its_own_says_nothing_and_holds_nobody_up(box: Maildir) -> None:
    (box.path / "other").write_text("1000S\n930 2\n")
    (box.path / "maildirsize").symlink_to(box.path / "other")
    assert share_used(box.path) is None
    (box.path / "maildirsize").unlink()
    os.mkfifo(box.path / "maildirsize")
    assert share_used(box.path) is None


async def test_mails_are_told_before_the_quota_is_asked(box: Maildir, journal: MemoryJournal) -> None:
    asked: list[str] = []
    watcher = box.watcher(journal)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sync, "share_used", lambda _: asked.append("quota"))
        patch.setattr(sync.MaildirSync, "tell", lambda _: _noted(asked))
        await watcher.once()
    assert asked == ["told", "quota"]


async def _noted(asked: list[str]) -> None:
    asked.append("told")


def test_a_directory_in_its_place_leaves_nothing_open(box: Maildir) -> None:
    (box.path / "maildirsize").mkdir()
    assert share_used(box.path) is None
    assert not _is_open(box.path / "maildirsize")


def _is_open(folder: Path) -> bool:
    """Whether this process has it open; other threads open and close their own files meanwhile."""
    for handle in map(int, os.listdir("/dev/fd")):
        with suppress(OSError):
            if os.path.samestat(os.fstat(handle), folder.stat()):
                return True
    return False


def test_a_folder_that_is_open_is_seen_to_be_so(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    assert _is_open(tmp_path)
    os.close(handle)
    assert not _is_open(tmp_path)
