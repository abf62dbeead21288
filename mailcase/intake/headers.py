"""The header block of a mail or part: split from the bytes in one pass, bounded, decoded leniently."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mailcase.intake.texts import clean_line
from mailcase.intake.words import LONGEST, decode_bytes, decode_header

MOST: Final = 1_000  # headers of a mail that are kept
TOTAL: Final = 65_536  # characters of all values; beyond it each is cut to STUB
STUB: Final = 200
_MOST_READ: Final = 25_000  # header fields that are looked at
_NAME: Final = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
# What may stand once only (RFC 5322 3.6): the first counts, and the mail is marked.
SINGLE: Final = ("from", "sender", "reply-to", "subject", "message-id", "date")


@dataclass(slots=True)
class Block:
    """A header block: fields as (lower-case name, name, raw unfolded value), and what was wrong."""

    fields: list[tuple[str, str, bytes]] = field(default_factory=list)
    body: int = 0  # offset of the first byte of the body
    defects: list[str] = field(default_factory=list)

    def all(self, name: str) -> Iterator[bytes]:
        """The raw values of that lower-case name, in order."""
        return (value for key, _, value in self.fields if key == name)

    def first(self, name: str) -> bytes:
        """The first raw value of that lower-case name, or b""."""
        return next(self.all(name), b"")


def split_block(raw: bytes, start: int = 0, end: int | None = None) -> Block:
    """The header block of raw[start:end]; a line that is no field ends it (as in the stdlib parser).

    Lines end with LF or CRLF. A mbox "From " line is passed over.
    """
    end = len(raw) if end is None else end
    block = Block()
    position = start
    lines: list[bytes] = []
    while position < end:
        stop = raw.find(b"\n", position, end)
        after = end if stop < 0 else stop + 1
        line = raw[position : end if stop < 0 else stop].rstrip(b"\r")
        if not line:
            position = after
            break
        if not _take(block, lines, line, position == start):
            break
        position = after
    _finish(block, lines)
    block.body = position
    return block


def _take(block: Block, lines: list[bytes], line: bytes, is_first: bool) -> bool:
    """Take one line into the block; False where it is body already."""
    if line[:1] in b" \t" and (lines or is_first):
        if lines:
            lines.append(line)
        return bool(lines) or not line.strip()
    if _NAME.match(line):
        _finish(block, lines)
        lines.append(line)
        return True
    if line.startswith((b"From ", b">From ")):
        return True
    block.defects.append("missing_header_end")
    return False


def _finish(block: Block, lines: list[bytes]) -> None:
    if not lines:
        return
    match = _NAME.match(lines[0])
    if match is not None and len(block.fields) < _MOST_READ:
        value = b"".join([lines[0][match.end() :], *lines[1:]]).strip()
        name = match[1].decode("ascii")
        block.fields.append((name.lower(), name, value.replace(b"\r", b" ")))
    lines.clear()


def visible(block: Block, charset: str = "") -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """All headers decoded and unfolded, with their defects: at most MOST, about TOTAL characters.

    Over the total, values are cut and not left out: whether Auto-Submitted is there must be seen.
    """
    budget = TOTAL
    kept: list[tuple[str, str]] = []
    cut = len(block.fields) > MOST
    for _, name, value in block.fields[:MOST]:
        limit = budget if budget > STUB else STUB
        text = clean_line(decode_header(value[: 4 * limit], charset))
        cut = cut or len(text) > limit or len(value) > 4 * limit
        kept.append((name, text[:limit]))
        budget -= len(kept[-1][1])
    return tuple(kept), ["headers_truncated"] if cut else []


def line(block: Block, name: str, charset: str = "") -> str:
    """The first header of that lower-case name, decoded, as one line ("" where there is none)."""
    return clean_line(decode_header(block.first(name)[:LONGEST], charset))


def unparsed(block: Block, name: str, charset: str = "") -> str:
    """The first header of that name as text, its encoded words left for the one who knows its grammar."""
    return decode_bytes(block.first(name), charset)


def duplicates(block: Block) -> list[str]:
    """A defect word for each header that may stand once and stands more often."""
    names = [key for key, _, _ in block.fields]
    if len(set(names)) == len(names):
        return []
    return ["duplicate_" + name.replace("-", "_") for name in SINGLE if names.count(name) > 1]
