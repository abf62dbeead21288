"""LMTP into the real daemon: a kill before the 250 costs nothing, and a real Postfix keeps what cannot be taken."""

import asyncio
import contextlib
import signal
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from mailcase.cli.main import app
from mailcase.config import load
from mailcase.errors import ConfigError
from mailcase.lmtp.start import lmtp_server
from tests.servers.desk import Desk, OpenDesk
from tests.servers.invariants import Box, desk_scene, findings
from tests.servers.letters import DESK, letter
from tests.servers.lmtp_client import lmtp_client, takes_mail
from tests.servers.ports import free_port
from tests.servers.postfix import Postfix, needs_postfix
from tests.servers.prefork import Process

_LMTP = '[lmtp]\nlisten = "{}"'
_SALES = """
[[mailbox]]
name = "sales"
address = "sales@helpdesk.example"
group = "sales"
[mailbox.smtp]
host = "127.0.0.1"
port = {}
security = "none"
"""


@dataclass
class Handing:
    """A mail server beside a desk with two mailboxes: it keeps each mail for whom no 250 came, and sends it again."""

    desk: Desk
    port: int
    mails: list[bytes] = field(default_factory=list)
    owed: dict[int, list[bytes]] = field(default_factory=dict)  # the number of a mail -> for whom it is

    def new(self) -> None:
        """Another mail, for both."""
        number = len(self.mails)
        self.mails.append(letter(number))
        self.owed[number] = [DESK.encode(), b"sales@helpdesk.example"]

    def daemon(self, fault: str) -> Process:
        """One that takes mail, or is gone already: what was journalled is taken up first."""
        made = self.desk.run(fault=fault)
        self.desk.wait(lambda: takes_mail(self.port, DESK) or made.poll() is not None, "the daemon took no mail")
        return made

    async def hand_in(self) -> None:
        """All that is owed, one connection each."""
        for number, recipients in self.owed.items():
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._one(number, recipients)

    async def _one(self, number: int, recipients: list[bytes]) -> None:
        async with lmtp_client(self.port) as client:
            await client.begin(*recipients, sender=f"c{number}@visitor.example".encode())
            await client.content(self.mails[number], 0)
            for one in tuple(recipients):
                assert (await client.reply()).startswith("250")
                recipients.remove(one)

    def rests(self) -> bool:
        """Whether every mail is decided and every answer is at its end."""
        if any(self.owed.values()) or None in outcomes(self.desk):  # asked first: what is decided has its answers
            return False
        return not {"pending", "sending"} & self.desk.states().keys()


#: Where it is killed; "": not at all, until all is at rest. So no mail is under way at three kills.
KILLS = (
    *("after_fetch", "after_raw", "after_journal", "before_reply", "before_reply:2", ""),
    *("before_commit", "after_commit", ""),
)


async def test_killed_anywhere_the_client_sends_again_what_got_no_250_and_it_is_one_case(open_desk: OpenDesk) -> None:
    port = free_port()
    desk = open_desk(extra=_LMTP.format(f"127.0.0.1:{port}"))
    desk.config.write_text(desk.config.read_text() + _SALES.format(desk.sink.port))
    mta = Handing(desk, port)
    for point in KILLS:
        mta.new()
        daemon = mta.daemon(point)
        await mta.hand_in()
        if point == "before_reply:2":
            assert 1 in map(len, mta.owed.values())  # the first recipient was told, the second was not
        if point:
            assert daemon.wait(60) == -signal.SIGKILL, point
            continue
        desk.wait(mta.rests, "not everything came to its end")
        async with lmtp_client(port):
            assert desk.stop(daemon) == 0  # an open connection does not hold it up
    boxes = [Box(mta.mails, name=name) for name in ("support", "sales")]
    assert findings(replace(desk_scene(desk, (), call=None), boxes=boxes)) == []
    assert Counter(outcomes(desk))["created"] == len(desk.cases()) == 2 * len(mta.mails)


def outcomes(desk: Desk) -> list[str | None]:
    return [one["outcome"] for one in desk.deliveries()]


def test_a_real_postfix_keeps_the_mail_while_we_are_away_and_tells_the_sender_of_unknown_recipients(
    open_desk: OpenDesk,
) -> None:
    needs_postfix()
    desk = open_desk()
    with Postfix(lmtp="unix:mailcase/lmtp.sock", out=desk.sink.port) as mta:
        place = mta.private_folder("mailcase") / "lmtp.sock"
        desk.config.write_text(desk.config.read_text() + _LMTP.format(f"unix:{place}"))
        hidden = letter(1, to="undisclosed-recipients:;", Return_Path="", body="Grüße\r\n.\r\n..\r\nend")
        mta.send(hidden, "c1@visitor.example", DESK)  # a Bcc
        desk.wait(lambda: bool(mta.queue()), "it is not in the queue")
        killed = desk.run(fault="before_reply")
        desk.wait(lambda: mta.flush() and killed.poll() is not None, f"it was not handed in: {mta.log()}", 60)
        desk.wait(lambda: len(mta.queue()) == 1, "it is not kept")  # it is journalled, and its 250 was lost
        daemon = desk.run()
        both = ["created", "duplicate"]
        desk.wait(lambda: mta.flush() and sorted(map(str, outcomes(desk))) == both, f"it did not come: {mta.log()}", 60)
        mta.send(letter(2), "c2@visitor.example", DESK, "nobody@helpdesk.example")
        desk.wait(lambda: mta.flush() and outcomes(desk)[2:] == ["created"], f"not both came: {mta.log()}", 60)
        desk.wait(lambda: not mta.queue(), "something is left in the queue")
        desk.wait(lambda: any(b"5.1.1" in one.data for one in desk.sink.mails), "the sender was not told")
        shown = CliRunner().invoke(app, ["--config", str(desk.config), "message", "show", "1", "--raw"])
        raw = shown.stdout_bytes
        assert raw.startswith(b"Return-Path: <c1@visitor.example>\r\nDelivered-To: support@helpdesk.example\r\n")
        assert raw.endswith(hidden)
        assert desk.stop(daemon) == 0


def test_without_the_extra_the_cure_is_told(open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = open_desk(extra=_LMTP.format("unix:lmtp.sock"))
    for name in [one for one in sys.modules if one.startswith(("aiosmtpd", "mailcase.lmtp.s"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiosmtpd.lmtp", None)
    monkeypatch.setitem(sys.modules, "aiosmtpd", None)
    house = cast("Any", SimpleNamespace(settings=load(desk.config)))
    with pytest.raises(ConfigError, match=r"pip install 'mailcase\[lmtp\]'"):
        lmtp_server(house, paused=frozenset, room=lambda: None)
