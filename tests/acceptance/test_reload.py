"""Changed files and paused mailboxes reach the running daemon, and a bad edit changes nothing (contract.md)."""

import signal

import pytest

from tests.servers.desk import Desk, OpenDesk
from tests.servers.letters import letter

pytestmark = pytest.mark.dovecot

SECOND = """
[[mailbox]]
name = "sales"
address = "sales@helpdesk.example"
group = "sales"
start = "all"
[mailbox.imap]
host = "127.0.0.1"
port = {imap}
security = "none"
user = "seller"
password = "pass"
poll = "1s"
[mailbox.smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
"""


@pytest.fixture
def desk(open_desk: OpenDesk) -> Desk:
    desk = open_desk(dovecot={"user": "pass", "seller": "pass"})
    assert desk.once() == 0
    return desk


def told(desk: Desk, event: str) -> int:
    """How often the daemon's log has this event."""
    return (desk.dir / "daemon.log").read_text().count(f'"event": "{event}"')


def outcome(desk: Desk, number: int) -> str | None:
    return desk.outcomes().get(f"<m{number}@visitor.example>", (None,))[0]


def edit(desk: Desk, name: str, text: str) -> None:
    """Write a file as an editor does: another one takes its name."""
    new = desk.dir / f"{name}.new"
    new.write_text(text)
    new.replace(desk.dir / name)


def test_edits_apply_while_it_runs_and_bad_ones_do_not(desk: Desk) -> None:
    before = desk.config.read_text()
    daemon = desk.run()
    desk.put(letter(1))
    desk.wait(lambda: outcome(desk, 1) == "created", "the daemon works")

    edit(desk, "blacklist.txt", "c2@visitor.example\n")
    desk.wait(lambda: told(desk, "reloaded") == 1, "the blacklist was taken in")
    desk.put(letter(2))
    desk.wait(lambda: outcome(desk, 2) == "ignored", "the new line decides")

    edit(desk, "mailcase.toml", before.replace("workers = 1", "wokers = 1"))
    desk.wait(lambda: told(desk, "reload_refused") == 1, "the bad edit was refused")
    assert "nearest is workers" in (desk.dir / "daemon.log").read_text()
    desk.put(letter(3))
    desk.wait(lambda: "c3@visitor.example" in desk.sink.to, "the configuration before is in force")

    edit(desk, "mailcase.toml", before + SECOND.format(imap=desk.dovecot.port, smtp=desk.sink.port))
    desk.dovecot.put("seller", letter(4, to="sales@helpdesk.example"))
    desk.wait(lambda: outcome(desk, 4) == "created", "the new mailbox is read")

    edit(desk, "mailcase.toml", before.replace("[intake]", '[store]\nurl = "sqlite:///other.db"\n[intake]'))
    desk.wait(lambda: told(desk, "restart_needed") == 1, "a new store wants a restart")
    assert desk.stop(daemon) == 0
    assert not (desk.dir / "other.db").exists()


def test_an_edit_while_it_starts_counts_and_sighup_reads_the_files_again(desk: Desk) -> None:
    daemon = desk.run()
    desk.wait(lambda: told(desk, "started") == 1, "it runs")
    edit(desk, "blacklist.txt", "c2@visitor.example\n")
    desk.wait(lambda: told(desk, "reloaded") == 1, "the edit was seen though nobody had looked before")
    daemon.send_signal(signal.SIGHUP)
    desk.wait(lambda: told(desk, "reloaded") == 2, "SIGHUP reads the files again")
    assert desk.stop(daemon) == 0


def test_a_paused_mailbox_is_left_alone_until_it_is_resumed(desk: Desk) -> None:
    daemon = desk.run()
    desk.call("mailbox", "pause", "support")
    desk.wait(lambda: told(desk, "paused") == 1, "the daemon obeys")
    desk.put(letter(1))
    desk.call("mailbox", "resume", "support")
    desk.wait(lambda: outcome(desk, 1) == "created", "it goes on where it was")
    log = (desk.dir / "daemon.log").read_text()
    assert log.index('"event": "paused"') < log.index('"event": "resumed"') < log.index('"event": "journalled"')
    assert desk.stop(daemon) == 0
