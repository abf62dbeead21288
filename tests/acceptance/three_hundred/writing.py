"""Mails as bytes, as different programs write them: no library mends what we want to be odd."""

import base64
import quopri
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from tests.acceptance.three_hundred.people import Person
from tests.acceptance.three_hundred.truth import SUPPORT

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a mail program is asked to write; an empty field leaves its header out."""

    who: Person
    subject: str
    body: str
    date: datetime | None
    message_id: str
    to: str = SUPPORT
    charset: str = "utf-8"
    coding: str = "8bit"
    html: bool = False
    headers: Headers = ()  # in front of the mail's own; "Return-Path" in it replaces ours
    sender: str = ""  # the From header as it stands
    content: tuple[str, bytes] | None = None  # a Content-Type and its body in place of the text


def word(text: str, charset: str) -> str:
    """A header's text, encoded (RFC 2047) where it is not ASCII; long ones in several words."""
    if text.isascii():
        return text
    pieces = [text[at : at + 12] for at in range(0, len(text), 12)]
    return "\r\n ".join(f"=?{charset}?B?{base64.b64encode(one.encode(charset)).decode()}?=" for one in pieces)


def encoded(text: str, charset: str, coding: str) -> bytes:
    """A text part's body as it travels."""
    raw = text.replace("\n", "\r\n").encode(charset)
    if coding == "base64":
        return base64.encodebytes(raw).replace(b"\n", b"\r\n")
    return quopri.encodestring(raw) if coding == "quoted-printable" else raw


def write(letter: Letter) -> bytes:
    """The raw mail."""
    kind = "html" if letter.html else "plain"
    content = letter.content or (
        f"text/{kind}; charset={letter.charset}",
        encoded(letter.body, letter.charset, letter.coding),
    )
    own = [
        ("From", letter.sender or f"{word(letter.who.name, letter.charset)} <{letter.who.address}>"),
        ("To", letter.to),
        ("Subject", word(letter.subject, letter.charset)),
        ("Date", format_datetime(letter.date) if letter.date else ""),
        ("Message-ID", letter.message_id),
        ("MIME-Version", "1.0"),
        ("Content-Type", content[0]),
        ("Content-Transfer-Encoding", letter.coding if letter.content is None else "8bit"),
    ]
    if not any(name == "Return-Path" for name, _ in letter.headers):
        own.insert(0, ("Return-Path", f"<{letter.who.address}>"))
    lines = "".join(f"{name}: {value}\r\n" for name, value in (*letter.headers, *own) if value)
    return lines.encode("utf-8", "surrogateescape") + b"\r\n" + content[1] + b"\r\n"


def parted(kind: str, *parts: tuple[str, bytes]) -> tuple[str, bytes]:
    """A multipart content; each part is its header lines and its body."""
    boundary = "=_part_7f3a"
    body = b"".join(f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n" for head, content in parts)
    return f'multipart/{kind}; boundary="{boundary}"', body + f"--{boundary}--\r\n".encode()


def text_part(text: str) -> tuple[str, bytes]:
    """A plain text part."""
    return "Content-Type: text/plain; charset=utf-8", text.encode()


def file_part(name: str, kind: str, content: bytes, extra: str = "") -> tuple[str, bytes]:
    """An attachment in base64."""
    head = f'Content-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
    return head + (extra or f'Content-Disposition: attachment; filename="{name}"'), base64.encodebytes(content)


def failure(address: str, action: str = "failed") -> str:
    """What a server's report says of one address (RFC 3464)."""
    recipient = f"Final-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
    return f"Reporting-MTA: dns; mx.far.example\r\n\r\n{recipient}"


def report(kind: str, about: str, block: str, original: str) -> tuple[str, bytes]:
    """A report of RFC 6522: words for people, a block for machines, the original's headers."""
    words = "This is an automatically generated notice about your message."
    inner = "Content-Type: text/rfc822-headers"
    return parted(
        f"report; report-type={kind}",
        text_part(words),
        (f"Content-Type: message/{about}", block.encode()),
        (inner, original.encode()),
    )
