"""Mails made of mails: headers, parts and words of known mails changed, doubled, swapped and joined."""

import random
from collections.abc import Sequence
from typing import Final

LONGEST: Final = 200_000  # bytes of a mail that mutation makes

#: What mail programs, attackers and broken gateways write.
PIECES: Final = (
    b"From: ", b"Subject: ", b"Message-ID: <", b"References: <a@b> <", b"In-Reply-To: <", b"Date: ", b"To: ", b"Cc: ",
    b"Return-Path: <>", b"Delivered-To: ", b"Reply-To: ", b"Sender: ", b"Received: from a by b; ", b"List-Id: <",
    b"Auto-Submitted: auto-replied", b"Precedence: bulk", b"X-Failed-Recipients: ", b"X-Auto-Response-Suppress: All",
    b"Authentication-Results: mx.helpdesk.example; dmarc=fail header.from=", b"X-Spam-Flag: YES",
    b"Content-Type: multipart/mixed; boundary=x", b"Content-Type: multipart/report; report-type=delivery-status",
    b"Content-Type: message/rfc822", b"Content-Type: message/delivery-status", b"Content-Type: text/html; charset=",
    b"Content-Type: text/calendar; method=REPLY", b"Content-Type: application/ms-tnef; name=winmail.dat",
    b"Content-Type: text/plain; format=flowed; delsp=yes", b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: quoted-printable", b"Content-Transfer-Encoding: x-uuencode",
    b"Content-Disposition: attachment; filename*0*=utf-8''%00%", b"Content-Disposition: attachment; filename=\"",
    b"Final-Recipient: rfc822; ", b"Action: failed", b"Status: 5.1.1", b"Diagnostic-Code: smtp; 550", b"--x", b"--x--",
    b"=?utf-8?q?=00=0D=0A?=", b"=?utf-8?b?gICA?=", b"=?utf-7?q?+2AA-?=", b"=?zlib?b?eJw=?=", b"charset=zlib",
    b"SR-1", b"[SR-7]", b"SR-99999999999999999999", b"[ref:c7.m", b"<![CDATA[", b"<svg onload=a>", b"<style>", b"&#0;",
    b"&#xd800;", b"\xed\xa0\x80", b"\x00", b"\xff\xfe", b"\xe2\x80\xae", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\t",
    b"{{7*7}}", b"{% raw %}", b"support@helpdesk.example", b"support+SR-7.aaaa@helpdesk.example", b"@", b"(", b")",
    b"<", b">", b'"', b"\\", b";", b":", b",", b"a@xn--", b"a@[127.0.0.1]", b"erin@visitor.example", b"begin 644 a\r\n",
    b"#note ", b"#assign me\r\n", b"#close", b"#wait", b"#resolve x", b"#priority high\r\n", b"#", b"# ",
    b"\xef\xbc\x83note", b"Subject: Fwd: ", b"From: a@b\r\nDate: x\r\nSubject: y\r\nTo: z\r\n", b"Von: ", b"[mailto:",
    b"\xe2\x80\x8b", b"Am Montag schrieb Erin:", b"On Monday Erin wrote:", b"> ", b"-- \r\n", b"99999", b"-1", b"+9999",
)  # fmt: skip


def mutated(raw: bytes, pool: Sequence[bytes], dice: random.Random) -> bytes:
    """The mail changed in one to six places; `pool` is where other mails' lines come from."""
    for _ in range(dice.randint(1, 6)):
        raw = dice.choice(_WAYS)(raw, pool, dice)
    return raw[:LONGEST]


def _insert(raw: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    at = dice.randint(0, len(raw))
    return raw[:at] + dice.choice(PIECES) + raw[at:]


def _insert_line(raw: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    lines = raw.split(b"\n")
    lines.insert(dice.randint(0, len(lines)), dice.choice(PIECES) + dice.choice(PIECES) + b"\r")
    return b"\n".join(lines)


def _drop(raw: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    lines = raw.split(b"\n")
    at = dice.randrange(len(lines))
    del lines[at : at + dice.randint(1, 4)]
    return b"\n".join(lines)


def _double(raw: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    lines = raw.split(b"\n")
    at = dice.randrange(len(lines))
    piece = lines[at : at + dice.randint(1, 8)]
    lines[at:at] = piece * dice.choice((1, 1, 2, 40))
    return b"\n".join(lines)


def _swap(raw: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    lines = raw.split(b"\n")
    one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _graft(raw: bytes, pool: Sequence[bytes], dice: random.Random) -> bytes:
    """Lines of another mail."""
    lines, others = raw.split(b"\n"), dice.choice(pool or (raw,)).split(b"\n")
    at, start = dice.randint(0, len(lines)), dice.randrange(len(others))
    lines[at:at] = others[start : start + dice.randint(1, 12)]
    return b"\n".join(lines)


def _nest(raw: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    """The mail as a part of a mail."""
    kind = dice.choice((b"message/rfc822", b"multipart/mixed; boundary=x", b"text/rfc822-headers", b"text/plain"))
    return b"Content-Type: " + kind + b"\r\n\r\n" + dice.choice((b"", b"--x\r\n\r\n")) + raw


def _flip(raw: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    if not raw:
        return b"\x00"
    changed = bytearray(raw)
    for _each in range(dice.randint(1, 8)):
        changed[dice.randrange(len(changed))] = dice.choice((0, 10, 13, 32, 60, 61, 62, 64, 127, 128, 255, 0xD8))
    return bytes(changed)


def _cut(raw: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    return raw[: dice.randint(0, len(raw))]


def _swell(raw: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    """One short piece a thousand times."""
    at = dice.randint(0, len(raw))
    piece = dice.choice((dice.choice(PIECES), raw[at : at + dice.randint(1, 12)]))
    return raw[:at] + piece * dice.choice((100, 1000, 5000)) + raw[at:]


_WAYS: Final = (
    *(_insert, _insert, _insert_line, _insert_line, _drop, _double, _swap, _graft, _graft, _nest, _flip, _cut),
    _swell,
)
