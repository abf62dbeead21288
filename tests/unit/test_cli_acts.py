"""Acts through the command line: what they print, whom they name, and how they exit."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mailcase.cli.case_acts import COMMANDS
from mailcase.cli.main import app
from mailcase.life.acts.table import ACTS
from tests.servers import new_store
from tests.servers.letters import letter

CONFIG = """
[intake]
workers = 1
[cases]
timezone = "Europe/Berlin"
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
[mailbox.smtp]
host = "127.0.0.1"
port = 1
security = "none"
"""
UNSIGNED = "it says no agent's name: --as ADDRESS names who writes\n"
ANN, ERIN = "ann@helpdesk.example", "erin@visitor.example"


class Program:
    """The commands, called in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "mailcase.toml").write_text(CONFIG)
        (folder / "token.key").write_text("k" * 40)
        (folder / "blacklist.txt").write_text("")

    def call(self, *args: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, ["--config", str(self.folder / "mailcase.toml"), *args], input=stdin)

    def done(self, *args: str, stdin: str = "") -> Result:
        result = self.call(*args, stdin=stdin)
        assert result.exit_code == 0, (result.output, result.exception)
        return result

    def json(self, *args: str) -> Any:
        return json.loads(self.done("--json", *args).stdout)

    def refused(self, *args: str, stdin: str = "") -> str:
        result = self.call(*args, stdin=stdin)
        assert result.exit_code == 1, result.output
        return str(result.exception)


@pytest.fixture
def program(begun: Path, tmp_path: Path) -> Program:
    """SR-1 of a customer's mail, and an agent."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return Program(tmp_path)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("begun")
    new_store.place(tmp_path)
    made = Program(tmp_path)
    (tmp_path / "1.eml").write_bytes(letter(1, sender=ERIN, subject="Printer", body="It jams."))
    made.done("ingest", str(tmp_path / "1.eml"), "--mailbox", "support")
    made.done("agent", "add", ANN, "--name", "Ann")
    return tmp_path


def test_an_act_says_what_it_did_and_who_is_told(program: Program) -> None:
    started = program.done("case", "start", "sr-1", "--as", ANN.upper())
    assert started.stdout == f"SR-1  In progress  assignee {ANN}  status, assigned\n"
    assert started.stderr == f"told: {ERIN}\n"
    noted = program.done("case", "note", "SR-1", "-", "--as", ANN, stdin="called him\n")
    assert (noted.stdout, noted.stderr) == (f"SR-1  In progress  assignee {ANN}  note\n", "nobody is told\n")
    shown = program.json("case", "escalate", "SR-1")
    assert shown == program.json("case", "show", "SR-1")
    assert [one["data"] for one in shown["events"] if one["event"] == "note"] == [{"text": "called him"}]


def test_only_text_and_whole_files_are_taken_in(program: Program) -> None:
    assert "the note cannot be read: character 2 is a NUL" in program.refused("case", "note", "SR-1", "-", stdin="a\0b")
    pipe, big = program.folder / "pipe", program.folder / "big.txt"
    os.mkfifo(pipe)
    big.write_bytes(b"x" * 1001)
    file = program.folder / "mailcase.toml"
    file.write_text("[attachments]\nmax_size = 1000\n" + file.read_text())
    for path, said in (
        (pipe, "no regular file: save it"),
        (Path("/dev/zero"), "no regular file"),
        (big, "is larger than"),
    ):
        assert said in program.refused("case", "attach", "SR-1", str(path))
    assert "[attachments] max_size" in program.refused("case", "reply", "SR-1", "x", "--file", str(big))


def test_check_says_what_proves_that_a_mail_is_an_agents(program: Program) -> None:
    def told() -> list[tuple[bool, str, str]]:
        found = json.loads(program.call("--json", "check").stdout)
        return [(one["ok"], one["detail"], one["cure"]) for one in found if one["what"] == "agents"]

    ((ok, detail, cure),) = told()
    assert (ok, detail) == (True, "one active; no server is trusted to vouch for their mail")
    assert cure.startswith("set trusted_authserv_ids in [security]")
    file = program.folder / "mailcase.toml"
    file.write_text('[security]\ntrusted_authserv_ids = ["mx.helpdesk.example"]\n' + file.read_text())
    assert told() == [(True, "one active; a trusted server vouches for their mail", "")]
    program.done("agent", "disable", ANN)
    assert told() == []


def test_a_template_with_a_case_names_the_agent_as_the_mail_does(program: Program) -> None:
    program.done("case", "start", "SR-1", "--as", ANN)
    text = program.json("template", "show", "in_progress", "--case", "SR-1")["text"]
    assert ("Ann" in text, ANN in text) == (True, False)


def test_a_mail_to_a_group_is_listed_with_all_its_members(program: Program) -> None:
    program.done("group", "add", "First line")
    for who in ("ben", "cid"):
        program.done("agent", "add", f"{who}@x.example", "--name", who, "--group", "First line")
    program.done("case", "assign", "SR-1", "--group", "First line")
    assert "ben@x.example, cid@x.example" in program.done("outbox", "list").stdout


def test_what_is_not_possible_says_what_is(program: Program) -> None:
    program.done("case", "close", "SR-1", "--reason", "solved by phone")
    refused = program.refused("case", "start", "SR-1", "--as", ANN)
    assert refused == "SR-1 is Closed: start is not possible; possible are restart, edit, note, comment, follow, relate"
    assert program.json("case", "show", "SR-1")["closing_reason"] == "solved by phone"
    assert "needs an agent" in program.refused("case", "follow", "SR-1")
    unknown = program.refused("case", "start", "SR-1", "--as", "anm@helpdesk.example")
    assert f"anm@helpdesk.example is no agent; did you mean {ANN}? `mailcase agent list` shows them" in unknown
    assert "`mailcase agent add anm@helpdesk.example --name NAME` makes one" in unknown
    unlisted = program.refused("case", "split", "SR-1", "--message", "77")
    assert unlisted.endswith("`mailcase message list` shows each mail's ID and case")
    assert program.refused("case", "note", "SR-7", "x") == "there is no case SR-7"
    assert program.refused("case", "reply", "SR1", "x") == "there is no case SR1; did you mean SR-1?"
    program.done("agent", "disable", ANN)
    assert f"`mailcase agent enable {ANN}`" in program.refused("case", "note", "SR-1", "x", "--as", ANN)


@pytest.mark.parametrize(
    "args",
    [
        ("assign", "SR-1"),
        ("transfer", "SR-1", "--reason", "x"),
        ("split", "SR-1"),
        ("expect", "SR-1", "soon"),
        ("expect", "SR-1", "0d"),
        ("suspend", "SR-1"),
        ("resolve", "SR-1"),
        ("start", "SR-1", "--as", "ann"),
        ("merge", "SR-1"),
        ("contact", "SR-1"),
        ("edit", "SR-1"),
        ("contact", "SR-1", "bob"),
        ("note", "SR-1", "caf\udce9"),
        ("list", "--text", "caf\udce9"),
        ("list", "--assignee", "@"),
        ("list", "--last", "9" * 23),
        ("split", "SR-1", "--message", "9" * 23),
        ("create",),
        ("organization", "SR-1"),
        ("organization", "SR-1", "--missing"),
        ("organization", "SR-1", "North", "--mailbox", "support"),
        ("organization", "--missing", "--mailbox", "sales"),
    ],
)
def test_wrong_usage_is_no_act(program: Program, args: tuple[str, ...]) -> None:
    assert program.call("case", *args).exit_code == 2
    assert program.json("case", "show", "SR-1")["events"][1:] == []


def test_every_act_has_its_command(program: Program) -> None:
    names = {one.__name__.replace("_", "-") for one in COMMANDS} - {"create"}
    assert names | {f"task {one}" for one in ("add", "finish", "cancel")} == {one.name for one in ACTS}
    for one in ACTS:
        assert program.call("case", *one.name.split(), "--help").exit_code == 0


def test_a_case_is_made_by_hand_on_a_store_that_no_daemon_saw(tmp_path: Path) -> None:
    program = Program(tmp_path)
    made = program.done("case", "create", "Mouse", "--contact", "bob@visitor.example", "--notify")
    assert made.stdout == "SR-1  New  assignee –  created\n"
    assert made.stderr == "told: bob@visitor.example\n"
    again = program.refused("case", "create", "Mouse", "--contact", "bob@visitor.example")
    assert "has an open case of category Incident: SR-1" in again
    args = ("--contact", "bob@visitor.example", "--allow-same-case", "--priority", "high", "--expected", "2100-01-31")
    case = program.json("case", "create", "Keys", *args, "--description", "They stick.", "--source", "Webchat")
    assert (case["number"], case["priority"], case["source"]) == ("SR-2", "High", "Webchat")
    assert case["description"] == "They stick."


def test_a_reply_takes_files_within_the_limits(program: Program) -> None:
    good, bad, large = (program.folder / name for name in ("how.txt", "how.exe", "large.txt"))
    good.write_text("Switch it off.")
    bad.write_text("x")
    with large.open("wb") as file:
        file.truncate(5 * 1024 * 1024 + 1)
    replied = program.done("case", "reply", "SR-1", "-", "--file", str(good), "--as", ANN, stdin="Please read.\n")
    assert (replied.stdout, replied.stderr) == ("SR-1  New  assignee –  replied\n", f"told: {ERIN}\n")
    assert "type is not among" in program.refused("case", "attach", "SR-1", str(bad))
    assert "larger than [attachments] max_size" in program.refused("case", "attach", "SR-1", str(large))
    assert "cannot be read: No such file" in program.refused("case", "attach", "SR-1", str(good) + "x")
    assert [one["subject"] for one in program.json("outbox", "list")][-1].endswith("[SR-1]")
    (sent,) = (one for one in program.json("case", "show", "SR-1")["messages"] if one.get("rule") == "reply")
    (file,) = sent["attachments"]
    assert (file["name"], file["size"], file["taken"]) == ("how.txt", 14, True)
    lines = program.done("case", "show", "SR-1").stdout.splitlines()
    # How wide a column is depends on the days that have words in it.
    assert [one for one in lines if " ".join(one.split()).endswith("Re: Printer [SR-1] how.txt 14 bytes")] != []


def test_tasks_by_their_number(program: Program) -> None:
    added = program.done("case", "task", "add", "SR-1", "Order", "--to", ANN, "--due", "3d")
    assert (added.stdout.endswith("task created  task 1\n"), added.stderr) == (True, f"told: {ANN}\n")
    (task,) = program.json("case", "task", "list", "--assignee", ANN)
    assert (task["case"], task["title"], task["assignee"]) == ("SR-1", "Order", ANN)
    refused = program.refused("case", "resolve", "SR-1", "--solution", "Done.")
    assert "open tasks (1 Order)" in refused
    assert "--tasks finish, --tasks cancel or --tasks leave" in refused
    program.done("case", "task", "finish", "SR-1", "1", "--result", "came")
    program.done("case", "task", "add", "SR-1", "Call")
    program.done("case", "task", "cancel", "SR-1", "2")
    resolved = program.done("case", "resolve", "SR-1", "--solution", "Done.", "--article", "https://wiki.example/1")
    assert resolved.stderr == f"told: {ERIN}\n{UNSIGNED}"


def test_acts_on_two_cases(program: Program) -> None:
    split = program.done("case", "split", "SR-1", "--message", "1", "--title", "Toner")
    assert split.stdout == "SR-1  New  assignee –  split  → SR-2\n"
    assert program.json("case", "split", "SR-1", "--text", "Paper is out.")["number"] == "SR-3"
    program.done("case", "parent", "SR-2", "--of", "SR-1")
    program.done("case", "parent", "SR-2", "--of", "none")
    program.done("case", "relate", "SR-2", "SR-3")
    merged = program.done("case", "merge", "SR-2", "--into", "sr-1")
    assert merged.stdout == "SR-2  Closed  assignee –  status, merged\n"
    assert "SR-2 was merged into SR-1" in program.refused("case", "restart", "SR-2")
    assert "there is no case SR-9" in program.refused("case", "merge", "SR-1", "--into", "SR-9")


def test_the_rest_of_the_acts(program: Program) -> None:
    program.done("group", "add", "First line")
    acts = (
        ("assign", "--to", ANN), ("assign", "--group", "First line", "--to", ""), ("reclassify", "Request"),
        ("contact", "bob@visitor.example", "--name", "Bob"), ("priority", "low"), ("expect", "2100-01-31T09:00"),
        ("comment", "hm"), ("follow", "--as", ANN),
        ("unfollow", "--agent", ANN), ("transfer", "--reason", "x", "--to", ANN), ("urge", "--text", "!"),
        ("wait", "--text", "Which?"), ("resume",), ("suspend", "--reason", "x"), ("cancel",), ("undo-cancel",),
        ("resume",), ("close",), ("restart",),
    )  # fmt: skip
    for name, *rest in acts:
        program.done("case", name, "SR-1", *rest)
    case = program.json("case", "show", "SR-1")
    assert (case["status"], case["assignee"], case["assignee_group"]) == ("Reopened", ANN, "First line")
    assert (case["category"], case["priority"], case["contact"]) == ("Request", "Low", "Bob <bob@visitor.example>")
    assert "there is no account Visitor" in program.refused("case", "contact", "SR-1", "none", "--account", "Visitor")
    assert "would be nobody's" in program.refused("case", "contact", "SR-1", "none")
    (expected,) = [one["data"]["to"] for one in case["events"] if one["event"] == "expected"]
    assert expected == "2100-01-31T08:00:00+00:00"  # nine in Berlin


def test_what_cannot_leave_is_not_told(program: Program) -> None:
    """A mailbox without a way out: its mail waits, and nobody was told."""
    quiet = "[acknowledge]\ncreated = false\nfollowed = false\nreopened = false\n"
    (program.folder / "mailcase.toml").write_text(quiet + CONFIG.split("[mailbox.smtp]")[0])
    replied = program.done("case", "reply", "SR-1", "Switch it off.", "--cc", "boss@visitor.example")
    assert replied.stderr == (
        f"not told: {ERIN}, boss@visitor.example: cannot leave: mailbox support has no [mailbox.smtp]\n{UNSIGNED}"
    )
    assert program.done("case", "comment", "SR-1", "hm").stderr == "nobody is told\n"


YORK = "yan@helpdesk.example"


def test_an_agents_times_are_in_his_time_zone(program: Program) -> None:
    """What he types, and what he is shown; the operator's are those of [cases]."""
    program.done("agent", "add", YORK, "--name", "Yan", "--timezone", "America/New_York")
    due = ("--due", "2100-01-31T09:00", "--as", YORK)
    program.done("case", "expect", "SR-1", "2100-01-31T09:00", "--as", YORK)
    program.done("case", "task", "add", "SR-1", "Order", *due)
    made = ("create", "Keys", "--contact", "bob@visitor.example", "--expected", "2100-01-31T09:00", "--as", YORK)
    nine = "2100-01-31T14:00:00Z"
    assert program.json("case", *made)["expected_at"] == nine
    case = program.json("case", "show", "SR-1")
    assert (case["expected_at"], case["tasks"][0]["due_at"]) == (nine, nine)
    shown = {by: program.done("case", "show", "SR-1", *by).stdout for by in ((), ("--as", ANN), ("--as", YORK))}
    assert ["expected  Sun 31 Jan 2100 09:00" in one for one in shown.values()] == [False, False, True]
    assert ["expected  Sun 31 Jan 2100 15:00" in one for one in shown.values()] == [True, True, False]
