"""Mail through the command line: taken in, explained, shown, accepted, and set by hand."""

import json
import shutil
import sqlite3
import subprocess
from contextlib import chdir, closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mailcase.cli.main import EXITS, app
from mailcase.errors import MailcaseError
from mailcase.lock import hold
from tests.servers.prefork import PREFORK

CONFIG = """
[intake]
workers = 1
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
[mailbox.smtp]
host = "127.0.0.1"
port = 1
security = "none"
"""
HEAD = (
    "From: Erin Example <{name}@visitor.example>\nTo: support@helpdesk.example\nDate: Sat, 21 Nov 2026 09:15:00 +0000\n"
)
FIRST = HEAD.format(name="erin") + (
    "Subject: Printer\nMessage-ID: <a1@visitor.example>\nMIME-Version: 1.0\n"
    "Content-Type: multipart/mixed; boundary=xx\n\n--xx\n\nGood morning\n"
    '--xx\nContent-Type: text/plain\nContent-Disposition: attachment; filename="log.txt"\n\nline\n'
    '--xx\nContent-Type: application/x-ms-dos\nContent-Disposition: attachment; filename="run.exe"\n\nMZ\n--xx--\n'
)
REPLY = HEAD.format(name="erin") + (
    "Subject: AW: Printer\nMessage-ID: <a2@visitor.example>\nIn-Reply-To: <a1@visitor.example>\n\nIt jams again\n"
)
SPAM = HEAD.format(name="spam") + "Subject: Offer\nMessage-ID: <s@visitor.example>\n\nBuy\n"


READS = [
    ["message", "list"],
    ["message", "show"],
    ["message", "save"],
    ["case", "list"],
    ["case", "show"],
    ["outbox", "list"],
]


class Program:
    """The real program in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken: list[dict[str, Any]] = []

    def call(self, *args: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        words = [one for one in args if one != "--json"][:2]
        if words in READS:  # what only looks runs here: a process would cost seconds, and show the same
            return self._here(*args)
        command = ["-m", "mailcase", "--config", "mailcase.toml", *args]
        done = PREFORK.run(command, folder=self.folder, stdin=stdin.encode())
        return subprocess.CompletedProcess(args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def _here(self, *args: str) -> "subprocess.CompletedProcess[str]":
        with chdir(self.folder):
            done = CliRunner().invoke(app, ["--config", "mailcase.toml", *args])
        code, said = done.exit_code, done.stderr
        if isinstance(done.exception, MailcaseError):
            code = next(code for kind, code in EXITS if isinstance(done.exception, kind))
            said += f"mailcase: {done.exception}\n"
        elif done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(args, code, done.stdout, said)

    def json(self, *args: str, stdin: str = "") -> Any:
        done = self.call("--json", *args, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def program(begun: Program, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Its own for each test: several test processes share a file's tests, in any order."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(begun.folder, folder, dirs_exist_ok=True)
    made = Program(folder)
    made.taken = begun.taken
    return made


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Three mails taken in: new, its answer, and one from the blacklist."""
    folder = tmp_path_factory.mktemp("begun")
    (folder / "mailcase.toml").write_text(CONFIG)
    (folder / "token.key").write_text("k" * 40)
    (folder / "blacklist.txt").write_text("# ours\nspam@\n")
    for name, text in (("first", FIRST), ("reply", REPLY), ("spam", SPAM)):
        (folder / f"{name}.eml").write_text(text)
    made = Program(folder)
    made.taken = made.json("ingest", "first.eml", "reply.eml", "spam.eml", "--mailbox", "support")
    return made


def test_ingest_takes_files_in_order_and_says_what_became_of_them(program: Program) -> None:
    rows = program.taken
    assert [(one["path"], one["outcome"], one["reason"], one["case"]) for one in rows] == [
        ("first.eml", "created", "new_case", "SR-1"),
        ("reply.eml", "linked", "thread", "SR-1"),
        ("spam.eml", "ignored", "blacklisted", None),
    ]
    again = program.json("ingest", "first.eml", "--mailbox", "support")
    assert (again[0]["id"], again[0]["outcome"]) == (rows[0]["id"], "created")


def test_a_pipe_is_a_new_delivery_each_time_and_the_same_mail_a_duplicate(program: Program) -> None:
    rows = program.json("ingest", "-", "--mailbox", "support", stdin=FIRST)
    assert (rows[0]["outcome"], rows[0]["id"] > 3) == ("duplicate", True)


def test_explain_prints_the_decision_with_would_and_writes_nothing(program: Program) -> None:
    before = program.json("message", "list")
    told = program.json("explain", "first.eml", "--mailbox", "support")
    # Not a duplicate of its own stored copy; and a mail that others answer already joins their case (B15).
    assert (told["would"], told["outcome"], told["case"], "id" in told) == (True, "linked", "SR-1", False)
    assert [one["test"] for one in told["trace"]][:2] == ["same mail", "own mail"]
    assert program.json("explain", "reply.eml", "--mailbox", "support")["case"] == "SR-1"
    assert program.json("message", "list") == before


def test_explain_needs_no_store(program: Program, tmp_path: Path) -> None:
    for name in ("mailcase.toml", "token.key", "blacklist.txt", "reply.eml"):
        (tmp_path / name).write_bytes((program.folder / name).read_bytes())
    done = Program(tmp_path).call("explain", "reply.eml", "--mailbox", "support")
    assert done.returncode == 0
    assert "would be created a new case" in done.stdout
    assert "no store yet" in done.stderr
    assert not list(tmp_path.glob("*.db"))


@pytest.mark.parametrize("spoil", ["newer", "unreadable"])
def test_explain_goes_on_without_a_store_that_cannot_be_read(program: Program, tmp_path: Path, spoil: str) -> None:
    for file in program.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    if spoil == "newer":
        with closing(sqlite3.connect(tmp_path / "mailcase.db", isolation_level=None)) as store:
            store.execute("UPDATE alembic_version SET version_num = '9999'")
    else:
        (tmp_path / "mailcase.db").write_bytes(b"no database " * 1000)
    done = Program(tmp_path).call("--json", "explain", "reply.eml", "--mailbox", "support")
    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (0, "created")
    assert "the store cannot be reached: decided as on an empty one" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_list_can_be_narrowed(program: Program) -> None:
    everything = program.json("message", "list")
    assert [one["outcome"] for one in everything][:3] == ["created", "linked", "ignored"]
    assert program.json("message", "list", "--last", "1") == everything[-1:]
    assert [one["id"] for one in program.json("message", "list", "--outcome", "ignored")] == [3]
    assert len(program.json("message", "list", "--mailbox", "support")) == len(everything)
    assert program.json("message", "list", "--since", "2199-01-01") == []


def test_a_filter_that_fits_nothing_ever_is_wrong_usage_and_names_what_is_known(program: Program) -> None:
    done = program.call("--json", "message", "list", "--outcome", "nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert all(word in done.stderr for word in ("nonsense", "created", "quarantined"))
    done = program.call("--json", "message", "list", "--mailbox", "other")
    assert (done.returncode, done.stdout) == (2, "")
    assert all(word in done.stderr for word in ("other", "support"))


def test_a_mailbox_that_was_taken_out_of_the_configuration_is_known_by_its_mail(
    program: Program, tmp_path: Path
) -> None:
    for file in program.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "mailcase.toml").write_text(CONFIG.replace('"support"', '"renamed"'))
    moved = Program(tmp_path)
    assert len(moved.json("message", "list", "--mailbox", "support")) == len(program.json("message", "list"))
    assert moved.json("message", "list", "--mailbox", "renamed") == []
    assert "known are renamed, support" in moved.call("message", "list", "--mailbox", "other").stderr


def test_show_adds_what_is_offered_and_the_raw_mail_is_as_it_came(program: Program) -> None:
    mail = program.json("message", "show", "1")
    assert [(one["name"], one["allowed"], one["reason"]) for one in mail["attachments"]] == [
        ("log.txt", True, ""),
        ("run.exe", False, "type_not_allowed"),
    ]
    assert mail["acknowledge"] is True
    assert program.call("message", "show", "1", "--raw").stdout == FIRST
    assert "created SR-1\n  same mail " in program.call("message", "show", "1").stdout


def test_save_writes_what_is_offered_and_never_over_a_file(program: Program) -> None:
    parts = {one["name"]: one["part"] for one in program.json("message", "show", "1")["attachments"]}
    assert program.json("message", "save", "1", "--part", parts["log.txt"])["file"] == "log.txt"
    assert (program.folder / "log.txt").read_text().strip() == "line"
    assert "is there already" in program.call("message", "save", "1", "--part", parts["log.txt"]).stderr
    refused = program.call("message", "save", "1", "--part", parts["run.exe"])
    assert (refused.returncode, "type_not_allowed" in refused.stderr) == (1, True)
    assert program.call("message", "save", "1", "--part", parts["run.exe"], "--to", "x", "--anyway").returncode == 0


def test_a_case_is_shown_as_a_thread_and_set_by_hand(program: Program) -> None:
    shown = program.call("case", "show", "sr-01").stdout
    assert shown.startswith("SR-1  Printer ")
    assert " 1 ←  Erin Example " in shown
    assert "linked · In-Reply-To <a1@visitor.example>" in shown
    case = program.json("case", "set", "SR-1", "--status", "resolved", "--assignee", "eve@x.example")
    assert (case["status"], case["kind"], case["assignee"]) == ("Resolved", "resolved", "eve@x.example")
    assert {"status_set", "assignee_set"} <= {one["event"] for one in case["events"]}
    assert program.json("case", "set", "SR-1", "--assignee", "")["assignee"] == ""


def test_a_bare_number_is_told_the_case_that_was_meant(program: Program) -> None:
    done = program.call("case", "show", "1")
    assert (done.returncode, done.stderr) == (1, "mailcase: there is no case 1; did you mean SR-1?\n")
    for number in ("99", "9" * 5000):
        done = program.call("case", "show", number)
        assert (done.returncode, done.stderr) == (1, f"mailcase: there is no case {number}\n")


def test_quarantine_shows_only_what_lies_there(program: Program) -> None:
    done = program.call("quarantine", "show", "1")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "mailcase: message 1 is not in quarantine\n")


def test_accept_puts_a_mail_on_the_case_that_a_person_names(program: Program) -> None:
    other = SPAM.replace("<s@", "<s2@")
    (row,) = program.json("ingest", "-", "--mailbox", "support", stdin=other)
    assert row["outcome"] == "ignored"
    assert program.call("message", "accept", str(row["id"]), "--case", "SR-99").returncode == 1
    mail = program.json("message", "accept", str(row["id"]), "--case", "sr-1", "--as", "boss@x.example")
    assert (mail["case"], mail["linked_by"]) == ("SR-1", "manual")


def test_accept_decides_an_ignored_mail_again_and_allows_the_sender(program: Program) -> None:
    assert program.call("message", "accept", "1").returncode == 1
    mail = program.json("message", "accept", "3", "--allow-sender", "--as", "boss@x.example")
    assert mail["outcome"] == "created"
    assert (
        "!spam@visitor.example ; message 3 accepted by boss@x.example" in (program.folder / "blacklist.txt").read_text()
    )


def test_accept_says_by_its_status_that_our_own_mail_stays_ignored(program: Program) -> None:
    (ours, *_) = (one["message_id"] for one in program.json("outbox", "list") if one["message_id"])
    (row,) = program.json("ingest", "-", "--mailbox", "support", stdin=FIRST.replace("<a1@visitor.example>", ours))
    assert (row["outcome"], row["reason"]) == ("ignored", "own_mail")
    done = program.call("message", "accept", str(row["id"]))
    assert (done.returncode, f"mail {row['id']}  ignored" in done.stdout) == (1, True)


def test_outbox_retry_beside_a_daemon_says_who_sends_and_has_done_its_work(program: Program) -> None:
    with hold(program.folder, "mailcase run"):
        row = next(one for one in program.json("outbox", "list") if one["state"] == "pending")
        done = program.call("outbox", "retry", str(row["id"]))
        assert program.call("case", "list").returncode == 0
    assert done.returncode == 75
    assert "the mail is pending again: mailcase run, process" in done.stderr
    assert "sends it within a minute" in done.stderr


def test_the_log_goes_to_standard_error_one_line_a_delivery(program: Program) -> None:
    mail = HEAD.format(name="new") + "Subject: secret illness\nMessage-ID: <n@visitor.example>\n\nx\n"
    done = program.call("--json", "ingest", "-", "--mailbox", "support", "--no-ack", stdin=mail)
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [one["event"] for one in events if one["event"] == "delivery"] == ["delivery"]
    assert "illness" not in done.stderr
    assert json.loads(done.stdout)[0]["acknowledge"] is False


def test_an_mbox_and_a_maildir_are_taken_in(program: Program) -> None:
    mails = [
        HEAD.format(name=f"m{n}") + f"Subject: {n}\nMessage-ID: <m{n}@visitor.example>\n\n>From me\n" for n in range(4)
    ]
    (program.folder / "box").write_text("".join(f"From a@b Sat Nov 21 09:15:00 2026\n{one}\n" for one in mails[:2]))
    for folder in ("cur", "new", "tmp"):
        (program.folder / "Maildir" / folder).mkdir(parents=True)
    (program.folder / "Maildir" / "new" / "1.a.host").write_text(mails[2])
    (program.folder / "Maildir" / "cur" / "2.b.host:2,S").write_text(mails[3])
    rows = program.json("ingest", "box", "Maildir", "--mailbox", "support")
    assert [one["outcome"] for one in rows] == ["created"] * 4
    assert [one["id"] for one in program.json("ingest", "Maildir", "--mailbox", "support")] == [
        one["id"] for one in rows[2:]
    ]
    assert "is no Maildir" in program.call("ingest", "Maildir/cur", "--mailbox", "support").stderr
