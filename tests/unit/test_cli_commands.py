"""Each command does what it says, exits as agreed, and prints only data in --json."""

import json
import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mailcase.cli.main import main
from mailcase.errors import Permanent
from mailcase.lock import hold
from mailcase.store.migrate import SCHEMAS
from tests.powers import powerless

MAILBOX = """
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
[mailbox.smtp]
host = "127.0.0.1"
port = 1
security = "none"
user = "u"
password = "hunter2-plain"
"""
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """Run a command in tmp_path: (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["mailcase", *args])
        with pytest.raises(SystemExit) as done:
            main()
        out, err = capsys.readouterr()
        assert "hunter2" not in out + err
        return int(done.value.code or 0), out, err

    return run


@pytest.fixture
def ready(call: Call, tmp_path: Path) -> Call:
    """A configuration with one mailbox, as `init` makes it."""
    call("init")
    with (tmp_path / "config" / "mailcase.toml").open("a") as file:
        file.write(MAILBOX)
    return call


def test_init_writes_everything_once_and_the_key_for_its_owner_alone(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "config"
    status, out, _ = call("init")
    assert status == 0
    assert "written  config/mailcase.toml" in out
    assert stat.S_IMODE((folder / "token.key").stat().st_mode) == 0o600
    key = (folder / "token.key").read_text()
    assert len(key.strip()) == 64
    (folder / "mailcase.toml").write_text("# mine")
    (folder / "blacklist.txt").unlink()
    done = {one["file"]: one["did"] for one in json.loads(call("--json", "init", str(folder))[1])}
    assert done[str(folder / "mailcase.toml")] == "kept"
    assert done[str(folder / "blacklist.txt")] == "written"
    assert (folder / "mailcase.toml").read_text() == "# mine"
    assert (folder / "token.key").read_text() == key


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (("no-such-command",), 2, "no-such-command"),
        (("message", "show", "x"), 2, "valid integer"),
        (("ingest", "a.eml"), 2, "--mailbox"),
        (("ingest", "a.eml", "--mailbox", "suport"), 2, "known are support"),
        (("message", "show", "7"), 1, "there is no message 7"),
        (("case", "show", "SR-7"), 1, "there is no case SR-7"),
        (("case", "set", "SR-7"), 2, "what is to be set"),
        (("case", "set", "SR-7", "--status", "Gone"), 1, "there is no status Gone; there are New, In progress"),
        (("outbox", "retry", "7"), 1, "7"),
        (("quarantine", "drop", "7"), 1, "7"),
        (("blacklist", "remove", "x.example"), 1, "no line of"),
        (("blacklist", "add", "x.example", "--until", "soon"), 2, "soon is no date"),
        (("blacklist", "add", "x.example", "--until", "2020-01-31"), 2, "2020-01-31 is past"),
        (("blacklist", "add", "two words"), 2, "not an address alone"),
        (("blacklist", "remove", "two words"), 2, "not an address alone"),
        (("blacklist", "test", "not an address"), 2, "'not an address' is not an address"),
        (("blacklist", "test", "@x.example"), 2, "'@x.example' is not an address"),
        (("case", "set", "SR-7", "--assignee", "nonsense"), 2, "nonsense is no address"),
        (("quarantine", "drop", "7", "--as", "not-an-address"), 2, "not-an-address is no address"),
        (("--json", "message", "show", "7", "--raw"), 2, "--raw"),
        (("quarantine", "show", "7"), 1, "message 7 is not in quarantine"),
        (("init", "config/mailcase.toml"), 1, "config/mailcase.toml is not a folder"),
        (("explain", "none.eml", "--mailbox", "support"), 1, "none.eml: cannot be read"),
        (("message", "list", "--outcome", "nonsense"), 2, "created"),
        (("message", "list", "--mailbox", "suport"), 2, "support"),
        (("--config", "none.toml", "case", "list"), 78, "none.toml: there is no such file"),
    ],
)
def test_each_failure_has_its_exit_status(ready: Call, args: tuple[str, ...], status: int, said: str) -> None:
    done = ready(*args)
    assert (done[0], said in done[2], done[1]) == (status, True, "")


def test_without_a_configuration_it_says_where_it_looked(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAILCASE_CONFIG", raising=False)
    monkeypatch.setattr("mailcase.config.USUAL_PLACES", (Path("config/mailcase.toml"),))
    status, out, err = call("case", "list")
    assert (status, out) == (78, "")
    assert "config/mailcase.toml" in err


def test_the_environment_names_the_configuration(ready: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").rename(tmp_path / "elsewhere")
    monkeypatch.setenv("MAILCASE_CONFIG", str(tmp_path / "elsewhere" / "mailcase.toml"))
    assert ready("blacklist", "list") == (0, "the blacklist has no entries\n", "")


@pytest.mark.parametrize("group", ["message", "case", "outbox", "quarantine", "blacklist"])
def test_a_list_is_an_empty_array_where_there_is_nothing(ready: Call, group: str, tmp_path: Path) -> None:
    assert ready("--json", group, "list") == (0, "[]\n", "")
    assert not list(tmp_path.rglob("*.db"))  # a command that reads makes no store


COMMANDS = [("run", "--once"), ("ingest", "x.eml", "--mailbox", "support"), ("outbox", "release"), ("db", "upgrade")]


@pytest.mark.parametrize("args", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_is_a_text_and_exits_78(
    ready: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], place: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "x.eml").write_text("Subject: x\n\nx\n")
    monkeypatch.setenv("MAILCASE_STORE__STATE_DIR", str(tmp_path / place))
    status, out, err = ready(*args)
    assert (status, out) == (78, "")
    assert f"mailcase: [store] state_dir {tmp_path / place}: " in err
    assert "make it, owned by the user that runs mailcase" in err


@pytest.mark.parametrize(("file", "args"), [("mailcase.lock", COMMANDS[0]), ("mailcase.db", COMMANDS[1])])
def test_a_file_of_the_store_that_cannot_be_made_is_a_text_and_exits_78(
    ready: Call, tmp_path: Path, file: str, args: tuple[str, ...]
) -> None:
    (tmp_path / "config" / file).symlink_to(tmp_path / "nowhere" / "x")
    (tmp_path / "x.eml").write_text("Subject: x\n\nx\n")
    status, out, err = ready(*args)
    assert (status, out) == (78, "")
    assert f"config: {file}: No such file or directory; make it" in err


@pytest.mark.parametrize("args", [*COMMANDS, ("case", "list")], ids=" ".join)
def test_a_folder_that_is_closed_to_us_is_a_text_and_exits_78(
    ready: Call, open_folder: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    shutil.copytree("config", open_folder / "config")
    (open_folder / "config" / "token.key").chmod(0o644)
    (open_folder / "x.eml").write_text("Subject: x\n\nx\n")
    (open_folder / "shut").mkdir(mode=0)
    monkeypatch.chdir(open_folder)
    monkeypatch.setenv("MAILCASE_STORE__STATE_DIR", str(open_folder / "shut"))
    with powerless():
        status, out, err = ready(*args)
    assert (status, out) == (78, "")
    assert f"[store] state_dir {open_folder / 'shut'}: mailcase.db: Permission denied; make it" in err


@pytest.mark.parametrize("args", [("status",), ("mailbox", "list"), ("case", "list")], ids=" ".join)
def test_reading_as_a_user_who_must_not_says_who_may_and_exits_1(
    ready: Call, open_folder: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    ready("db", "upgrade")
    shutil.copytree("config", open_folder / "config")
    (open_folder / "config" / "mailcase.db").chmod(0o600)
    monkeypatch.chdir(open_folder)
    with powerless():
        status, _, err = ready(*args)
    assert (status, "sudo -u" in err) == (1, True)


def test_a_state_folder_is_made_for_its_owner_alone(
    ready: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILCASE_STORE__STATE_DIR", str(tmp_path / "a" / "b"))
    assert ready("db", "upgrade")[0] == 0
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_a_second_sender_says_who_holds_the_store_and_exits_75(ready: Call, tmp_path: Path) -> None:
    with hold(tmp_path / "config", "mailcase run"):
        status, out, err = ready("run", "--once")
    assert (status, out) == (75, "")
    assert f"mailcase run, process {os.getpid()}" in err


def test_a_store_newer_than_the_program_exits_78(ready: Call, tmp_path: Path) -> None:
    import sqlite3

    ready("db", "upgrade")
    with sqlite3.connect(tmp_path / "config" / "mailcase.db") as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    status, _, err = ready("case", "list")
    assert (status, "newer than this program" in err) == (78, True)


def test_another_user_than_the_owner_may_not_write(ready: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(ready("--json", "db", "upgrade")[1]) == {"schema": SCHEMAS[-1]}
    real = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: real + 1)
    for args in (
        ("run", "--once"),
        ("outbox", "release"),
        ("db", "upgrade"),
        ("case", "set", "SR-1", "--assignee", "a@x.example"),
    ):
        status, out, err = ready(*args)
        assert (status, out) == (1, "")
        assert "sudo -u" in err
    assert ready("case", "list") == (0, "there are no cases yet\n", "")


def test_a_user_without_a_name_is_refused_by_number(ready: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    ready("db", "upgrade")
    monkeypatch.setattr(os, "geteuid", lambda: 65533)
    monkeypatch.setattr("getpass.getuser", nameless)
    status, _, err = ready("outbox", "release")
    assert (status, "files that #65533 makes there" in err) == (1, True)


def test_the_blacklist_is_edited_and_tested(ready: Call) -> None:
    assert ready("blacklist", "add", "*.bad.example", "--note", "spam", "--until", "2099-01-31")[0] == 0
    assert ready("blacklist", "add", "!good@bad.example")[0] == 0
    status, _, err = ready("blacklist", "add", "*.BAD.example", "--until", "2099-01-31")
    assert (status, "stands in line" in err) == (1, True)
    assert "blocked by line 22: *.bad.example" in ready("blacklist", "test", "X+y@Mail.Bad.Example")[1]
    assert "allowed by !good@bad.example" in ready("blacklist", "test", "good@bad.example")[1]
    assert "not blocked; 2 lines looked at" in ready("blacklist", "test", "a@b.example")[1]
    rows = json.loads(ready("--json", "blacklist", "list")[1])
    assert rows[0] == {"line": 22, "entry": "*.bad.example", "until": "2099-01-31", "note": "spam"}
    assert (
        "; 1 line looked at"
        in (ready("blacklist", "remove", "!good@bad.example"), ready("blacklist", "test", "a@b"))[1][1]
    )
    assert ready("blacklist", "remove", "*.bad.example")[1] == "removed line 22: *.bad.example\n"


def test_check_says_what_fails_and_what_to_do(ready: Call, tmp_path: Path) -> None:
    status, out, err = ready("check")
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert lines[0].startswith("ok    configuration          config/mailcase.toml, 1 mailbox, 0 blacklist lines")
    assert "smtp password of support comes from a plain text in the configuration" in lines[1]
    assert lines[2] == f"ok    store                  sqlite {tmp_path}/config/mailcase.db: not there yet"
    assert lines[-2].startswith("FAIL  smtp support           127.0.0.1:1 ")
    assert lines[-1].startswith("      → ")
    rows = json.loads(ready("--json", "check")[1])
    assert [(one["what"], one["name"], one["ok"]) for one in rows] == [
        ("configuration", "", True), ("store", "", True), ("imap", "support", True), ("smtp", "support", False),
    ]  # fmt: skip
    assert {"what", "name", "ok", "detail"} <= set(rows[0])
    assert not list(tmp_path.rglob("*.db"))
    ready("blacklist", "add", "spam.example")
    assert ", 1 mailbox, 1 blacklist line, templates" in ready("check")[1]


def test_check_lists_every_mistake_of_the_configuration_and_exits_78(ready: Call, tmp_path: Path) -> None:
    with (tmp_path / "config" / "mailcase.toml").open("a") as file:
        file.write("prot = 1\nfrom_name = 5\n")
    status, out, _ = ready("check")
    assert status == 78
    assert out.startswith("FAIL  configuration")
    assert "the nearest is port" in out
    assert "from_name of mailbox support: expected a text in quotes, found 5" in out
    assert json.loads(ready("--json", "check")[1])[0]["ok"] is False


def test_what_a_command_raises_is_one_text_without_a_traceback(ready: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise Permanent("it cannot be")

    monkeypatch.setattr("mailcase.policy_build.build_blacklist", refuse)
    assert ready("blacklist", "list") == (1, "", "mailcase: it cannot be\n")
