"""`mailcase check` on real servers: what was tried, what came back, what to do; and nothing is changed."""

import json
from typing import Any

import pytest

from tests.servers.desk import Desk, OpenDesk
from tests.servers.letters import letter

pytestmark = pytest.mark.dovecot


def told(desk: Desk, what: str) -> tuple[bool, str, str]:
    """(ok, detail, cure) of one line."""
    rows: list[dict[str, Any]] = json.loads(desk.call("--json", "check").stdout)
    row = next(one for one in rows if one["what"] == what)
    return row["ok"], row["detail"], row["cure"]


def edit(desk: Desk, old: str, new: str) -> None:
    text = desk.config.read_text()
    assert old in text
    desk.config.write_text(text.replace(old, new))


def test_check_counts_what_start_would_take_and_changes_nothing(open_desk: OpenDesk) -> None:
    desk = open_desk(start="all")
    for number in (1, 2, 3):
        desk.put(letter(number))
    ok, detail, _ = told(desk, "imap")
    assert (ok, 'INBOX: 3 mails, 3 to take (start = "all")' in detail) == (True, True)
    ok, detail, _ = told(desk, "smtp")
    assert (ok, "null sender accepted" in detail) == (True, True)
    assert not list(desk.dir.glob("*.db"))
    assert desk.sink.mails == []
    edit(desk, 'start = "all"', 'start = "new"')
    assert "3 mails, none of them to take" in told(desk, "imap")[1]


def test_check_counts_from_the_cursor_once_there_is_one(open_desk: OpenDesk) -> None:
    desk = open_desk()
    assert desk.once() == 0
    desk.put(letter(1))
    assert "INBOX: 1 mail, 1 to take" in told(desk, "imap")[1]
    desk.once()
    assert "INBOX: 1 mail, 0 to take" in told(desk, "imap")[1]


def test_a_refused_login_names_the_place_of_the_password_and_never_the_password(open_desk: OpenDesk) -> None:
    desk = open_desk()
    (desk.dir / "secret").write_text("hunter2-wrong\n")
    edit(desk, 'password = "pass"', 'password = { file = "secret" }')
    ok, detail, cure = told(desk, "imap")
    assert (ok, "login refused for user" in detail) == (False, True)
    assert "the file secret (mode 0644, 14 bytes, ends with a newline: it is cut off; others can read it" in cure
    done = desk.call("--verbose", "check")
    assert done.returncode == 1
    assert b"hunter2" not in done.stdout + done.stderr


def test_a_missing_folder_and_a_dead_server_say_what_to_do(open_desk: OpenDesk) -> None:
    desk = open_desk()
    edit(desk, 'poll = "1s"', 'poll = "1s"\nfolders = ["INBOX", "Nowhere"]')
    ok, detail, cure = told(desk, "imap")
    assert (ok, "Nowhere" in detail, "name folders of the server" in cure) == (False, True, True)
    desk.sink.stop()
    ok, detail, cure = told(desk, "smtp")
    assert (ok, "look at host, port and security of [mailbox.smtp]" in cure) == (False, True)
