"""Reading a mail: every field of its contract, the pitfalls of libraries.md 3, and that it never raises."""

import base64
import hashlib
import re
import zlib
from dataclasses import fields
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.intake import parse
from mailcase.intake.parse import read
from mailcase.message import Address, Email

RAW = """\
Return-Path: <Joe@X.example>
Delivered-To: support@our.example
X-Original-To: help@our.example
Received: from a by b; Mon, 1 Jan 2024 10:00:00 +0100
From: "Doe, Joe" <joe@x.example>
Sender: Secretary <sec@x.example>
Reply-To: Joe <reply@x.example>
To: Support <support@our.example>,
 other@y.example
Cc: c@z.example
Resent-To: r@our.example
Resent-Cc: s@our.example
Subject: =?utf-8?q?K=C3=A4se?=
 is =?utf-8?q?gone?=
Date: Mon, 1 Jan 2024 10:00:00 +0100
Message-ID: <a@x.example>
In-Reply-To: <p@our.example>
References: <r@our.example>
 <p@our.example>

Hello
""".replace("\n", "\r\n").encode()


def test_every_field_of_a_plain_mail_is_read() -> None:
    found = read(RAW)
    assert (found.sha256, found.size) == (hashlib.sha256(RAW).hexdigest(), len(RAW))
    assert (found.message_id, found.subject, found.text) == ("<a@x.example>", "Käse is gone", "Hello")
    assert found.date == datetime(2024, 1, 1, 9, tzinfo=UTC)
    assert found.date_key == "2024-01-01T09:00:00+00:00"
    assert (found.in_reply_to, found.references) == (("<p@our.example>",), ("<r@our.example>", "<p@our.example>"))
    assert found.defects == ()
    assert found.header("received") is not None
    assert found.report is None


def keys(addresses: tuple[Address, ...]) -> list[str]:
    return [one.key for one in addresses]


def test_every_address_of_a_plain_mail_is_read() -> None:
    found = read(RAW)
    assert [(one.name, one.key) for one in found.senders] == [("Doe, Joe", "joe@x.example")]
    assert found.sender_header is not None
    assert found.sender_header.key == "sec@x.example"
    assert keys(found.reply_to) == ["reply@x.example"]
    assert keys(found.to) == ["support@our.example", "other@y.example"]
    assert keys(found.cc) == ["c@z.example"]
    assert keys(found.resent_to + found.resent_cc) == ["r@our.example", "s@our.example"]
    assert [one.key for one in found.delivered_to] == ["support@our.example", "help@our.example"]
    assert found.return_path == "joe@x.example"


@pytest.mark.parametrize(
    ("line", "path"), [(b"", None), (b"Return-Path: <>\n", ""), (b"Return-Path: A@X.example\n", "a@x.example")]
)
def test_the_null_path_is_not_an_absent_one(line: bytes, path: str | None) -> None:
    assert read(line + b"Subject: x\n\n").return_path == path


@pytest.mark.parametrize(
    ("text", "date", "key"),
    [
        ("Mon, 1 Jan 2024 10:00:00 +0100", datetime(2024, 1, 1, 9, tzinfo=UTC), None),
        ("Mon, 1 Jan 2024 10:00:00", datetime(2024, 1, 1, 10, tzinfo=UTC), None),
        ("1 Jan 99999 10:00:00 +0000", None, "1 Jan 99999 10:00:00 +0000"),
        ("Mon, 1 Jan 2024 10:00:00 +9999999", None, "Mon, 1 Jan 2024 10:00:00 +9999999"),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None, "Fri, 31 Dec 9999 23:59:59 -1200"),
        ("yesterday", None, "yesterday"),
        ("", None, ""),
    ],
)
def test_a_date_is_a_moment_or_its_text(text: str, date: datetime | None, key: str | None) -> None:
    found = read(f"Date: {text}\n\n".encode())
    assert found.date is None or found.date == date
    assert found.date_key == (key if key is not None else found.date.isoformat() if found.date else text)


def test_of_a_header_that_stands_twice_the_first_counts() -> None:
    raw = b"From: a@x.example\nFrom: b@x.example\nSubject: one\nSubject: two\nMessage-ID: <1@x>\nMessage-ID: <2@x>\n\n"
    found = read(raw)
    assert [one.key for one in found.senders] == ["a@x.example"]
    assert (found.subject, found.message_id) == ("one", "<1@x>")
    assert {"duplicate_from", "duplicate_subject", "duplicate_message_id"} <= set(found.defects)


def test_raw_latin_1_in_headers_is_not_lost() -> None:
    found = read("Subject: Übergröße\nFrom: Jörg <j@x.example>\n\n".encode("latin-1"))
    assert found.subject == "Übergröße"
    assert found.senders[0].name == "Jörg"


def test_names_and_addresses_do_not_fool_anyone() -> None:
    found = read(b"From: alice@customer.example)<mallory@evil.example>\n\n")
    assert [one.key for one in found.senders] == ["mallory@evil.example"]
    assert "dubious_from" in found.defects


@pytest.mark.parametrize(
    "raw", [b"", b"\x00", b"\r\n", b"\n\n\n", b"garbage", bytes(range(256)), b"From", b":", b"\xff" * 99]
)
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    found = read(raw)
    assert found.size == len(raw)
    assert found.message_id is None
    assert found.identity.startswith("c:")


MULTI = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
HOSTILE = {
    "parens": b"From: " + b"(" * 50_000,
    "backslashes": b'From: "' + b"\\" * 50_000,
    "recipients": b"To: " + b"a@x.example, " * 20_000,
    "headers": b"".join(b"X-%d: v\r\n" % number for number in range(20_000)),
    "long header": b"Subject: " + b"a" * 1_000_000,
    "encoded words": b"Subject: " + b"=?utf-8?q?a?= " * 50_000,
    "cr in encoded word": b"From: =?utf-8?q?a=0D=0ABcc:_x@y?= <a@x.example>",
    "odd message-id": b"Message-ID: <[weird spaced@x.y]>",
    "long line": b"A: b\r\n\r\n" + b"x" * 2_000_000,
    "empty parts": MULTI + b"--x\r\n\r\n\r\n" * 100_000,
    "dash lines": MULTI + b"--x\r\n\r\n" + b"--\r\n" * 250_000,
    "rfc822": b"Content-Type: message/rfc822\r\n\r\n" * 300,
    "flowed": b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"a \r\n" * 200_000,
    "parameters": b"Content-Type: text/plain; " + b'a="' + b";" * 500_000,
    "utf-7": b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + b"+" * 500_000,
    "cells": b"Content-Type: text/html\r\n\r\n<table>" + b"<td>x" * 150_000,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_mail_is_read_and_clean(raw: bytes) -> None:
    found = read(raw + b"\r\n\r\n")
    assert not [text for text in texts(found) if dirty(text)]


@pytest.mark.parametrize("encoding", [b"charset=zlib", b"charset=gzip", b"charset=bz2_codec"])
def test_a_compressed_text_is_never_expanded(encoding: bytes) -> None:
    packed = base64.b64encode(zlib.compress(b"0" * 20_000_000))
    found = read(b"Content-Transfer-Encoding: base64\r\nContent-Type: text/plain; " + encoding + b"\r\n\r\n" + packed)
    assert len(found.text) <= len(packed)


@pytest.mark.parametrize("error", [RecursionError, MemoryError, ValueError])
def test_a_stage_that_raises_costs_one_field(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def broken(*_: object) -> None:
        raise error("broken")

    monkeypatch.setattr(parse, "read_body", broken)
    monkeypatch.setattr(parse, "parse_mail_date", broken)
    found = read(RAW)
    assert {"body_failed", "mailparser_failed"} <= set(found.defects)
    assert (found.subject, found.text) == ("Käse is gone", "")
    assert [one.key for one in found.senders] == ["joe@x.example"]


def texts(found: Email) -> list[str]:
    """Every text of an Email, however deep."""
    todo: list[object] = [getattr(found, one.name) for one in fields(found)]
    out: list[str] = []
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            out.append(value)
        elif isinstance(value, tuple):
            todo.extend(value)
        elif hasattr(value, "__dataclass_fields__"):
            todo.extend(getattr(value, name) for name in value.__dataclass_fields__)
    return out


DIRT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def dirty(text: str) -> bool:
    return DIRT.search(text) is not None


LINES = st.sampled_from([
    b"From: ", b"Subject: ", b"Message-ID: <", b"Date: Mon, 1 Jan 2024", b"Content-Type: multipart/mixed; boundary=x",
    b"Content-Type: text/html; charset=", b"--x", b"--x--", b"Content-Transfer-Encoding: base64", b"=?utf-8?q?=00?=",
    b"Content-Type: message/rfc822", b"Content-Disposition: attachment; filename*0*=", b"References: <a> <b", b"",
    b"Content-Type: message/delivery-status", b"Final-Recipient: rfc822;", b"\xff\xfe\x00", b" folded",
    b"<p>&#0;&#xd800;",
])  # fmt: skip


@given(st.lists(LINES | st.binary(max_size=40), max_size=25).map(b"\r\n".join))
def test_any_mail_is_read_to_clean_text_and_always_the_same(raw: bytes) -> None:
    before = bytes(bytearray(raw))
    found = read(raw)
    assert raw == before
    assert read(raw) == found
    assert not [text for text in texts(found) if dirty(text)]
    assert "\n" not in found.subject + "".join(value for _, value in found.headers)
    assert len(found.identity) < 200
