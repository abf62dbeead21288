"""The header block of a mail or part: split from the bytes in one pass, bounded, decoded leniently."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mailcase.intake.texts import clean_line
from mailcase.intake.words import LONGEST, decode_bytes, decode_header

MOST: Final = 1_000  # headers of a mail that are kept; a mail with more is never acknowledged (K4)
TOTAL: Final = 65_536  # characters of all values; beyond it each is cut to STUB
STUB: Final = 200
_MOST_READ: Final = 25_000  # header fields that are looked at
# A field with the lines that it is folded over; an mbox "From " line between them is passed over.
_FIELD: Final = re.compile(rb"([!-9;-~]{1,200})[ \t]*:([^\n]*(?:\n(?:[ \t]|>?From (?![ \t]*:))[^\n]*)*)\n?")
_MBOX_LINE: Final = re.compile(rb"\n>?From [^\n]*")
_FOLD: Final = re.compile(rb"\r*\n")
# What may stand once only (RFC 5322 3.6): the first counts, and the mail is marked.
SINGLE: Final = ("from", "sender", "reply-to", "subject", "message-id", "date")


@dataclass(slots=True)
class Block:
    """A header block: fields as (lower-case name, name, raw unfolded value), and what was wrong."""

    fields: list[tuple[str, str, bytes]] = field(default_factory=list)
    body: int = 0  # offset of the first byte of the body
    defects: list[str] = field(default_factory=list)
    index: dict[str, list[bytes]] = field(default_factory=dict)  # raw values by lower-case name

    def all(self, name: str) -> Sequence[bytes]:
        """The raw values of that lower-case name, in order."""
        return self.index.get(name, ())

    def first(self, name: str) -> bytes:
        """The first raw value of that lower-case name, or b""."""
        found = self.index.get(name)
        return found[0] if found else b""


def split_block(raw: bytes, start: int = 0, end: int | None = None) -> Block:
    """The header block of raw[start:end]; a line that is no field ends it (as in the stdlib parser).

    Lines end with LF or CRLF. A mbox "From " line is passed over.
    """
    end = len(raw) if end is None else end
    block = Block()
    position = start
    while position < end:
        found = _FIELD.match(raw, position, end)
        if found is not None:
            position = found.end()
            _keep(block, found[1].decode("ascii"), found[2])
            continue
        stop = raw.find(b"\n", position, end)
        after = end if stop < 0 else stop + 1
        line = raw[position:after].rstrip(b"\r\n")
        if line and not _passed_over(block, line, position == start):
            break
        position = after
        if not line:
            break
    block.body = position
    return block


def _passed_over(block: Block, line: bytes, is_first: bool) -> bool:
    """Whether a line that is no field leaves the block open; False where the body begins."""
    if is_first and line[:1] in b" \t":
        return not line.strip()
    if line.startswith((b"From ", b">From ")):
        return True
    block.defects.append("missing_header_end")
    return False


def _keep(block: Block, name: str, value: bytes) -> None:
    if len(block.fields) >= _MOST_READ:
        return
    if b"\n" in value:
        if b"From " in value:
            value = _MBOX_LINE.sub(b"", value)
        value = _FOLD.sub(b"", value)
    value = value.strip()
    if b"\r" in value:
        value = value.replace(b"\r", b" ")
    key = name.lower()
    block.fields.append((key, name, value))
    block.index.setdefault(key, []).append(value)


def visible(block: Block, charset: str = "") -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """All headers decoded and unfolded, with their defects: at most MOST, about TOTAL characters.

    Over the total, values are cut and not left out: whether Auto-Submitted is there must be seen. Where fields are
    left out, that cannot be seen, and "headers_left_out" says so.
    """
    budget = TOTAL
    kept: list[tuple[str, str]] = []
    left_out = len(block.fields) > MOST
    cut = left_out
    for _, name, value in block.fields[:MOST]:
        limit = budget if budget > STUB else STUB
        text = clean_line(decode_header(value[: 4 * limit], charset))
        if len(value) > limit or len(text) > limit:
            cut = cut or len(text) > limit or len(value) > 4 * limit
            text = text[:limit]
        kept.append((name, text))
        budget -= len(text)
    return tuple(kept), ["headers_truncated"] * cut + ["headers_left_out"] * left_out


def line(block: Block, name: str, charset: str = "") -> str:
    """The first header of that lower-case name, decoded, as one line ("" where there is none)."""
    return clean_line(decode_header(block.first(name)[:LONGEST], charset))


def unparsed(block: Block, name: str, charset: str = "") -> str:
    """The first header of that name as text, its encoded words left for the one who knows its grammar."""
    return decode_bytes(block.first(name), charset)


def duplicates(block: Block) -> list[str]:
    """A defect word for each header that may stand once and stands more often."""
    if len(block.index) == len(block.fields):
        return []
    return ["duplicate_" + name.replace("-", "_") for name in SINGLE if len(block.all(name)) > 1]
