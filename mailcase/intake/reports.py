"""What a mail's own report parts say (RFC 6522, 3464, 8098, 5965), and which mails it carries or quotes."""

import re
from typing import Final

from mailcase.intake import headers
from mailcase.intake.addresses import key_of
from mailcase.intake.charsets import decode
from mailcase.intake.content import payload
from mailcase.intake.references import message_id
from mailcase.intake.structure import Part
from mailcase.intake.texts import clean_line
from mailcase.message import Report, ReportRecipient
from mailcase.tokens import LOOP_HEADER

_DELIVERY: Final = ("message/delivery-status", "message/global-delivery-status")
_RECEIPT: Final = ("message/disposition-notification", "message/global-disposition-notification")
_COMPLAINT: Final = ("message/feedback-report",)
_PARTS: Final = frozenset(_DELIVERY + _RECEIPT + _COMPLAINT)
_CARRIED: Final = (
    "message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers",
    "message/rfc822-headers", "message/partial",  # as VOPmail and LiteMail write it
)  # fmt: skip
_STATUS: Final = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9])")
_MOST_RECIPIENTS: Final = 1_000
_MOST_IDS: Final = 20
_MOST_BYTES: Final = 262_144  # of one report part or text that are read
_LONGEST_DIAGNOSTIC: Final = 2_000
_LONGEST_MARK: Final = 400  # characters of a loop header
_QUOTE: Final = " \t>|:*"
_MARGIN: Final = 40  # characters of quote marks before it
_QUOTED_ID: Final = re.compile(r"message-id:[ \t\r\n>]{0,80}(<[^<>\s]{1,996}>)", re.I | re.ASCII)


def read_report(raw: bytes, root: Part) -> Report | None:
    """The report that this mail is, or None. Never looks inside a carried message (table 3.1)."""
    named = root.media.params.get("report-type", "").strip().lower() if root.type == "multipart/report" else ""
    parts = [leaf for leaf in root.leaves() if leaf.type in _PARTS]
    if not named and not parts:
        return None
    recipients = [found for part in parts for found in _recipients(raw, part)]
    types = tuple(dict.fromkeys(part.type for part in parts))
    return Report(clean_line(named)[:100], types, tuple(recipients[:_MOST_RECIPIENTS]))


def _recipients(raw: bytes, part: Part) -> list[ReportRecipient]:
    data = payload(raw, part, _MOST_BYTES).replace(b"\r\n", b"\n")
    blocks = [headers.split_block(chunk.strip(b"\n")) for chunk in re.split(rb"\n[ \t]*\n", data)]
    made = (_recipient(block, part.type) for block in blocks[: _MOST_RECIPIENTS + 1])
    return [one for one in made if one is not None]


def _recipient(block: headers.Block, kind: str) -> ReportRecipient | None:
    """One recipient's fields; None for the block that speaks of the message as a whole."""
    if kind in _COMPLAINT:
        address = headers.line(block, "original-rcpt-to") or headers.line(block, "removal-recipient")
        return ReportRecipient(key_of(address), "", "", "") if address else None
    address = _typed(headers.line(block, "final-recipient")) or _typed(headers.line(block, "original-recipient"))
    action = headers.line(block, "action").lower().partition(" ")[0].strip("();,")[:20]
    if not address and not action:
        return None
    status = _STATUS.search(headers.line(block, "status")[:200])
    detail = headers.line(block, "disposition" if kind in _RECEIPT else "diagnostic-code")
    return ReportRecipient(key_of(address), action, status[0] if status else "", detail[:_LONGEST_DIAGNOSTIC])


def _typed(value: str) -> str:
    """The address of `rfc822; joe@x.example`."""
    before, semicolon, after = value.partition(";")
    return (after if semicolon else before).strip()


def carried_ids(raw: bytes, root: Part, text: str) -> tuple[str, ...]:
    """Message-IDs of what the mail carries, then of what its text quotes; at most 20."""
    found = [_id_of(raw, leaf) for leaf in root.leaves() if leaf.type in _CARRIED]
    found += _quoted_ids(text[:_MOST_BYTES])
    return tuple(dict.fromkeys(one for one in found if one is not None))[:_MOST_IDS]


def carried_marks(raw: bytes, root: Part) -> tuple[tuple[str, str], ...]:
    """Message-ID and loop header of the carried mails that have both, at most 20: perhaps copies of our own mail."""
    found: list[tuple[str, str]] = []
    for part in [leaf for leaf in root.leaves() if leaf.type in _CARRIED][:_MOST_IDS]:
        block = headers.split_block(payload(raw, part, _MOST_BYTES).lstrip(b"\r\n"))
        named, mark = message_id(headers.unparsed(block, "message-id")), headers.line(block, LOOP_HEADER.lower())
        if named and mark:
            found.append((named, mark[:_LONGEST_MARK]))
    return tuple(found)


def _id_of(raw: bytes, part: Part) -> str | None:
    data = payload(raw, part, _MOST_BYTES).lstrip(b"\r\n")
    named = message_id(headers.unparsed(headers.split_block(data), "message-id"))
    # Exchange carries headers whose folds lost their blanks: a parser takes the first of them for the body.
    return named or next(iter(_quoted_ids(data.decode("latin-1"))), None)


def _quoted_ids(text: str) -> list[str | None]:
    """The ids of lines `Message-ID: <…>`, which old bounces write into their text; the id may be folded."""
    if (
        "essage-i" not in text and "essage-I" not in text and "ESSAGE-ID" not in text
    ):  # most mails: spare them the slower search
        return []
    found: list[str | None] = []
    for match in _QUOTED_ID.finditer(text):
        before = text[max(0, match.start() - _MARGIN) : match.start()].rpartition("\n")[2]
        if not before.strip(_QUOTE):
            found.append(message_id(match[1]))
        if len(found) >= _MOST_IDS:
            break
    return found


def calendar_method(raw: bytes, root: Part) -> str:
    """METHOD of the first text/calendar part, upper case ("" where there is none)."""
    for leaf in root.leaves():
        if leaf.type == "text/calendar":
            named = leaf.media.params.get("method", "")
            return clean_line(named or _method_line(raw, leaf)).upper()[:40]
    return ""


def _method_line(raw: bytes, part: Part) -> str:
    text, _ = decode(payload(raw, part, _MOST_BYTES), part.media.params.get("charset", ""))
    for row in text.splitlines():
        name, colon, value = row.partition(":")
        if colon and name.strip().upper() == "METHOD":
            return value.strip()
    return ""
