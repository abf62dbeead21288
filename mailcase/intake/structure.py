"""The tree of a mail's parts as spans of its raw bytes: linear, without recursion, nothing copied.

The stdlib parser keeps every line as an object, recurses into nesting and tests each line against each
open boundary; a small hostile mail costs it seconds and a 50 MB mail 400 MB. This scanner looks up the
lines that begin with "--" in the boundaries that are open (RFC 2046 5.1) and never looks inside a
carried message/rfc822.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mailcase.intake import headers
from mailcase.intake.headers import Block
from mailcase.intake.mediatype import MediaType, disposition_of, media_type_of

MOST_PARTS: Final = 10_000
DEEPEST: Final = 500
MOST_LINES: Final = 300_000  # lines beginning with "--" that are compared with the boundaries
_LONGEST_BOUNDARY: Final = 1_000  # RFC 2046 says 70


@dataclass(slots=True, eq=False)
class Part:
    """One part: its header block, its body as raw[start:end], its children."""

    number: str  # "2.1" as in IMAP; "" for a multipart root
    block: Block
    start: int
    end: int
    media: MediaType
    disposition: MediaType  # its `type` is "attachment", "inline", … or ""
    parent: "Part | None" = None
    children: list["Part"] = field(default_factory=list)

    @property
    def type(self) -> str:
        """The media type, lower case."""
        return self.media.type

    def leaves(self) -> Iterator["Part"]:
        """The parts that hold content, in order."""
        todo = [self]
        while todo:
            part = todo.pop()
            if part.children:
                todo.extend(reversed(part.children))
            else:
                yield part


def with_lines(raw: bytes) -> bytes:
    """The raw bytes, where they know no LF at all with each CR as one (old Mac programs)."""
    return raw if b"\n" in raw or b"\r" not in raw else raw.replace(b"\r", b"\n")


def scan(raw: bytes) -> tuple[Part, list[str]]:
    """The root part of a mail and what is wrong with its structure. Never raises for any bytes."""
    scanner = _Scanner(raw)
    return scanner.run(), list(dict.fromkeys(scanner.defects))


class _Scanner:
    """Goes from boundary line to boundary line and keeps the stack of open multiparts."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.defects: list[str] = []
        self.stack: list[tuple[Part, bytes]] = []
        self.open: dict[bytes, list[int]] = {}  # boundary -> its places in the stack
        self.leaf: Part | None = None  # whose body is being passed
        self.count = 0

    def run(self) -> Part:
        root = self._part(0, None)
        position = root.start
        lines = 0
        while self.stack:
            lines += 1
            if lines > MOST_LINES:
                break
            position = self._next_dashes(position)
            if position < 0:
                break
            position = self._dash_line(position)
        if self.stack:
            self.defects.append("unclosed_boundary" if lines <= MOST_LINES else "too_many_lines")
            self._close(0, len(self.raw))
        return root

    def _next_dashes(self, position: int) -> int:
        if self.raw.startswith(b"--", position) and (position == 0 or self.raw[position - 1] == 10):
            return position
        found = self.raw.find(b"\n--", position)
        return found + 1 if found >= 0 else -1

    def _dash_line(self, position: int) -> int:
        """Act on the line at `position`; where to go on."""
        stop = self.raw.find(b"\n", position)
        after = len(self.raw) if stop < 0 else stop + 1
        text = self.raw[position + 2 : min(after, position + _LONGEST_BOUNDARY + 8)].rstrip()
        levels = self.open.get(text)
        closing = not levels and text.endswith(b"--")
        if closing:
            levels = self.open.get(text[:-2])
        if not levels:
            return max(after - 1, position + 2)
        level = levels[-1]
        self._close(level + 1, position)
        if closing:
            self._close(level, after)
            return max(after - 1, position + 2)
        if self.count >= MOST_PARTS:
            self.defects.append("too_many_parts")
            self._close(0, len(self.raw))
            return after
        return self._part(after, self.stack[level][0]).start

    def _part(self, start: int, parent: Part | None) -> Part:
        self.count += 1
        block = headers.split_block(self.raw, start)
        default = "message/rfc822" if parent is not None and parent.type == "multipart/digest" else "text/plain"
        media = media_type_of(block.first("content-type"), default)
        number = str(len(parent.children) + 1) if parent is not None else "1"
        if parent is not None and parent.number:
            number = f"{parent.number}.{number}"
        part = Part(number, block, block.body, len(self.raw), media, disposition_of(block), parent)
        if parent is not None:
            parent.children.append(part)
            self.defects += block.defects[:1]
        self._enter(part)
        return part

    def _enter(self, part: Part) -> None:
        boundary = part.media.params.get("boundary", "").encode("utf-8", "replace").rstrip()
        if not part.type.startswith("multipart/"):
            self.leaf = part
        elif not boundary or len(boundary) > _LONGEST_BOUNDARY or len(self.stack) >= DEEPEST:
            self.defects.append("missing_boundary" if not boundary else "nesting_too_deep")
            self.leaf = part
        else:
            if part.parent is None:
                part.number = ""
            self.open.setdefault(boundary, []).append(len(self.stack))
            self.stack.append((part, boundary))
            self.leaf = None

    def _close(self, level: int, position: int) -> None:
        """End the leaf and every multipart from `level` up; the line end before a boundary is its own."""
        body_end = position
        if self.raw.endswith(b"\n", 0, position):
            body_end -= 2 if self.raw.endswith(b"\r\n", 0, position) else 1
        if self.leaf is not None:
            self.leaf.end = max(self.leaf.start, body_end if position < len(self.raw) else position)
            self.leaf = None
        while len(self.stack) > level:
            part, boundary = self.stack.pop()
            part.end = max(part.start, body_end)
            self.open[boundary].pop()
            if not part.children:
                part.number = part.number or "1"
                part.end = len(self.raw) if part.parent is None else part.end
                self.defects.append("empty_multipart")
