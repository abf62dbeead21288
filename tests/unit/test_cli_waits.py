"""Servers that say nothing: `check` does not wait for ever, finds out what the port speaks, and says that it waits."""

import asyncio
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtplib import SMTPReadTimeoutError
from typer.testing import CliRunner

from mailcase.cli import awaited, probing, silence
from mailcase.cli.awaited import Awaited
from mailcase.cli.main import app
from mailcase.cli.silence import silence_cure
from mailcase.errors import NoGreeting, Transient
from mailcase.outbox.settings import SmtpSettings
from mailcase.outbox.smtp import SmtpSender
from tests.servers.ports import free_port
from tests.servers.smtp import SmtpSink

_BOX = """
[acknowledge]
created = false
followed = false
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
[mailbox.imap]
host = "127.0.0.1"
port = {imap}
security = "{security}"
user = "u"
password = {{ env = "HOME" }}
[mailbox.smtp]
host = "127.0.0.1"
port = {smtp}
security = "{security}"
"""


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", port := free_port())):
        yield port


def checked(folder: Path, imap: int, smtp: int, security: str) -> tuple[dict[str, Any], str]:
    """The rows of `check` by what they are about, and what was said beside them."""
    (folder / "token.key").write_text("k" * 40)
    (folder / "blacklist.txt").touch()
    (folder / "mailcase.toml").write_text(_BOX.format(imap=imap, smtp=smtp, security=security))
    done = CliRunner().invoke(app, ["--config", str(folder / "mailcase.toml"), "--json", "check"])
    return {one["what"]: one for one in json.loads(done.stdout)}, done.stderr


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_a_port_that_says_nothing_ends_the_wait_and_is_named(
    tmp_path: Path, mute: int, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, seconds in ((probing, "GREETING_S", 0.2), (awaited, "FIRST_S", 0.0)):
        monkeypatch.setattr(module, name, seconds)
    opens = silence._opens

    async def look(host: str, port: int, context: ssl.SSLContext | None) -> bool:
        monkeypatch.setattr(silence, "LOOK_S", 0.5 if context else 60.0)  # of the two only TLS waits in vain
        return await opens(host, port, context)

    monkeypatch.setattr(silence, "_opens", look)
    rows, beside = checked(tmp_path, mute, mute, security)
    assert "Timed out" in rows["smtp"]["detail"]
    assert rows["imap"]["detail"] == f"127.0.0.1:{mute} no answer within 0.2 s"
    for what in ("imap", "smtp"):
        assert rows[what]["ok"] is False
        assert rows[what]["cure"].startswith(f"[mailbox.{what}] port: it takes connections and says nothing, in plain")
    limit = "at most 0.2 s until it greets, then 60 s an answer"
    assert f"waiting for imap support at 127.0.0.1:{mute} ({limit})" in beside


def test_a_port_that_wants_tls_at_once_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "GREETING_S", 0.2)
    monkeypatch.setattr(silence, "LOOK_S", 60.0)
    with SmtpSink(tls="tls") as sink:
        rows, _ = checked(tmp_path, sink.port, sink.port, "starttls")
    for what, usual in (("imap", 143), ("smtp", 587)):
        cure = f'[mailbox.{what}] security: the port speaks TLS at once: security = "tls", or another port (with '
        assert rows[what]["cure"] == f'{cure}security = "starttls" it is usually {usual})'


@pytest.mark.parametrize("section", ["imap", "smtp"])
async def test_tls_without_a_greeting_is_another_service(section: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def tls(*_: object) -> str:
        return "tls"

    monkeypatch.setattr(silence, "speaks", tls)
    cure = await silence_cure(section, "h", 443, "tls", NoGreeting("no answer"))
    assert cure.startswith(f"[mailbox.{section}] port: it speaks TLS, but no {section.upper()} server greets there")
    assert await silence_cure(section, "h", 443, "tls", Transient("no")) == ""


async def test_a_relay_that_greeted_and_hangs_later_is_not_told_to_be_mute(mute: int) -> None:
    sender = SmtpSender(SmtpSettings("127.0.0.1", mute, security="none"))
    later = sender._connect_failure(SMTPReadTimeoutError("AUTH"))
    later.__cause__ = SMTPReadTimeoutError("AUTH")
    assert await silence_cure("smtp", "127.0.0.1", mute, "none", later) == ""


async def test_where_nobody_is_the_other_cure_stands() -> None:
    assert await silence_cure("imap", "127.0.0.1", free_port(), "tls", NoGreeting("no answer")) == ""


async def test_what_takes_long_is_told_and_of_many_the_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waits = Awaited()
    monkeypatch.setattr(awaited, "FIRST_S", 0.0)
    with waits.of("a quick one", lambda: "3 s at most"):
        pass
    for _ in range(3):
        await asyncio.sleep(0)
    assert capsys.readouterr().err == ""
    told: list[str] = []

    async def wait(number: int) -> None:
        with waits.of(f"server {number}", lambda: "9 s at most"):
            while not told:
                await asyncio.sleep(0)
                told.extend(capsys.readouterr().err.splitlines())

    await asyncio.gather(*map(wait, range(7)))
    servers = ", ".join(f"server {number} (9 s at most)" for number in range(5))
    assert told == [f"waiting for {servers}, and 2 more …"]
