"""From [mailbox.maildir] to the source: paths without links, and folders that mail would come back from."""

from pathlib import Path

import pytest

from mailcase.config import Settings, load
from mailcase.errors import ConfigError
from mailcase.intake.maildir.names import folder_name, in_order, key_of, seen
from mailcase.maildir_settings import maildir_settings

BOX = '[[mailbox]]\nname = "{name}"\naddress = "{name}@helpdesk.example"\n[mailbox.maildir]\npath = "{path}"\n{more}\n'
QUIET = "[acknowledge]\ncreated = false\nfollowed = false\n"


def settings(folder: Path, *boxes: str) -> Settings:
    file = folder / "mailcase.toml"
    file.write_text(QUIET + "".join(boxes))
    return load(file, {})


def test_the_path_is_relative_to_the_file_and_has_no_links_left(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    made = settings(tmp_path, BOX.format(name="a", path="link", more='after = "seen"\npoll = "2s"'))
    told = maildir_settings(made, made.mailbox[0])
    assert (told.path, told.source) == (tmp_path / "real", f"maildir:{tmp_path / 'real'}")
    assert (told.mailbox, told.after, told.start, told.poll_s) == ("a", "seen", "new", 2.0)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('after = "move:Inbox"', "names the Maildir itself: mails would come back"),
        ('after = "move:/Archive"', 'expected a sub-folder such as "move:Archive/2026"'),
        ('after = "move:.."', 'expected a sub-folder such as "move:Archive/2026"'),
        ('after = "archive"', 'expected "keep", "seen", "delete" or "move:Folder"'),
    ],
)
def test_a_folder_that_cannot_be_is_told_when_it_is_read(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings(tmp_path, BOX.format(name="a", path="Maildir", more=more))


def test_two_mailboxes_on_one_maildir_are_refused_whatever_they_call_it(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("Maildir")
    boxes = [BOX.format(name=name, path=path, more="") for name, path in (("a", "Maildir"), ("b", "link"))]
    with pytest.raises(ConfigError, match="read by mailbox a: a mail can have one mailbox only"):
        settings(tmp_path, *boxes)


@pytest.mark.parametrize(
    ("name", "key", "read"),
    [
        ("17.M1.host", "17.M1.host", "17.M1.host:2,S"),
        ("17.M1.host,S=9,W=10:2,FR", "17.M1.host,S=9,W=10", "17.M1.host,S=9,W=10:2,FRS"),
        ("17.M1.host:2,S", "17.M1.host", "17.M1.host:2,S"),
        ("17.M1.host:1,x", "17.M1.host", "17.M1.host:2,S"),
        ("17.\udce4:2,", "17.\\xe4", "17.\udce4:2,S"),
    ],
)
def test_a_name_keeps_its_unique_part_whatever_its_flags(name: str, key: str, read: str) -> None:
    assert (key_of(name), seen(name), key_of(seen(name))) == (key, read, key)


def test_names_sort_by_their_time_and_folders_are_maildir_plus_plus() -> None:
    assert sorted(["10.a", "9.b", "x.c", "9.a"], key=in_order) == ["x.c", "9.a", "9.b", "10.a"]
    assert [folder_name(one) for one in ("Done", "Archive/2026", "Entwürfe")] == [
        ".Done",
        ".Archive.2026",
        ".Entw&APw-rfe",
    ]
