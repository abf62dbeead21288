"""Encoded words of headers (RFC 2047), decoded as leniently as people write them."""

import binascii
import re
from typing import Final

from mailcase.intake.charsets import codec_of, decode

LONGEST: Final = 65_536  # characters of a header that are decoded (reliability.md 2)
# Each class ends at "?", so the search is linear.
_WORD: Final = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")


def decode_header(value: bytes, charset: str = "") -> str:
    """A header's bytes as text: raw UTF-8 is legal (RFC 6532), then the mail's charset, then cp1252."""
    if b"=?" not in value and value.isascii():
        return value.decode("ascii")
    return decode_words(decode_bytes(value, charset))


def decode_bytes(value: bytes, charset: str = "") -> str:
    """A header's bytes as text, its encoded words left as they are."""
    if value.isascii():
        return value.decode("ascii")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return decode(value, charset or "cp1252")[0]


def decode_words(text: str) -> str:
    """The text with its encoded words decoded; the blank between two of them goes (RFC 2047 6.2)."""
    if "=?" not in text:
        return text
    text = text[:LONGEST]
    out: list[str] = []
    pending: list[bytes] = []  # words of one charset: a character may be split over two of them
    charset = ""
    position = 0
    for match in _WORD.finditer(text):
        between = text[position : match.start()]
        name = match[1].split("*")[0].lower()
        if pending and (between.strip() or name != charset):
            out.append(decode(b"".join(pending), charset)[0])
            pending = []
            between = between if between.strip() else ""
        elif pending:
            between = ""
        out.append(between)
        charset, position = name, match.end()
        pending.append(_word_bytes(match[2], match[3], charset))
    if pending:
        out.append(decode(b"".join(pending), charset)[0])
    return "".join(out) + text[position:]


def _word_bytes(encoding: str, text: str, charset: str) -> bytes:
    # Raw letters inside an encoded word stand for themselves in its own charset.
    data = text.encode("ascii" if text.isascii() else codec_of(charset) or "utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data.replace(b" ", b"_"), header=True)
    return lenient_base64(data)


def lenient_base64(data: bytes) -> bytes:
    """Base64 with whatever else in it left out; missing padding is no fault. Never raises."""
    for tail in (b"", b"=", b"=="):
        try:
            return binascii.a2b_base64(data + tail)
        except binascii.Error:
            continue
    return _cut_base64(data)


def _cut_base64(data: bytes) -> bytes:
    """Base64 whose number of characters cannot be right: without the last one."""
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    return binascii.a2b_base64(letters[: len(letters) // 4 * 4])
