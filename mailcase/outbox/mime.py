"""An outbox row as the bytes and the envelope that leave: ASCII, short lines, our header set only (S3, S4)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, quote
from hashlib import sha256
from typing import Final

from mailcase.errors import Permanent
from mailcase.outbox.lines import one_line
from mailcase.outbox.wire import WireAddress, wire_address
from mailcase.ports import OutboxMail

_LINE: Final = 76  # characters of a header line, where blanks allow it
_LONGEST_NAME: Final = 80
_LONGEST_FILE_NAME: Final = 120
_MEDIA_TYPE: Final = re.compile(r"([a-z0-9.+-]{1,60})/([a-z0-9.+-]{1,80})")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9 ]+")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What SMTP is told: the sender ("" is the null sender), who receives, and the mail."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    utf8: bool  # the relay must offer SMTPUTF8
    copies_may_fail: bool = False  # a copy that is not taken does not stop the mail
    alike: bool = False  # the first recipient matters no more than the others: a group

    def without_copies(self) -> "Envelope":
        """The same mail to its first recipient alone."""
        return replace(self, recipients=self.recipients[:1])

    def without(self, address: str) -> "Envelope":
        """The same mail to all others."""
        return replace(self, recipients=tuple(one for one in self.recipients if one != address))


class _Line(str):
    """A header value that is written as it is, folded at its blanks.

    EmailMessage would decode encoded-words that a customer put into a subject, and would encode
    long Message-IDs; a value with `name` and `fold` is left alone (email.policy.EmailPolicy._fold).
    """

    name: str

    def fold(self, *, policy: object) -> str:  # noqa: ARG002  # the interface of email.headerregistry
        """`Name: value` with CRLF, lines of 76 characters where blanks allow it."""
        lines = [f"{self.name}:"]
        for word in self.split(" "):
            if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1] != f"{self.name}:":
                lines.append("")
            lines[-1] += f" {word}"
        return "\r\n".join(lines) + "\r\n"


def envelope(mail: OutboxMail, files: Sequence[bytes] = (), *, null_sender: bool) -> Envelope:
    """The mail ready to leave; the null sender is for automatic mail (RFC 3834 3.3), which can lose its copies.

    `files` are the bytes of `mail.files`, in their order.

    Raises:
        Permanent: an address or a header of the row cannot be sent.
    """
    sender = wire_address(mail.from_address)
    to = [wire_address(one) for one in (mail.to, *mail.cc)]
    try:
        data = _message(mail, files, sender, to).as_bytes()
    except (ValueError, LookupError) as error:
        raise Permanent(f"the mail cannot be written: {error}") from error
    utf8 = any(one.utf8 for one in (sender, *to))
    path = "" if null_sender else sender.text
    recipients = tuple(one.text for one in to if not mail.still_to or one.text in mail.still_to)
    group = mail.audience == "agent"
    return Envelope(path, recipients, data, utf8, copies_may_fail=mail.automatic, alike=group)


def _message(mail: OutboxMail, files: Sequence[bytes], sender: WireAddress, to: list[WireAddress]) -> EmailMessage:
    message = EmailMessage(policy=SMTP.clone(utf8=any(one.utf8 for one in (sender, *to))))
    for name, value in _headers(mail, sender, to):
        line = _Line(value)
        line.name = name
        message[name] = line
    message.set_content(mail.text, subtype="plain", charset="utf-8", cte="quoted-printable")
    if mail.html:
        message.add_alternative(mail.html, subtype="html", charset="utf-8", cte="quoted-printable")
        message.set_boundary(_boundary(mail.message_id))
    for file, content in zip(mail.files, files, strict=True):
        main, sub = _type(file.type)
        message.add_attachment(content, maintype=main, subtype=sub, filename=_file_name(file.name))
    if files:
        message.set_boundary(_boundary(f"files {mail.message_id}"))
    return message


def _type(given: str) -> tuple[str, str]:
    """A file's type in two parts; a mail in a file is written as plain bytes, since base64 would not do for it."""
    found = _MEDIA_TYPE.fullmatch(given.lower())
    if found is None or found[1] in ("message", "multipart"):
        return "application", "octet-stream"
    return found[1], found[2]


def _file_name(name: str) -> str:
    """On one line; whoever saves it chooses the folder."""
    return one_line(name.replace("/", "_").replace("\\", "_"), _LONGEST_FILE_NAME) or "file"


def _boundary(message_id: str) -> str:
    """A boundary that no quoted-printable or base64 text can hold, the same at each attempt."""
    return "=_" + sha256(message_id.encode("utf-8", "replace")).hexdigest()[:32]


def _headers(mail: OutboxMail, sender: WireAddress, to: list[WireAddress]) -> Iterator[tuple[str, str]]:
    yield "From", _mailbox(mail.from_name, sender)
    if mail.audience == "agent":  # a group of agents is written to as one (L2)
        yield "To", ", ".join(one.text for one in to)
    else:
        # Automatic mail names its recipient by the address alone: a display name is the sender's words.
        yield "To", _mailbox("" if mail.automatic else mail.to_name, to[0])
    if to[1:] and mail.audience != "agent":
        yield "Cc", ", ".join(one.text for one in to[1:])
    yield "Subject", _encoded(one_line(mail.subject, 200), "Subject")
    yield "Date", format_datetime(mail.created_at)
    yield "Message-ID", mail.message_id
    for name, value in mail.headers:
        yield name, _reply_to(value) if name == "Reply-To" else value


def _reply_to(value: str) -> str:
    return wire_address(value).text


def _mailbox(name: str, address: WireAddress) -> str:
    """`Name <address>`, the name quoted or encoded as it needs, or the address alone."""
    name = one_line(name, _LONGEST_NAME)
    if not name:
        return address.text
    if _PLAIN_NAME.fullmatch(name):
        return f"{name} <{address.text}>"
    written = f'"{quote(name)}"' if name.isascii() and "=?" not in name else _encoded(name, "From")
    return f"{written} <{address.text}>"


def _encoded(text: str, header: str) -> str:
    """The text as encoded-words (RFC 2047) unless it is ASCII and cannot be taken for one."""
    if text.isascii() and "=?" not in text:
        return text
    return Header(text, "utf-8", maxlinelen=_LINE - 1, header_name=header).encode(linesep="").replace("  ", " ")
