"""Attachments: which parts they are, and names safe for a file system."""

import re
from typing import Final

from mailcase.intake import headers
from mailcase.intake.content import chunks, measured
from mailcase.intake.structure import Part
from mailcase.intake.texts import clean_line
from mailcase.intake.words import decode_words
from mailcase.message import Attachment

LONGEST_NAME: Final = 150  # characters, and never over 240 bytes of UTF-8
_LONGEST_BYTES: Final = 240
_MESSAGES: Final = frozenset({"message/rfc822", "message/global", "message/news"})
_EXTENSIONS: Final = {
    "text/plain": "txt", "text/html": "html", "text/calendar": "ics", "text/csv": "csv", "text/vcard": "vcf",
    "text/rtf": "rtf", "text/rfc822-headers": "txt", "message/delivery-status": "txt",
    "message/global-delivery-status": "txt", "message/disposition-notification": "txt",
    "message/feedback-report": "txt", "message/rfc822": "eml", "message/global": "eml", "message/news": "eml",
    "application/pdf": "pdf", "application/zip": "zip",
    "application/msword": "doc", "application/rtf": "rtf", "application/json": "json", "application/xml": "xml",
    "application/pgp-signature": "asc", "application/pkcs7-signature": "p7s", "application/pkcs7-mime": "p7m",
    "application/x-pkcs7-signature": "p7s", "application/ms-tnef": "dat", "image/jpeg": "jpg", "image/jpg": "jpg",
    "image/png": "png", "image/gif": "gif", "image/webp": "webp", "image/tiff": "tif", "image/svg+xml": "svg",
    "audio/mpeg": "mp3", "audio/wav": "wav", "video/mp4": "mp4",
}  # fmt: skip
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\ud800-\udfff]')
# Marks that turn the reading direction or are not seen: `invoice[RTL]fdp.exe` reads as a PDF.
_UNSEEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c]")
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.I | re.S)


def list_attachments(raw: bytes, root: Part, used: set[str], html: str) -> tuple[Attachment, ...]:
    """Every leaf that is not part of the body (`used`), in order; a carried message is one of them."""
    taken: set[str] = set()
    lowered = html.lower()
    return tuple(
        _attachment(raw, part, lowered, taken)
        for part in root.leaves()
        if part.number not in used and not _is_empty(part)
    )


def _is_empty(part: Part) -> bool:
    """A text part without a name and without content says nothing to anybody."""
    unnamed = not (part.disposition.params.get("filename") or part.media.params.get("name"))
    return unnamed and part.end - part.start == 0 and part.disposition.type != "attachment"


def _attachment(raw: bytes, part: Part, html: str, taken: set[str]) -> Attachment:
    size, sha256 = measured(raw, part)
    content_id = clean_line(headers.line(part.block, "content-id")).strip("<> ")[:998]
    return Attachment(
        part=part.number,
        name=numbered(_name(raw, part), taken),
        type=part.type[:255],
        size=size,
        inline=bool(content_id) and f"cid:{content_id.lower()}" in html,
        content_id=content_id,
        sha256=sha256,
    )


def _name(raw: bytes, part: Part) -> str:
    given = part.disposition.params.get("filename") or part.media.params.get("name") or ""
    name = safe_name(decode_words(given))
    if part.type in _MESSAGES:
        return _message_name(name, next(chunks(raw, part), b""))
    if name:
        return name
    return unnamed(part.number, part.type)


def unnamed(number: str, kind: str) -> str:
    """The name of a part that has none, by its number and media type."""
    extension = _EXTENSIONS.get(kind, "txt" if kind.startswith("text/") else "bin")
    return f"part-{number}"[:60] + f".{extension}"


def _message_name(name: str, data: bytes) -> str:
    """A carried message is named by its file name, else its subject."""
    if not name:
        name = safe_name(headers.line(headers.split_block(data[:65_536]), "subject")[:80]) or "message"
    return name if name.lower().endswith(".eml") else f"{name}.eml"


def safe_name(name: str) -> str:
    """A file name that no file system takes for anything else; "" where nothing of it is left."""
    name = _UNSEEN.sub("", name[:4_096]).replace("\\", "/").rpartition("/")[2]
    name = clean_line(_UNSAFE.sub("_", name)).strip(". ")
    if _DEVICE.fullmatch(name):
        name = f"_{name}"
    return _shortened(name) if name.strip("_") else ""


def _shortened(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 16:
        stem, dot, extension = name, "", ""
    stem = stem[: LONGEST_NAME - len(extension) - 1]
    room = _LONGEST_BYTES - len(extension.encode()) - 1
    stem = stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ")
    return f"{stem}{dot}{extension}"


def numbered(name: str, taken: set[str]) -> str:
    """The name, numbered where another attachment of the mail has it already."""
    made, number = name, 1
    stem, dot, extension = name.rpartition(".")
    stem, extension = (stem, dot + extension) if dot else (name, "")
    while made.lower() in taken:
        number = number + 1 if number < 50 else len(taken) + 1  # thousands of one name: found at once
        made = f"{stem} ({number}){extension}"
        if number > 50:
            break
    taken.add(made.lower())
    return made
