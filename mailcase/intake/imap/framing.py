"""Cuts the server's octets into responses, however the network split them; iterative and bounded; pure."""

import re
from collections.abc import Iterator

from mailcase.errors import Transient
from mailcase.intake.imap.grammar import Piece

LINE_LIMIT = 64 * 1024 * 1024  # a SEARCH over ten million mails is one line of about 70 MB: such a folder is refused
#: Times the limit: a literal up to there is thrown away, for one mail that is larger than said stops no other.
_SKIPPED = 4

_LITERAL = re.compile(rb"\{(\d{1,12})\}\Z")


class BrokenStream(Transient):
    """The server sent what no IMAP server may send; the connection is of no use any more."""


class Framer:
    """Collects octets and yields whole responses: line, literal, line … (RFC 3501 4.3).

    Each response is a list that begins with its first line as it came (with `* ` or the tag), CRLF cut
    off. A literal is exactly n octets (I5); one above `literal_limit` comes empty, far above it raises BrokenStream.
    """

    def __init__(self, literal_limit: int) -> None:
        self._literal_limit = literal_limit
        self._buffer = bytearray()
        self._scanned = 0  # octets of the buffer without a line's end, so that no octet is searched twice
        self._pieces: list[Piece] = []
        self._literal: bytearray | None = None  # the one that is being filled, and
        self._missing = 0  # the octets that it still lacks
        self._keeps = True  # or they are thrown away

    @property
    def left_over(self) -> bool:
        """Whether octets wait that belong to no complete response."""
        return bool(self._buffer or self._pieces)

    def feed(self, data: bytes) -> Iterator[list[Piece]]:
        """Take what came and yield each response that is complete now.

        Drain it wholly: what is not taken from the iterator stays for the next call.
        """
        self._buffer += data
        while True:
            if self._literal is not None and not self._fill(self._literal):
                return
            line = self._next_line()
            if line is None:
                return
            self._pieces.append(line)
            if not self._opens_literal(line):
                complete, self._pieces = self._pieces, []
                yield complete

    def _fill(self, literal: bytearray) -> bool:
        """Move octets into the open literal; whether it is full."""
        part = self._buffer[: self._missing]
        if self._keeps:
            literal += part
        del self._buffer[: len(part)]
        self._missing -= len(part)
        if self._missing:
            return False
        self._pieces[-1] = bytes(literal)
        self._literal = None
        return True

    def _next_line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n", self._scanned)
        if end < 0:
            if len(self._buffer) > LINE_LIMIT:
                raise BrokenStream(f"a line of more than {LINE_LIMIT} octets")
            self._scanned = max(0, len(self._buffer) - 1)
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._scanned = 0
        return line

    def _opens_literal(self, line: bytes) -> bool:
        found = _LITERAL.search(line[-16:])
        if found is None:
            return False
        size = int(found[1])
        if size > _SKIPPED * self._literal_limit:
            raise BrokenStream(f"a literal of {size} octets, more than the {self._literal_limit} that were allowed")
        self._literal, self._missing = bytearray(), size
        self._keeps = size <= self._literal_limit
        self._pieces.append(b"")  # its place
        return True
