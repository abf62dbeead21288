"""Reading a mail: raw bytes to `Email`. The only file that imports mail-parser.

mail-parser reads the first Date, and the first From and Reply-To where there is more than one way to read
them, and says what is wrong with them; its walk over bodies, attachments and Received lines, with the pitfalls
of libraries.md 3, is never started. Whatever a library raises costs one field and leaves a defect word, not the mail.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from mailparser.dates import DateResult, parse_mail_date
from mailparser.utils import get_addresses

from mailcase.errors import Permanent
from mailcase.intake import attachments as attached
from mailcase.intake import dates, headers, reports, winmail
from mailcase.intake.addresses import LONGEST_HEADER, clear_mailbox, key_of, parse_addresses
from mailcase.intake.body import Body, read_body
from mailcase.intake.forwarded import forwarded_from
from mailcase.intake.headers import Block
from mailcase.intake.identity import BEGINNING, beginning, content_key, fingerprint, identity
from mailcase.intake.quotation import new_part
from mailcase.intake.references import MOST, message_id, message_ids
from mailcase.intake.structure import Part, scan, with_lines
from mailcase.intake.texts import clean_line
from mailcase.intake.words import decode_bytes
from mailcase.message import Address, Attachment, Email, Report
from mailcase.subjects import base_subject

_T = TypeVar("_T")
_SHORT: Final = 4_096  # characters of a header that mail-parser gets; longer ones are read by us
_LONGEST_SUBJECT: Final = 10_000
_LONGEST_WRITER: Final = 500
_DELIVERED: Final = ("delivered-to", "x-original-to", "envelope-to")

# What a stage that failed leaves behind.
_NO_HEADERS: Final[tuple[tuple[tuple[str, str], ...], list[str]]] = ((), [])
_NO_ATTACHMENTS: Final[tuple[Attachment, ...]] = ()
_NO_REPORT: Final[Report | None] = None
_NO_IDS: Final[tuple[str, ...]] = ()
_NO_MARKS: Final[tuple[tuple[str, str], ...]] = ()
_NO_ADDRESSES: Final[tuple[Address, ...]] = ()


@dataclass(slots=True)
class _Reading:
    """A mail while it is read."""

    raw: bytes
    root: Part
    defects: list[str]
    charset: str = ""  # of the body: what raw bytes in headers may be written in

    @property
    def block(self) -> Block:
        return self.root.block

    def first_bytes(self, most: int) -> bytes:
        """The body's first bytes; a large body is never copied whole."""
        return self.raw[self.root.start : self.root.start + most]

    def guarded(self, stage: str, work: Callable[[], _T], otherwise: _T) -> _T:
        """The result of one stage; where it raises, `otherwise` and the defect word `<stage>_failed`."""
        try:
            return work()
        except Exception:  # RecursionError and MemoryError too: one stage, not the mail (R4)
            self.defects.append(f"{stage}_failed")
            return otherwise


def read(raw: bytes) -> Email:
    """The mail of these bytes, which stay as they are; any bytes are a mail.

    Raises Permanent where no Email can be made of them; that is a bug or a lack of memory.
    """
    try:
        return _read(raw)
    except Exception as error:
        raise Permanent(f"the mail cannot be read: {type(error).__name__}: {error!s:.200}") from error


def _read(raw: bytes) -> Email:
    lines = with_lines(raw)
    root, defects = scan(lines)
    reading = _Reading(lines, root, defects + root.block.defects)
    reading.charset = root.media.params.get("charset", "")
    reading.defects += headers.duplicates(root.block)
    body = reading.guarded("body", lambda: read_body(lines, root), Body())
    reading.defects += body.defects
    return _email(raw, reading, body)


def _email(raw: bytes, reading: _Reading, body: Body) -> Email:
    subject, senders, found_id, (date, date_key) = _head(reading)
    kept, cut = reading.guarded("headers", lambda: headers.visible(reading.block, reading.charset), _NO_HEADERS)
    files, inner, text = _attachments(reading, body)
    content = fingerprint(subject, senders, date_key, body.text, files)
    return Email(
        sha256=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        message_id=found_id,
        date=date,
        date_key=date_key,
        in_reply_to=_ids(reading, "in-reply-to"),
        references=_ids(reading, "references"),
        senders=senders,
        sender_header=next(iter(_mailboxes(reading, "sender")), None),
        reply_to=_mailboxes(reading, "reply-to"),
        to=_recipients(reading, "to"),
        cc=_recipients(reading, "cc"),
        resent_to=_recipients(reading, "resent-to"),
        resent_cc=_recipients(reading, "resent-cc"),
        delivered_to=_recipients(reading, *_DELIVERED),
        return_path=_return_path(reading),
        subject=subject,
        text=text,
        beginning=beginning(reading.block.fields, reading.first_bytes(2 * BEGINNING), found_id, date_key),
        forwarded=_forwarded(reading, subject, text),
        **_new_part(reading, subject, senders, text, body.html),
        html=body.html,
        html_clean=body.html_clean,
        attachments=(*files, *inner),
        headers=kept,
        **_reported(reading, body),
        fingerprint=content,
        content_key=content_key(subject, senders, body.text, files),
        identity=identity(found_id, date_key, content),
        defects=tuple(dict.fromkeys([*reading.defects, *cut, *_missing(senders, date, date_key)])),
    )


def _head(reading: _Reading) -> tuple[str, tuple[Address, ...], str | None, tuple[datetime | None, str]]:
    """What makes the mail known: subject, From, Message-ID, Date."""
    subject = headers.line(reading.block, "subject", reading.charset)[:_LONGEST_SUBJECT]
    return subject, _mailboxes(reading, "from"), _message_id(reading), _date(reading)


def _forwarded(reading: _Reading, subject: str, text: str) -> tuple[Address, ...]:
    return reading.guarded("forwarded", lambda: forwarded_from(reading.raw, reading.root, subject, text), ())


def _new_part(
    reading: _Reading, subject: str, senders: tuple[Address, ...], text: str, html: str
) -> dict[str, Any]:  # fmt: skip
    """A report quotes in order to be read: it is no reply, whatever it cites."""
    cites = bool(reading.block.first("in-reply-to") or reading.block.first("references"))
    report = reading.root.type == "multipart/report" or _return_path(reading) == ""
    reply = not report and _is_reply(subject, cites)
    writer = " ".join(f"{one.name} {one.key}" for one in senders[:1])[:_LONGEST_WRITER]
    part = reading.guarded("new_text", lambda: new_part(text, html, reply=reply, writer=writer), ("", False))
    return dict(zip(("new_text", "nothing_new"), part, strict=True))


def _is_reply(subject: str, cites: bool) -> bool:
    """Whether the mail answers one; a forwarded mail shows what it quotes, though it may cite it too."""
    if base_subject(subject, forwards=False).replied:
        return True
    return cites and not base_subject(subject).forwarded


def _reported(reading: _Reading, body: Body) -> dict[str, Any]:
    """The report that the mail is, the ids and our marks that it carries, the method of its invitation."""
    raw, root = reading.raw, reading.root
    return {
        "report": reading.guarded("report", lambda: reports.read_report(raw, root), _NO_REPORT),
        "carried_ids": reading.guarded("carried", lambda: reports.carried_ids(raw, root, body.text), _NO_IDS),
        "carried_marks": reading.guarded("carried", lambda: reports.carried_marks(raw, root), _NO_MARKS),
        "calendar_method": reading.guarded("calendar", lambda: reports.calendar_method(raw, root), ""),
    }


def _attachments(reading: _Reading, body: Body) -> tuple[tuple[Attachment, ...], tuple[Attachment, ...], str]:
    """The attachments, what is in each winmail.dat among them, and the text: one's own, or else that of a winmail.dat.

    What is in a winmail.dat does not go into the mail's identity: the file itself does.
    """
    raw, root = reading.raw, reading.root
    listed = partial(attached.list_attachments, raw, root, body.used, body.html)
    files = reading.guarded("attachments", listed, _NO_ATTACHMENTS)
    return (files, *_opened(reading, files, body.text))


def _opened(reading: _Reading, files: tuple[Attachment, ...], text: str) -> tuple[tuple[Attachment, ...], str]:
    inner: tuple[Attachment, ...] = ()
    numbers = {one.part for one in files}
    parts = [one for one in reading.root.leaves() if one.number in numbers and winmail.is_winmail(one)]
    for part in parts[: winmail.MOST]:
        # of one at most: unpacking hostile text takes half a second
        found = winmail.opened(reading.raw, part, words=part is parts[0] and not text)
        if found is None:
            reading.defects.append("winmail_not_opened")
            continue
        inner += winmail.listed(part.number, found, (*files, *inner))
        text = text or winmail.text_in(found)
    return inner, text


def _missing(senders: tuple[Address, ...], date: datetime | None, date_key: str) -> list[str]:
    defects = [] if senders else ["no_sender"]
    if date is None:
        defects.append("bad_date" if date_key else "no_date")
    return defects


def _mailboxes(reading: _Reading, name: str) -> tuple[Address, ...]:
    """From, Sender or Reply-To: mail-parser's result, or ours where it is in doubt or there is none."""
    if not reading.block.first(name):
        return ()
    return reading.guarded(f"{name}_header", lambda: _weighed(reading, name), ())


def _weighed(reading: _Reading, name: str) -> tuple[Address, ...]:
    text = headers.unparsed(reading.block, name, reading.charset)[:LONGEST_HEADER]
    clear = clear_mailbox(text)
    if clear is not None:
        return (clear,)
    ours = parse_addresses(text)
    if name == "sender" or len(reading.block.first(name)) > _SHORT:  # mail-parser knows no Sender
        return ours
    theirs = reading.guarded("mailparser", lambda: _theirs(reading, name, text), _NO_ADDRESSES)
    same = [one.key for one in theirs] == [one.key for one in ours]
    if not same and theirs:
        reading.defects.append("dubious_" + name.replace("-", "_"))
    return theirs if same and not any("=?" in one.name for one in theirs) else ours


def _theirs(reading: _Reading, name: str, text: str) -> tuple[Address, ...]:
    """mail-parser's result; none of it where it recovered or refused any address."""
    doubts: list[object] = []
    pairs = get_addresses(text.replace("\x00", ""), defects=doubts, decode_names=True)
    if doubts:
        reading.defects.append("dubious_" + name.replace("-", "_"))
        return ()
    made = (("" if shown == spec else shown, spec) for shown, spec in pairs if spec)
    return tuple(Address(clean_line(shown), clean_line(spec), key_of(spec)) for shown, spec in made)


def _recipients(reading: _Reading, *names: str) -> tuple[Address, ...]:
    """The addresses of every header of those names: a recipient header that repeats adds up."""
    wanted = [(name, value) for name in names for value in reading.block.all(name)]
    if not wanted:
        return ()
    text = ", ".join(decode_bytes(value[:LONGEST_HEADER], reading.charset) for _, value in wanted)
    return reading.guarded(f"{names[0]}_header", lambda: parse_addresses(text), ())


def _return_path(reading: _Reading) -> str | None:
    """None: absent; "": the null path; else the key."""
    if "return-path" not in reading.block.index:
        return None
    text = headers.unparsed(reading.block, "return-path").strip()
    return reading.guarded("return_path", lambda: "" if text in ("<>", "") else key_of(text), "")


def _message_id(reading: _Reading) -> str | None:
    text = headers.unparsed(reading.block, "message-id")
    found = message_id(clean_line(text))
    if found is None:
        reading.defects.append("bad_message_id" if text else "no_message_id")
    return found


def _ids(reading: _Reading, name: str) -> tuple[str, ...]:
    texts = [decode_bytes(value) for value in reading.block.all(name)]
    return message_ids(clean_line(" ".join(texts)), MOST) if texts else ()


def _date(reading: _Reading) -> tuple[datetime | None, str]:
    """The Date in UTC and its canonical form: ISO 8601, else the header's text, else ""."""
    text = headers.line(reading.block, "date")[: dates.LONGEST]
    if not text:
        return None, ""
    found = DateResult()
    if len(reading.block.first("date")) <= _SHORT:
        raw = headers.unparsed(reading.block, "date", reading.charset).replace("\x00", "")
        found = reading.guarded("mailparser", lambda: parse_mail_date(raw), found)
    value: datetime | None = found.value or dates.lenient(text, set(found.reasons))
    if value is None:
        return None, text
    return value, value.isoformat()
