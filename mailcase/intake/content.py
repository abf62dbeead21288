"""The bytes of a part: its span of the raw mail with the transfer encoding taken off (RFC 2045 6)."""

import binascii
import hashlib
import quopri
from collections.abc import Iterator
from typing import Final

from mailcase.intake.structure import Part
from mailcase.intake.words import lenient_base64

CHUNK: Final = 1_048_576  # raw bytes that are decoded at a time: a mail of 50 MB costs its own size and little more
_UU: Final = (b"x-uuencode", b"uuencode", b"uue", b"x-uue")
_NO_BASE64: Final = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))


def payload(raw: bytes, part: Part, most: int | None = None) -> bytes:
    """The decoded bytes of a leaf; `most` limits how many raw bytes are read. Never raises.

    An encoding that is not known, or does not fit, leaves the bytes as they are.
    """
    end = part.end if most is None else min(part.end, part.start + most)
    return b"".join(_decoded(raw, part.start, end, _encoding(part)))


def chunks(raw: bytes, part: Part) -> Iterator[bytes]:
    """The same bytes as `payload`, little by little, however large the part is."""
    return _decoded(raw, part.start, part.end, _encoding(part))


def measured(raw: bytes, part: Part) -> tuple[int, str]:
    """How many bytes `payload` has, and their sha256."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks(raw, part):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def _encoding(part: Part) -> bytes:
    return part.block.first("content-transfer-encoding").strip().lower()


def _decoded(raw: bytes, start: int, end: int, encoding: bytes) -> Iterator[bytes]:
    if encoding == b"base64":
        return _base64(raw, start, end)
    if encoding == b"quoted-printable":
        return map(quopri.decodestring, _by_lines(raw, start, end))
    if encoding in _UU and _uu_begins(raw, start, end):
        return _uudecoded(raw, start, end)
    return _spans(raw, start, end)


def _spans(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    return (raw[place : min(place + CHUNK, end)] for place in range(start, end, CHUNK))


def _by_lines(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    """Spans that end with a line: neither encoding goes over one."""
    while start < end:
        stop = raw.find(b"\n", min(start + CHUNK, end) - 1, end)
        after = end if stop < 0 else stop + 1
        yield raw[start:after]
        start = after


def _base64(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    if end - start <= CHUNK:  # the decoder itself passes over line ends
        yield lenient_base64(raw[start:end])
        return
    left = b""  # fewer than four letters
    for place in range(start, end, CHUNK):
        letters = left + raw[place : min(place + CHUNK, end)].translate(None, _NO_BASE64)
        if b"=" in letters:  # the end; where it is none, what follows tells how it is read
            rest = raw[place + CHUNK : end] if place + CHUNK < end else b""
            yield lenient_base64(letters + rest)
            return
        whole = len(letters) // 4 * 4
        yield binascii.a2b_base64(letters[:whole])
        left = letters[whole:]
    yield lenient_base64(left)


def _uu_begins(raw: bytes, start: int, end: int) -> bool:
    return any(line.startswith(b"begin ") for span in _by_lines(raw, start, end) for line in span.splitlines())


def _uudecoded(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    """The file between `begin` and `end`; a line that does not fit is left out."""
    inside = False
    for span in _by_lines(raw, start, end):
        out = bytearray()
        for line in span.splitlines():
            if inside and line.strip() in (b"end", b"`"):
                yield bytes(out)
                return
            out += _uu_line(line) if inside else b""
            inside = inside or line.startswith(b"begin ")
        yield bytes(out)


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:  # some programs pad the line beyond its length
        length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
        try:
            return binascii.a2b_uu(line[:length])
        except binascii.Error:
            return b""
