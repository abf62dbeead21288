"""An MTA's pipe: it keeps the mail until the journal has it, and never sends it back afterwards (P1)."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailcase import acts
from mailcase.cli.ingest import _from_pipe
from mailcase.cli.mail_files import piped
from mailcase.cli.main import main
from mailcase.cli.pipe import take_piped
from mailcase.cli.state import State
from mailcase.config import Settings, load
from mailcase.errors import Unavailable
from mailcase.ports import Arrival
from mailcase.store.store import Store
from tests.servers.letters import letter
from tests.servers.prefork import PREFORK

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CONFIG = """
{more}
[intake]
workers = 1
[acknowledge]
created = false
followed = false
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "token.key").write_text("k" * 40)
    (tmp_path / "blacklist.txt").touch()
    file = tmp_path / "mailcase.toml"
    file.write_text(CONFIG.format(more=""))
    return file


def pipe(config: Path, stdout: int | None = None) -> Any:
    command = ["-m", "mailcase", "--config", str(config), "ingest", "-", "--mailbox", "support"]
    return PREFORK.run(command, stdin=letter(1), stdout=stdout)


def outcomes(folder: Path) -> list[str | None]:
    store = Store.open("sqlite:///mailcase.db", folder)
    try:
        return [one["outcome"] for one in store.message_list()]
    finally:
        store.close()


def opened(config: Path) -> "tuple[Settings, Arrival]":
    return load(config, {}), piped(letter(1), "support", NOW, no_ack=False)


def test_a_mail_is_taken_though_nobody_reads_what_became_of_it(config: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = pipe(config, stdout=writing)
    os.close(writing)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert outcomes(config.parent) == ["created"]


def test_while_the_store_is_not_there_the_mta_is_told_75(config: Path) -> None:
    config.write_text(CONFIG.format(more='[store]\nurl = "postgresql+psycopg://nobody@127.0.0.1:1/none"\n'))
    done = pipe(config)
    assert (done.returncode, done.stdout) == (75, b"")
    assert "a mail server keeps it" in done.stderr.decode()


@pytest.mark.parametrize(
    ("more", "mailbox", "said"),
    [
        ("[casez]\n", "support", r"\[casez\]: not a known key"),
        ("", "renamed", "no mailbox is named renamed; known are support"),
    ],
)
def test_a_configuration_that_does_not_fit_sends_no_mail_back(config: Path, more: str, mailbox: str, said: str) -> None:
    config.write_text(CONFIG.format(more=more))
    with pytest.raises(Unavailable, match=said):
        _from_pipe(State(str(config), json=True, verbose=False), mailbox, no_ack=False)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ingest -", "Missing option '--mailbox'"),
        ("ingest - --mailbox support --noack", "No such option: --noack"),
        ("ingest - file.eml --mailbox support", "it stands alone"),
        ("--jsn ingest - --mailbox support", "No such option: --jsn"),
        ("ingst - --mailbox support", "No such command 'ingst'"),
    ],
)
def test_a_wrong_command_line_sends_no_mail_back(
    line: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["mailcase", *line.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 75
    assert said in capsys.readouterr().err


def test_a_person_s_wrong_command_line_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["mailcase", "ingest", "first.eml"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2


@pytest.mark.parametrize("nothing", [b"", b"\r\n", b"From erin@x Sat Nov 21 09:15:00 2026\n"])
def test_an_empty_pipe_is_no_mail(config: Path, nothing: bytes) -> None:
    def empty() -> "tuple[Settings, Arrival]":
        return load(config, {}), piped(nothing, "support", NOW, no_ack=False)

    with pytest.raises(Unavailable, match=r"the pipe was empty.*\n→ the mail was not taken"):
        take_piped(empty)
    assert outcomes(config.parent) == []


def test_once_it_is_journalled_a_failure_is_no_failure_for_the_mta(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a rule has a fault")

    monkeypatch.setattr(acts, "decide", fail)
    assert take_piped(lambda: opened(config)) == []
    assert outcomes(config.parent) == [None]
    assert "a rule has a fault" in capsys.readouterr().err


def test_a_deciding_that_takes_too_long_is_left_to_the_daemon(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailcase.cli.pipe._DECIDE_WITHIN", 0.0)
    assert take_piped(lambda: opened(config)) == []
    assert len(outcomes(config.parent)) == 1


def test_an_unexpected_error_before_the_journal_keeps_the_mail_at_the_mta() -> None:
    def broken() -> "tuple[Settings, Arrival]":
        raise MemoryError

    with pytest.raises(Unavailable, match=r"MemoryError.*\n→ the mail was not taken"):
        take_piped(broken)


@pytest.mark.parametrize("line", [b"From erin@x Sat Nov 21 09:15:00 2026\n", b"From MAILER-DAEMON Sat Nov 21\r\n"])
def test_the_line_of_the_envelope_is_no_part_of_the_mail(line: bytes) -> None:
    mail = letter(1)
    assert piped(line + mail, "support", NOW, no_ack=False).raw == mail
    for raw in (mail, b"From : erin@x\r\n\r\nFrom here\n"):
        assert piped(raw, "support", NOW, no_ack=False).raw == raw
