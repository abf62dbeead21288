"""A store of an older schema is migrated where a person decided it: at a start, and by `db upgrade`; nowhere else."""

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mailcase.cli.main import main
from mailcase.lock import hold
from mailcase.store import migrate
from mailcase.store.engine import Engines
from mailcase.store.store import Store
from tests.contract.tenure_kit import Server

OLD = "0005"
SETTINGS = """[store]
url = "{url}"
[security]
token_keys = ["{key}"]
[acknowledge]
created = false
followed = false
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
"""
MAIL = b"From: a@x.example\nTo: support@helpdesk.example\nMessage-ID: <1@x.example>\nSubject: x\n\nx\n"
READ = [
    *(("status",), ("message", "list"), ("message", "show", "1"), ("case", "list"), ("case", "show", "SR-1")),
    *(("outbox", "list"), ("quarantine", "list"), ("mailbox", "list"), ("audit", "support", "--store"), ("report",)),
    ("db", "backup", "backup.tar"),
]
WRITTEN = [
    *(("ingest", "x.eml", "--mailbox", "support"), ("message", "accept", "1"), ("outbox", "retry", "1")),
    *(("case", "set", "SR-1", "--status", "New"), ("quarantine", "retry"), ("mailbox", "pause", "support")),
]
Call = Callable[..., tuple[int, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """Run a command on the store in tmp_path: exit status and standard error."""
    monkeypatch.chdir(tmp_path)
    configure(tmp_path, "sqlite:///mailcase.db")
    (tmp_path / "x.eml").write_bytes(MAIL)
    (tmp_path / "blacklist.txt").touch()

    def run(*args: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["mailcase", "--config", "mailcase.toml", *args])
        with pytest.raises(SystemExit) as done:
            main()
        return int(done.value.code or 0), capsys.readouterr().err

    return run


def configure(folder: Path, url: str) -> None:
    (folder / "mailcase.toml").write_text(SETTINGS.format(url=url, key="k" * 40))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store as the migrations up to OLD made it."""
    file = tmp_path / "mailcase.db"
    migrate._run(f"sqlite:///{file}", OLD)
    file.chmod(0o600)
    return file


def schema(file: Path) -> str:
    with closing(sqlite3.connect(file)) as db:
        (found,) = db.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found)


@pytest.mark.parametrize("args", [*READ, *WRITTEN], ids=" ".join)
def test_a_command_says_what_it_needs_and_leaves_an_older_store_as_it_is(
    call: Call, file: Path, args: tuple[str, ...]
) -> None:
    status, err = call(*args)
    assert (status, schema(file), [*file.parent.glob("*before*")]) == (78, OLD, [])
    assert f"it has schema {OLD}, this program needs {migrate.SCHEMAS[-1]}" in err
    assert "`mailcase db upgrade` with the daemon stopped; a daemon of this program does it when it starts" in err


def test_a_mail_server_keeps_the_mail_as_long_as_the_store_is_older(
    call: Call, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (file.parent / "x.eml").open() as mail:
        monkeypatch.setattr(sys, "stdin", mail)
        status, err = call("ingest", "-", "--mailbox", "support")
    assert (status, schema(file), "the mail was not taken (exit 75)" in err) == (75, OLD, True)


def test_explain_decides_as_on_an_empty_store_and_says_so(call: Call, file: Path) -> None:
    status, err = call("explain", "x.eml", "--mailbox", "support")
    assert (status, schema(file), f"it has schema {OLD}" in err, "as on an empty one" in err) == (0, OLD, True, True)


def test_check_tells_that_a_migration_is_due_and_does_none(call: Call, file: Path) -> None:
    assert (call("check")[0], schema(file)) == (0, OLD)


def test_a_start_migrates_an_older_store_after_a_copy(call: Call, file: Path) -> None:
    assert call("run", "--once")[0] == 0
    (copy,) = file.parent.glob("*before*")
    assert (schema(file), schema(copy)) == (migrate.SCHEMAS[-1], OLD)


def test_upgrade_refuses_while_a_daemon_runs_and_names_it(call: Call, file: Path) -> None:
    with hold(file.parent, "mailcase run", file):
        status, err = call("db", "upgrade")
    assert (status, schema(file), f"mailcase run, process {os.getpid()}, works on" in err) == (75, OLD, True)
    assert call("db", "upgrade")[0] == 0
    with hold(file.parent, "mailcase run", file):
        assert (schema(file), call("db", "upgrade")[0]) == (migrate.SCHEMAS[-1], 0)  # there is nothing to do


@pytest.mark.postgres
def test_postgresql_is_upgraded_when_no_daemon_works_on_it(postgres_url: str, call: Call, tmp_path: Path) -> None:
    configure(tmp_path, postgres_url)
    migrate._run(postgres_url, OLD)
    for args in (("status",), ("run", "--once")):
        status, err = call(*args)
        assert (status, "`mailcase db upgrade` with every daemon stopped\n" in err) == (78, True)
    with closing(Engines.open(postgres_url)) as daemon:
        daemon.presence("one:1")
        assert call("db", "upgrade") == (75, "mailcase: 1 daemon works on this store: stop every one of them first\n")
    assert migrate.current(postgres_url) == OLD
    Server(postgres_url).until_unlocked()
    assert call("db", "upgrade")[0] == 0
    Store.open(postgres_url, tmp_path).close()
