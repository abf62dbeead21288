"""Editing blacklist.txt keeps what people wrote and never loses the file."""

from datetime import date
from pathlib import Path

import pytest

from mailcase import blacklist_edit
from mailcase.errors import ConfigError, Permanent

TEXT = "# ours\n\nspam.example ; since spring # why\nnoreply@\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "blacklist.txt"
    path.write_text(TEXT, "utf-8")
    path.chmod(0o640)
    return path


def test_add_appends_with_note_and_end_date_and_keeps_the_rest(file: Path) -> None:
    line = blacklist_edit.add(file, "!jane@spam.example", note="a customer", until=date(2027, 1, 31))
    assert file.read_text("utf-8") == TEXT + "!jane@spam.example ; until=2027-01-31 ; a customer\n"
    assert (line.number, line.allows, line.until, line.note) == (5, True, date(2027, 1, 31), "a customer")
    assert file.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in file.parent.iterdir()] == ["blacklist.txt"]


def test_add_ends_an_unfinished_last_line(file: Path) -> None:
    file.write_text("spam.example", "utf-8")
    assert blacklist_edit.add(file, "*.bad.example").number == 2
    assert file.read_text("utf-8") == "spam.example\n*.bad.example\n"


@pytest.mark.parametrize("entry", ["spam.example", "SPAM.example.", " spam.example "])
def test_add_refuses_what_is_there_already(file: Path, entry: str) -> None:
    with pytest.raises(Permanent, match="stands in line 3 already"):
        blacklist_edit.add(file, entry)
    assert file.read_text("utf-8") == TEXT


@pytest.mark.parametrize("entry", ["", "two words", "a@b@c", "x.example\ny.example", "x.example # no", "x;y"])
def test_add_refuses_what_is_no_entry(file: Path, entry: str) -> None:
    with pytest.raises(blacklist_edit.NotAnEntry):
        blacklist_edit.add(file, entry)
    assert file.read_text("utf-8") == TEXT


def test_remove_takes_out_every_line_of_the_entry_and_keeps_comments(file: Path) -> None:
    file.write_text(TEXT + "Spam.Example\n", "utf-8")
    assert [line.number for line in blacklist_edit.remove(file, "spam.EXAMPLE")] == [3, 5]
    assert file.read_text("utf-8") == "# ours\n\nnoreply@\n"


def test_remove_keeps_line_ends_of_windows(file: Path) -> None:
    file.write_bytes(b"# ours\r\nspam.example\r\nnoreply@\r\n")
    blacklist_edit.remove(file, "spam.example")
    assert file.read_bytes() == b"# ours\r\nnoreply@\r\n"


def test_remove_says_when_there_is_nothing(file: Path) -> None:
    with pytest.raises(Permanent, match=r"no line of .* has the entry !spam\.example"):
        blacklist_edit.remove(file, "!spam.example")


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.txt"
    link.symlink_to(file)
    blacklist_edit.add(link, "x.example")
    assert link.is_symlink()
    assert "x.example" in file.read_text("utf-8")


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        blacklist_edit.add(tmp_path / "none.txt", "x.example")
