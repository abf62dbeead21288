"""The bytes of a part: its span of the raw mail with the transfer encoding taken off (RFC 2045 6)."""

import binascii
import quopri

from mailcase.intake.structure import Part
from mailcase.intake.words import lenient_base64


def payload(raw: bytes, part: Part, most: int | None = None) -> bytes:
    """The decoded bytes of a leaf; `most` limits how many raw bytes are read. Never raises.

    An encoding that is not known, or does not fit, leaves the bytes as they are.
    """
    end = part.end if most is None else min(part.end, part.start + most)
    data = raw[part.start : end]
    encoding = part.block.first("content-transfer-encoding").strip().lower()
    try:
        return _decoded(data, encoding)
    except (binascii.Error, ValueError):
        return data


def _decoded(data: bytes, encoding: bytes) -> bytes:
    if encoding == b"base64":
        return lenient_base64(data)
    if encoding == b"quoted-printable":
        return quopri.decodestring(data)
    if encoding in (b"x-uuencode", b"uuencode", b"uue", b"x-uue"):
        return _uudecoded(data)
    return data


def _uudecoded(data: bytes) -> bytes:
    """The file between `begin` and `end`; a line that does not fit is left out."""
    out = bytearray()
    inside = False
    for line in data.splitlines():
        if not inside:
            inside = line.startswith(b"begin ")
        elif line.strip() in (b"end", b"`"):
            break
        else:
            out += _uu_line(line)
    return bytes(out) if inside else data


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:  # some programs pad the line beyond its length
        length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
        try:
            return binascii.a2b_uu(line[:length])
        except binascii.Error:
            return b""
