"""LMTP into the real daemon: a kill before the 250 costs nothing, and a real Postfix keeps what cannot be taken."""

import contextlib
import smtplib
import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from mailcase.cli.main import app
from mailcase.config import load
from mailcase.errors import ConfigError
from mailcase.lmtp.start import lmtp_server
from tests.servers.desk import Desk, OpenDesk
from tests.servers.letters import DESK, letter
from tests.servers.ports import free_port
from tests.servers.postfix import Postfix, needs_postfix

_LMTP = '[lmtp]\nlisten = "{}"'


def listening(port: int) -> bool:
    try:
        smtplib.LMTP("127.0.0.1", port, timeout=5).close()
    except OSError:
        return False
    return True


def test_a_kill_before_the_250_makes_the_client_send_again_and_one_case(open_desk: OpenDesk) -> None:
    port, raw = free_port(), letter(1)
    desk = open_desk(extra=_LMTP.format(f"127.0.0.1:{port}"))
    killed = desk.run(fault="after_journal")
    desk.wait(lambda: listening(port), "the daemon did not listen")
    with smtplib.LMTP("127.0.0.1", port) as client, pytest.raises(smtplib.SMTPServerDisconnected):
        client.sendmail("c1@visitor.example", [DESK], raw)
    assert killed.wait(60) == -9
    daemon = desk.run()
    desk.wait(lambda: listening(port), "the daemon did not listen again")
    with contextlib.closing(smtplib.LMTP("127.0.0.1", port)) as client:
        client.sendmail("c1@visitor.example", [DESK], raw)
        desk.wait(lambda: None not in outcomes(desk) and len(outcomes(desk)) == 2, "not both were decided")
        assert sorted(map(str, outcomes(desk))) == ["created", "duplicate"]  # whichever was decided first
        assert desk.stop(daemon) == 0  # an open connection does not hold it up


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
        daemon = desk.run()
        mta.send(letter(2), "c2@visitor.example", DESK, "nobody@helpdesk.example")
        desk.wait(lambda: mta.flush() and outcomes(desk) == ["created", "created"], f"not both came: {mta.log()}", 60)
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
    with pytest.raises(ConfigError, match=r"pip install mailcase\[lmtp\]"):
        lmtp_server(house, paused=frozenset, room=lambda: None)
