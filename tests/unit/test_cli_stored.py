"""Acts on stored mail through the command line: relinked, decided again, given out, forgotten, delivered again."""

import hashlib
import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mailcase.cli.main import app
from mailcase.lock import hold
from tests.servers.letters import letter

CONFIG = """
[intake]
workers = 1
[store]
raw = "file:raw/"
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
[mailbox.smtp]
host = "127.0.0.1"
port = 1
security = "none"
"""
ERIN = "erin.secret@visitor.example"
FIRST = letter(1, sender=ERIN, subject="Printer", body="The quokka is loose.")
SECOND = letter(2, subject="Mouse [SR-1]", body="Mine too.")
THIRD = letter(3, subject="Screen")


class Program:
    """The commands, called in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def call(self, *args: str, stdin: bytes = b"") -> Result:
        return CliRunner().invoke(app, ["--config", str(self.folder / "mailcase.toml"), *args], input=stdin)

    def json(self, *args: str, stdin: bytes = b"") -> Any:
        done = self.call("--json", *args, stdin=stdin)
        assert done.exit_code == 0, (done.output, done.exception)
        return json.loads(done.stdout)

    def bytes_of(self) -> bytes:
        kept = (file for file in self.folder.rglob("*") if file.is_file() and file.suffix not in (".eml", ".json"))
        return b"".join(file.read_bytes() for file in kept)


@pytest.fixture
def program(begun: Path, tmp_path: Path) -> Program:
    """Its own for each test: several test processes share a file's tests, in any order."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return Program(tmp_path)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("begun")
    (folder / "mailcase.toml").write_text(CONFIG)
    (folder / "token.key").write_text("k" * 40)
    (folder / "blacklist.txt").write_text("")
    for name, raw in (("1", FIRST), ("2", SECOND), ("3", THIRD)):
        (folder / f"{name}.eml").write_bytes(raw)
    made = Program(folder)
    taken = made.json("ingest", *(str(folder / f"{one}.eml") for one in (1, 2, 3)), "--mailbox", "support")
    assert [one["case"] for one in taken] == ["SR-1", "SR-1", "SR-2"]
    return folder


def test_relink_says_what_it_did_and_undo_takes_it_back(program: Program) -> None:
    done = program.call("message", "relink", "3", "sr-1", "--as", "agent@helpdesk.example")
    assert done.stdout == "mail 3  SR-2 → SR-1, with our answer to it\n"
    assert "no mail is left on SR-2, which stays New" in done.stderr
    assert "the answer that still waits in the outbox leaves as it was written, about SR-2" in done.stderr
    assert program.json("message", "show", "3")["case"] == "SR-1"
    assert program.json("message", "relink", "3", "--undo")["to"] == "SR-2"
    for wrong in (("3",), ("3", "SR-1", "--undo")):
        assert program.call("message", "relink", *wrong).exit_code == 2
    assert "was not relinked" in str(program.call("message", "relink", "3", "--undo").exception)


def test_replay_prints_what_differs_and_writes_nothing(program: Program) -> None:
    file = program.folder / "mailcase.db"
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    with hold(program.folder, "mailcase run"):  # as while the daemon runs
        same = program.json("replay", "--since", "7d")
    assert (same["mails"], same["differences"], same["left_out"]) == (3, [], [])
    new = program.folder / "new.toml"
    new.write_text(CONFIG.replace("[store]", '[linking]\nstrangers = "new_case"\n[store]'))
    (found,) = program.json("replay", "--since", "7d", "--config", str(new), "--mailbox", "support")["differences"]
    assert (found["id"], found["was"]["case"], found["would"]["case"]) == (2, "SR-1", "a new case")
    assert (found["was"]["outcome"], found["would"]["reason"]) == ("linked", "stranger")
    assert "SR-1" in found["was"]["winner"]
    said = program.call("replay", "--since", "2020-01-01", "--config", str(new))
    assert "would be  created a new case" in said.stdout
    assert "1 of 3 mails" in said.stderr
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before


def test_since_is_a_length_a_date_or_a_moment_in_every_command(program: Program) -> None:
    assert len(program.json("message", "list", "--since", "7d")) == 3
    assert program.json("message", "list", "--since", "2100-01-01T09:00+02:00") == []
    assert program.json("replay", "--since", "2020-01-31")["mails"] == 3
    for command in (("replay",), ("message", "list"), ("audit", "support")):
        for wrong in ("yesterday", "0d", "9" * 20 + "d"):
            refused = program.call(*command, "--since", wrong)
            assert (refused.exit_code, "is neither a length such as 7d" in refused.stderr) == (2, True)


def test_export_is_for_its_owner_alone_and_replaces_nothing(program: Program) -> None:
    file, folder = program.folder / "erin.json", program.folder / "erin"
    assert program.call("contact", "export", ERIN, "--to", str(file), "--raw", str(folder)).exit_code == 0
    data = json.loads(file.read_text())
    assert ([one["number"] for one in data["cases"]], len(data["messages"])) == (["SR-1"], 2)
    assert "quokka" in data["messages"][0]["text"]
    assert [one.read_bytes() for one in folder.iterdir()] == [FIRST]
    assert {stat.S_IMODE(one.stat().st_mode) for one in (file, *folder.iterdir())} == {0o600}
    assert "is there already" in str(program.call("contact", "export", ERIN, "--to", str(file)).exception)
    assert [one["addresses"] for one in program.json("contact", "list")] == [[ERIN], ["c3@visitor.example"]]


def test_forget_erases_for_good_and_a_redelivery_brings_nothing_back(program: Program) -> None:
    dry = program.call("contact", "forget", ERIN.upper())
    assert "would be erased" in dry.stdout
    assert "--yes does it" in dry.stderr
    assert b"quokka" in program.bytes_of()
    done = program.json("contact", "forget", ERIN, "--yes", "--vacuum")
    assert (done["erased"], done["compacted"], done["cases"], done["messages"]) == (True, True, 1, 1)
    assert not {word for word in (b"quokka", b"erin.secret") if word in program.bytes_of()}
    assert "erased contact 1" in program.call("case", "show", "SR-1").stdout

    (again,) = program.json("ingest", "-", "--mailbox", "support", stdin=FIRST)
    assert (again["outcome"], again["reason"], again["case"]) == ("duplicate", "erased", None)
    for number in ("1", str(again["id"])):
        assert "nothing of its content is left" in program.call("message", "show", number).stdout
    assert "knows nothing" in str(program.call("contact", "forget", ERIN, "--yes").exception)
    anew = letter("9", sender=ERIN, subject="Hello again")
    assert program.json("ingest", "-", "--mailbox", "support", stdin=anew)[0]["case"] == "SR-3"


def test_our_own_address_is_no_contact(program: Program) -> None:
    assert program.call("contact", "forget", "support@helpdesk.example", "--yes").exit_code == 2
    assert program.call("contact", "forget", "nobody").exit_code == 2


def test_a_store_that_the_daemon_does_not_work_on_is_said_and_not_written(program: Program) -> None:
    file = program.folder / "mailcase.toml"
    other = program.folder / "other.toml"
    other.write_text(file.read_text().replace("[store]", '[store]\nurl = "sqlite:///other.db"'))

    def call(*args: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(other), *args])

    with hold(program.folder, "mailcase run", program.folder / "mailcase.db"):
        assert program.call("mailbox", "list").stderr == ""
        refused = call("mailbox", "pause", "support")
        needs = [one["condition"] for one in json.loads(call("--json", "status").stdout)["needs"]]
        assert (refused.exit_code, needs) == (1, ["restart_needed"])
        assert f"process {os.getpid()}, works on {program.folder.resolve() / 'mailcase.db'}" in str(refused.exception)
        assert "this is not the daemon's store" in call("mailbox", "list").stderr
    assert not (program.folder / "other.db").exists()
    assert call("mailbox", "list").stderr == ""
