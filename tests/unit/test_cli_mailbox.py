"""`mailbox` and `template`: what they print, and how they refuse; no server is needed."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailcase.cli.main import app
from mailcase.clock import utcnow
from mailcase.health.situation import DaemonTold, Facts, MailboxTold
from mailcase.intake.state import MailboxState
from mailcase.store.store import Store
from tests.servers.letters import letter

_CONFIG = """
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
language = "de"
[mailbox.imap]
host = "imap.helpdesk.example"
user = "support"
password = { env = "NOT_THERE" }
[mailbox.smtp]
host = "127.0.0.1"
security = "none"
from_name = "Help desk"
[[mailbox]]
name = "sales"
address = "sales@helpdesk.example"
[mailbox.smtp]
host = "127.0.0.1"
security = "none"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "token.key").write_text("k" * 40)
    (tmp_path / "blacklist.txt").write_text("")
    (tmp_path / "mailcase.toml").write_text(_CONFIG)
    return tmp_path


def call(folder: Path, *args: str, status: int = 0, data: bytes = b"") -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, ["--config", str(folder / "mailcase.toml"), *args], input=data)
    assert done.exit_code == status, done.output
    return done.output if status else done.stdout


def test_a_pause_says_who_and_when_and_is_done_once(folder: Path) -> None:
    assert "support is paused, by jane@helpdesk.example, " in call(
        folder, "mailbox", "pause", "support", "--as", "jane@helpdesk.example"
    )
    told = json.loads(call(folder, "--json", "mailbox", "pause", "support", "--as", "bob@helpdesk.example"))
    assert (told["changed"], told["paused"]["by"]) == (False, "jane@helpdesk.example")
    assert "support was paused already, by jane" in call(folder, "mailbox", "pause", "support")
    listed = json.loads(call(folder, "--json", "mailbox", "list"))
    assert [(one["name"], one["state"], one["source"]) for one in listed] == [
        ("support", "paused", "imap:imap.helpdesk.example:support"),
        ("sales", "no_source", "ingest"),
    ]
    assert call(folder, "mailbox", "resume", "support") == "support is read again\n"
    assert call(folder, "mailbox", "resume", "support") == "support was not paused\n"


@pytest.mark.parametrize(
    ("age", "error", "state"),
    [(0, "", "reading"), (0, "no route to host", "error"), (300, "no route to host", "stopped")],
)
def test_the_state_is_what_a_living_daemon_told(folder: Path, age: int, error: str, state: str) -> None:
    now = utcnow()
    seen = now - timedelta(seconds=age)
    store = Store.open("sqlite:///mailcase.db", folder)
    daemon = DaemonTold("h:1:x", "h", 1, "0", seen, seen, Facts())
    fares = MailboxState(last_look=seen, error=error, failing_since=seen if error else None)
    store.tell_health(daemon, [MailboxTold("support", "h:1:x", "imap:h:u", fares, seen)])
    store.close()
    row = json.loads(call(folder, "--json", "mailbox", "list"))[0]
    assert (row["state"], row["error"]) == (state, error if state == "error" else "")
    assert row["last_look"]


def test_a_mailbox_whose_mail_is_handed_in_is_called_as_status_calls_it(folder: Path) -> None:
    now = utcnow()
    store = Store.open("sqlite:///mailcase.db", folder)
    fares = MailboxState(last_look=now, last_mail=now, connected=True)
    told = DaemonTold("h:1:x", "h", 1, "0", now, now, Facts())
    store.tell_health(told, [MailboxTold("sales", "h:1:x", "lmtp", fares, now)])
    store.close()
    row = json.loads(call(folder, "--json", "mailbox", "list"))[1]
    data = json.loads(call(folder, "--json", "status", status=1))["mailboxes"][1]
    assert (row["state"], row["source"]) == (data["state"], data["source"]) == ("no_source", "lmtp")


def test_a_template_is_shown_with_sample_values_and_the_number_as_configured(folder: Path) -> None:
    file = folder / "mailcase.toml"
    file.write_text('[cases]\nnumber_mask = "T{0:05d}"\n' + file.read_text())
    told = json.loads(call(folder, "--json", "template", "show", "followed"))
    assert (told["language"], told["from"], told["languages"]) == ("de", "support@helpdesk.example", ["de", "en"])
    assert "[T00012]" in told["subject"]
    assert "T00009" in told["text"]
    assert told["headers"]["Auto-Submitted"] == "auto-replied"
    assert "[T00012]" in call(folder, "template", "show", "registration", "--language", "en")


def test_a_template_is_shown_with_the_values_of_a_case_and_no_mark_that_counts(folder: Path) -> None:
    data = letter(1, subject="Printer jams", to="sales@helpdesk.example")
    call(folder, "ingest", "-", "--mailbox", "sales", data=data)
    told = json.loads(call(folder, "--json", "template", "show", "registration", "--case", "SR-1"))
    assert (told["from"], told["to"], told["subject"]) == (
        "sales@helpdesk.example",
        "c1@visitor.example",
        "Re: Printer jams [SR-1]",
    )
    assert "Customer 1" in told["text"]
    answer = letter(2, to="sales@helpdesk.example", subject="no number", body=told["text"].replace("SR-1", ""))
    taken = json.loads(call(folder, "--json", "ingest", "-", "--mailbox", "sales", data=answer))
    assert taken[0]["outcome"] == "created"  # its [ref:…] leads nowhere


@pytest.mark.parametrize(
    ("args", "status", "told"),
    [
        (("template", "show", "nix"), 2, "kept_as_note, neutral, new_case, opened, partly_done, reg"),
        (("template", "show", "neutral", "--language", "xx"), 2, "there are de, en"),
        (("template", "show", "neutral", "--case", "SR-9"), 1, ""),
        (("audit", "nobody"), 2, "known are support, sales"),
        (("mailbox", "pause", "nobody"), 2, "known are support, sales"),
        (("mailbox", "test", "nobody"), 2, "known are support, sales"),
        (("mailbox", "pause", "support", "--as", "jane"), 2, "is no address"),
    ],
)
def test_wrong_usage_names_what_there_is(folder: Path, args: tuple[str, ...], status: int, told: str) -> None:
    assert told in call(folder, *args, status=status)
