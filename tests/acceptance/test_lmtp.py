"""LMTP intake on a real store and pipeline: every reply means what RFC 2033 says, and the bytes are those that came."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mailcase.errors import Transient
from tests.servers.letters import letter
from tests.servers.lmtp_client import lmtp_client
from tests.servers.lmtp_hall import SALES, SUPPORT, Hall, open_hall
from tests.servers.ports import until


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(tmp_path) as opened:
        yield opened


async def test_python_s_own_client_hands_in_a_mail_that_becomes_a_case(hall: Hall) -> None:
    def talk() -> dict[str, Any]:
        with smtplib.LMTP("127.0.0.1", hall.port) as client:
            assert client.ehlo("mx.visitor.example")[0] == 250
            offered = set(client.esmtp_features)
            assert {"pipelining", "enhancedstatuscodes", "8bitmime", "smtputf8", "size"} <= offered
            return client.sendmail("c1@visitor.example", [SUPPORT.decode(), "nobody@helpdesk.example"], letter(1))

    refused = await asyncio.to_thread(talk)
    assert refused == {"nobody@helpdesk.example": (550, b"5.1.1 no mailbox of ours has this address")}
    await until(lambda: [one[:2] for one in hall.outcomes()] == [("support", "created")])


NASTY = {
    "an empty line first": b"\r\nbody\r\n",
    "nothing at all": b"",
    "one empty line": b"\r\n",
    "dots everywhere": b"Subject: x\r\n\r\n.\r\n..\r\n.a\r\n\r\n.\r\nend.\r\n.\r\n",
    "bare LF and CR": b"Subject: x\r\n\r\na\nb\n.\nc\rd\r\r\n.\r\n",
    "NUL and 8 bit": b"Subject: \xff\x00\r\n\r\n\x00\xe4\x80\r\n",
    "a line of 2 MB": b"Subject: x\r\n\r\n" + b"x" * 2_000_000 + b"\r\n",
    "4 MB without a line end": b"Subject: x\r\n\r\n" + b"\r" * 4_000_000 + b"\r\n",
    "a first line with a dot": b"...\r\n",
}


async def test_every_octet_below_the_envelope_is_as_it_came(hall: Hall) -> None:
    head = b"Return-Path: <c1@visitor.example>\r\nDelivered-To: support@helpdesk.example\r\n"
    async with lmtp_client(hall.port) as client:
        for name, raw in NASTY.items():
            assert await client.hand_in(raw, SUPPORT) == ["250 2.0.0 taken"], name
    for (name, raw), (_, kept) in zip(NASTY.items(), hall.raws(), strict=True):
        assert kept == head + raw, name


async def test_each_recipient_has_a_reply_and_each_mailbox_a_delivery_that_names_only_its_own(
    hall: Hall,
) -> None:
    raw = letter(1, to="undisclosed-recipients:;")
    given = (
        SUPPORT,
        b"HELP@Helpdesk.Example",
        b"support+SR-1.abc@helpdesk.example",
        SALES,
        b"sales@xn--bcher-kva.example",
    )
    async with lmtp_client(hall.port) as client:
        assert await client.hand_in(raw, *given) == ["250 2.0.0 taken"] * 5
    support, sales = hall.raws()
    assert support == (
        "support",
        b"Return-Path: <c1@visitor.example>\r\nDelivered-To: support@helpdesk.example\r\nDelivered-To: HELP@Helpdesk."
        b"Example\r\nDelivered-To: support+SR-1.abc@helpdesk.example\r\n" + raw,
    )
    assert sales[0] == "sales"
    assert b"helpdesk" not in sales[1].removesuffix(raw)
    # nobody stands in To: the envelope makes it a registered recipient's (B4)
    await until(lambda: [one[1] for one in hall.outcomes()] == ["created", "created"])


async def test_a_null_sender_is_seen_as_such(hall: Hall) -> None:
    async with lmtp_client(hall.port) as client:
        await client.hand_in(letter(1, Return_Path=""), SUPPORT, sender=b"")
    assert hall.raws()[0][1].startswith(b"Return-Path: <>\r\n")
    await until(lambda: hall.outcomes()[0][1] is not None)
    shown = hall.house.store.message_show(1)
    assert (shown["kind"], shown["acknowledge"]) == ("notification", False)


async def test_mail_that_cannot_be_taken_now_stays_with_its_server(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    async with lmtp_client(hall.port) as client:
        hall.paused.add("support")
        assert [one[:9] for one in await client.begin(SUPPORT)] == ["250 2.1.0", "450 4.2.1", "503 5.5.1"]
        hall.paused.clear()
        hall.full = "3 MB are free"
        assert [one[:9] for one in await client.say(b"RSET", b"MAIL FROM:<>", b"RCPT TO:<" + SUPPORT + b">")] == [
            "250 2.0.0",
            "250 2.1.0",
            "452 4.3.1",
        ]
        hall.full = ""
        await client.say(b"RSET")
        await client.begin(SUPPORT, SALES)
        hall.full = "3 MB are free"  # the disk fills while the mail comes
        assert [one[:9] for one in await client.content(letter(1), 2)] == ["452 4.3.1"] * 2
        hall.full = ""

        def locked(*_: object) -> None:
            raise Transient("the store is locked")

        monkeypatch.setattr(hall.house.store, "journal", locked)
        assert [one[:9] for one in await client.hand_in(letter(1), SUPPORT, SALES)] == ["451 4.3.0"] * 2
        monkeypatch.undo()
        assert not hall.raws()
        assert [one[:9] for one in await client.hand_in(letter(1), SUPPORT)] == ["250 2.0.0"]


async def test_a_mail_that_is_too_large_is_refused_by_its_size_or_at_its_end_and_the_next_is_taken(hall: Hall) -> None:
    large = b"Subject: x\r\n\r\n" + b"y" * (8 * 1024**2) + b"\r\n"
    async with lmtp_client(hall.port) as client:
        said = await client.begin(SUPPORT, options=b" SIZE=8388609 BODY=8BITMIME SMTPUTF8")
        assert [one[:9] for one in said] == ["552 5.3.4", "503 5.5.1", "503 5.5.1"]
        assert [one[:9] for one in await client.hand_in(large, SUPPORT, SALES)] == ["552 5.3.4"] * 2
        assert [one[:9] for one in await client.hand_in(letter(1), SUPPORT)] == ["250 2.0.0"]
    assert len(hall.raws()) == 1


async def test_a_client_that_goes_away_after_the_final_dot_gets_its_mail_decided_once(hall: Hall) -> None:
    mail = letter(1)  # made once: another Date is another mail
    async with lmtp_client(hall.port) as client:
        await client.begin(SUPPORT)
        client.writer.write(mail + b".\r\n")
        client.writer.write_eof()
        await client.writer.drain()
    async with lmtp_client(hall.port) as client:
        await client.hand_in(mail, SUPPORT)
    await until(lambda: None not in [one[1] for one in hall.outcomes()])
    assert [one[1] for one in hall.outcomes()].count("created") == 1


async def test_a_connection_lost_within_the_content_stores_nothing(hall: Hall) -> None:
    async with lmtp_client(hall.port) as client:
        await client.begin(SUPPORT)
        client.writer.write(letter(1))
        await client.writer.drain()
    await until(lambda: not hall.server._sessions and not hall.server._budget.used)  # its end gives the room back
    assert not hall.raws()


async def test_a_stop_finishes_the_mail_under_way_and_refuses_the_next(hall: Hall) -> None:
    async with lmtp_client(hall.port) as busy, lmtp_client(hall.port) as idle:
        await busy.begin(SUPPORT)
        stopping = asyncio.create_task(hall.server.stop())
        assert (await idle.reply()).startswith("421 4.3.2")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", hall.port)
        assert [one[:9] for one in await busy.content(letter(1), 1)] == ["250 2.0.0"]
        assert (await busy.reply()).startswith("421 4.3.2")
        await stopping
    assert len(hall.raws()) == 1


async def test_wrong_commands_have_codes_and_end_nothing(hall: Hall) -> None:
    async with lmtp_client(hall.port) as client:
        said = await client.say(
            b"EHLO x", b"FOO", b"DATA", b"RCPT TO:<a@b>", b"\xff\xfe", b"x" * 5000, b"VRFY a@b.example"
        )
        assert all(one[4:6] == "5." for one in said[:-1]), said
        assert [one[:9] for one in await client.hand_in(letter(1), SUPPORT)] == ["250 2.0.0"]


async def test_a_fault_of_ours_is_no_reason_to_give_the_mail_up(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailcase.lmtp.server.mailbox_of", lambda *_: 1 / 0)
    async with lmtp_client(hall.port) as client:
        assert (await client.begin(SUPPORT))[1].startswith("451 4.3.0")
