"""Mails as real customers, robots and servers write them: RFC 5322 bytes, made with the standard library."""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

HELP = "help@harbor.example"
HILFE = "hilfe@harbor.example"


@dataclass(frozen=True, slots=True)
class Answer:
    """The acknowledgement that really left for one sample: what a customer's mail program answers to."""

    number: str  # of the case
    message_id: str
    subject: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes."""

    name: str
    address: str

    @property
    def header(self) -> Address:
        """As it stands in From."""
        return Address(self.name, addr_spec=self.address)

    @property
    def first_name(self) -> str:
        """As people call him."""
        return self.name.partition(" ")[0]

    def id(self, word: str) -> str:
        """A Message-ID of this person's mail program."""
        return f"<{word}@{self.address.partition('@')[2]}>"


@dataclass(frozen=True, slots=True)
class File:
    """An attachment."""

    name: str
    kind: str  # "image/png"
    data: bytes


def mail(
    person: Person,
    word: str,
    subject: str,
    text: str,
    *,
    to: str = HELP,
    html: str = "",
    files: tuple[File, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """One mail.

    Args:
        person: who writes.
        word: makes its Message-ID; "" leaves it out.
        subject: as typed.
        text: the plain body; "" with `html` makes a HTML-only mail.
        to: the To header.
        html: the HTML body.
        files: attachments.
        headers: more header fields; one of the same name is replaced.
    """
    message = _envelope(person, to, subject)
    if word:
        message["Message-ID"] = person.id(word)
    if text or not html:
        message.set_content(text)
    if html and text:
        message.add_alternative(html, subtype="html")
    elif html:
        message.set_content(html, subtype="html")
    for file in files:
        main, _, sub = file.kind.partition("/")
        message.add_attachment(file.data, maintype=main, subtype=sub, filename=file.name)
    return _with(message, headers or {})


def reply(
    person: Person, word: str, answer: Answer, text: str, *, to: str = HELP, headers: Mapping[str, str] | None = None
) -> bytes:
    """An answer to our acknowledgement, as mail programs write it."""
    thread = {"In-Reply-To": answer.message_id, "References": answer.message_id}
    quoted = f"{text}\n\nOn Monday the help desk wrote:\n> Thank you for your message.\n"
    return mail(
        person, word, f"Re: {answer.subject.removeprefix('Re: ')}", quoted, to=to, headers={**thread, **(headers or {})}
    )


def bounce(answer: Answer, recipient: str) -> bytes:
    """What a mail server says of an acknowledgement that it cannot deliver (RFC 3464)."""
    server = Person("Mail Delivery System", f"MAILER-DAEMON@{recipient.partition('@')[2]}")
    status = (
        f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {recipient}\n"
        "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n"
    )
    head = f"Message-ID: {answer.message_id}\nSubject: {answer.subject}\n"
    parts = (
        ("text/plain", f"Your mail to {recipient} could not be delivered: the mailbox does not exist.\n"),
        ("message/delivery-status", status),
        ("text/rfc822-headers", head),
    )
    return _report(server, "Undelivered Mail Returned to Sender", "dsn-1", "delivery-status", parts)


def receipt(person: Person, answer: Answer) -> bytes:
    """A mail program tells that our acknowledgement was opened (RFC 8098)."""
    note = (
        f"Final-Recipient: rfc822; {person.address}\nOriginal-Message-ID: {answer.message_id}\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\n"
    )
    parts = (("text/plain", "Your message was read.\n"), ("message/disposition-notification", note))
    return _report(person, f"Read: {answer.subject}", "mdn-1", "disposition-notification", parts)


def png() -> bytes:
    """A picture of 16 by 16 red points."""
    rows = b"".join(b"\0" + b"\xd0\x20\x20" * 16 for _ in range(16))
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def pdf() -> bytes:
    """A document of one empty page."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    )
    body = b"%PDF-1.4\n"
    places = []
    for number, text in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj%sendobj\n" % (number, text)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + (
        b"xref\n0 4\n0000000000 65535 f \n%strailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (table, len(body))
    )


def _envelope(person: Person, to: str, subject: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = person.header
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.now(UTC))
    return message


def _with(message: EmailMessage, headers: Mapping[str, str]) -> bytes:
    for name, value in headers.items():
        del message[name]
        message[name] = value
    return message.as_bytes()


def _report(person: Person, subject: str, word: str, kind: str, parts: tuple[tuple[str, str], ...]) -> bytes:
    """A multipart/report (RFC 6522), written line by line as mail servers do."""
    head = _envelope(person, HELP, subject)
    head["Message-ID"] = person.id(word)
    head["MIME-Version"] = "1.0"
    fields = head.as_string().rstrip("\r\n").replace("\r\n", "\n")
    body = "".join(f"--=report\nContent-Type: {type_}\n\n{text}\n" for type_, text in parts)
    text = (
        f"Return-Path: <>\n{fields}\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="=report"\n\n{body}--=report--\n'
    )
    return text.replace("\n", "\r\n").encode()
