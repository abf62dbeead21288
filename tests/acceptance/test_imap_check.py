"""`mailcase check` where an IMAP server is there and says no, or nonsense: named once, and with what to do."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mailcase.cli.main import app
from tests.servers.imap_help import ONE
from tests.servers.ports import free_port
from tests.servers.scripted_imap import Fault, Link, Normal, ScriptedImap, refuse

Spoil = Callable[[ScriptedImap], None]
FIREWALL = "does a firewall stand between?"


async def checked(folder: Path, server: ScriptedImap) -> dict[str, Any]:
    """The line of `check` about that server."""
    (folder / "token.key").write_text("k" * 40)
    (folder / "imap.password").write_text("pass")
    (folder / "blacklist.txt").touch()
    (folder / "mailcase.toml").write_text(
        "[acknowledge]\ncreated = false\nfollowed = false\n"
        '[[mailbox]]\nname = "support"\naddress = "support@helpdesk.example"\nstart = "all"\n'
        f'[mailbox.imap]\nhost = "{server.host}"\nport = {server.port}\nsecurity = "none"\nuser = "user"\n'
        'password = { file = "imap.password" }\n'
    )
    arguments = ["--config", str(folder / "mailcase.toml"), "--json", "check"]
    done = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return next(one for one in rows if one["what"] == "imap")


async def nonsense(link: Link, _tag: str, _arguments: str, _normal: Normal) -> None:
    await link.say("zzz99 OK what")


def fault(command: str, spoilt: Fault) -> Spoil:
    return lambda server: server.fault(command, spoilt)


def greets(line: str) -> Spoil:
    return lambda server: setattr(server, "greeting", line)


def numbered(uidvalidity: int) -> Spoil:
    return lambda server: setattr(server, "uidvalidity", uidvalidity)


@pytest.mark.parametrize(
    ("spoil", "said", "cure"),
    [
        (
            numbered(2**70),
            "the server gives UIDVALIDITY 1180591620717411303424, not 1 to",
            "only whoever runs that server",
        ),
        (
            fault("EXAMINE", refuse("OK nothing told")),
            "the server gives no UIDVALIDITY",
            "only whoever runs that server",
        ),
        (fault("UID SEARCH", refuse("NO no")), "folder INBOX: SEARCH: NO no", "refuses this command"),
        (fault("LOGIN", refuse("NO [UNAVAILABLE] later")), "[UNAVAILABLE] later", "does not serve this account now"),
        (fault("LOGIN", refuse("BAD what")), "login refused for user: what", "does not serve this account now"),
        (
            fault("EXAMINE", refuse("BAD User is authenticated but not connected.")),
            "folder INBOX: BAD User is authenticated",
            "does not open the mailbox",
        ),
        (fault("LOGIN", nonsense), "an answer to no question of ours", "not IMAP as it should be"),
        (greets("* BAD hi"), "does not greet but says * BAD hi", "does not serve this account now"),
    ],
)
async def test_a_server_that_says_no_is_named_once_and_its_cure_is_not_the_firewall(
    tmp_path: Path, spoil: Spoil, said: str, cure: str
) -> None:
    async with ScriptedImap({1: ONE}) as server:
        spoil(server)
        row = await checked(tmp_path, server)
    assert row["ok"] is False
    assert said in row["detail"]
    assert row["detail"].count(server.host) == 1
    assert cure in row["cure"]
    assert FIREWALL not in row["cure"]


async def test_a_server_that_is_not_there_still_is_the_firewalls_matter(tmp_path: Path) -> None:
    server = ScriptedImap()
    server.port = free_port()
    assert FIREWALL in (await checked(tmp_path, server))["cure"]
