"""What a winmail.dat holds (MS-OXTNEF): files, and the text that Outlook put there instead of into the mail.

We go from attribute to attribute ourselves, since tnefparse copies the rest of the file at each of them; it reads
their MAPI properties. Whatever it raises on junk goes through: the caller leaves the winmail.dat as it is.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tnefparse import mapi, properties

from mailcase.intake.charsets import codec_of, decode
from mailcase.intake.rtf import text_of_rtf

LARGEST: Final = 25_165_824  # bytes of a winmail.dat that is opened
MOST_FILES: Final = 200
_MOST_ATTRIBUTES: Final = 20_000
_MOST_PROPERTIES: Final = 2_000
_MOST_VALUES: Final = 20_000  # of the properties of one winmail.dat
_LARGEST_BLOCK: Final = 2_097_152  # bytes of properties that tnefparse gets
_LONGEST_BODY: Final = 1_048_576
_SIGNATURE: Final = 0x223E9F78
_BODY, _TITLE, _DATA, _CODEPAGE = 0x800C, 0x8010, 0x800F, 0x9007
_RENDERING, _MESSAGE, _ATTACHMENT = 0x9002, 0x9003, 0x9005  # _RENDERING begins the next file


class BadTnef(ValueError):
    """Not what the format says."""


@dataclass(slots=True)
class File:
    """One file of it; its name as it came."""

    name: str = ""
    type: str = ""
    content_id: str = ""
    data: bytes = b""


@dataclass(slots=True)
class Contents:
    """All of it. `text` and `html` are "" where there is none."""

    files: list[File] = field(default_factory=list)
    text: str = ""
    html: str = ""


def contents(data: bytes, *, words: bool = True) -> Contents:
    """Open a winmail.dat, without its text where no `words` are wanted.

    Raises BadTnef, and anything that junk makes tnefparse raise.
    """
    found, codepage, body, budget = Contents(), "cp1252", "", _Budget()
    for name, span in _attributes(data):
        if name == _CODEPAGE:
            codepage = _codec(struct.unpack_from("<I", span)[0])
        elif name == _BODY:
            body = decode(span[:_LONGEST_BODY].rstrip(b"\0"), codepage)[0]
        elif name == _MESSAGE:
            if words:
                _take_bodies(found, _properties(span, codepage, budget))
            words = False  # of the first one: Outlook writes no second, and thousands would take hours to unpack
        elif name == _RENDERING and len(found.files) < MOST_FILES:
            found.files.append(File())
        elif found.files:
            _fill(found.files[-1], name, span, codepage, budget)
    found.text = body or found.text
    found.files = [one for one in found.files if one.name or one.data]
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each attribute's name and bytes: level, name, type, length, data, checksum."""
    if len(data) > LARGEST or len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        raise BadTnef("no winmail.dat, or too large a one")
    place = 6
    for _ in range(_MOST_ATTRIBUTES):
        if place + 11 > len(data):
            return
        name, _, length = struct.unpack_from("<HHI", data, place + 1)
        if place + 9 + length > len(data):
            raise BadTnef("an attribute longer than the file")
        yield name, data[place + 9 : place + 9 + length]
        place += 11 + length
    raise BadTnef("too many attributes")


def _fill(file: File, name: int, span: bytes, codepage: str, budget: "_Budget") -> None:
    if name == _TITLE:
        file.name = file.name or decode(span.rstrip(b"\0"), codepage)[0]
    elif name == _DATA:
        file.data = span
    elif name == _ATTACHMENT:
        known = _properties(span, codepage, budget)
        file.name = _said(known, properties.MAPI_ATTACH_LONG_FILENAME) or file.name
        file.type = _said(known, properties.MAPI_ATTACH_MIME_TAG)
        file.content_id = _said(known, properties.MAPI_ATTACH_CONTENT_ID)


def _take_bodies(found: Contents, known: dict[int, Any]) -> None:
    charset = _codec(known.get(properties.MAPI_INTERNET_CODEPAGE, 1252))
    html, rtf = known.get(properties.MAPI_BODY_HTML, b""), known.get(properties.MAPI_RTF_COMPRESSED, b"")
    found.html = html if isinstance(html, str) else decode(html[:_LONGEST_BODY], charset)[0]
    found.text = _said(known, properties.MAPI_BODY) or (text_of_rtf(rtf) if rtf and not found.html else "")


def _said(known: dict[int, Any], name: int) -> str:
    value = known.get(name, "")
    return value[:_LONGEST_BODY] if isinstance(value, str) else decode(bytes(value)[:_LONGEST_BODY], "cp1252")[0]


def _properties(block: bytes, codepage: str, budget: "_Budget") -> dict[int, Any]:
    if len(block) > _LARGEST_BLOCK or struct.unpack_from("<I", block)[0] > _MOST_PROPERTIES:
        raise BadTnef("too many properties")
    wanted = {
        properties.MAPI_ATTACH_LONG_FILENAME, properties.MAPI_ATTACH_MIME_TAG, properties.MAPI_ATTACH_CONTENT_ID,
        properties.MAPI_INTERNET_CODEPAGE, properties.MAPI_BODY, properties.MAPI_BODY_HTML,
        properties.MAPI_RTF_COMPRESSED,
    }  # fmt: skip
    counted = _Block(block)
    counted.budget = budget
    return {one.name: one.data for one in mapi.decode_mapi(counted, codepage) if one.name in wanted}


def _codec(number: int) -> str:
    return "utf-8" if number == 65001 else codec_of(f"cp{number}") or "cp1252"


_parse_property = mapi.parse_property
_COUNTED: Final = frozenset({
    mapi.SZMAPI_STRING, mapi.SZMAPI_UNICODE_STRING, mapi.SZMAPI_OBJECT, mapi.SZMAPI_BINARY, mapi.SZMAPI_UNSPECIFIED,
})  # fmt: skip # each says how many values follow


@dataclass(slots=True)
class _Budget:
    """How many values were read of one winmail.dat."""

    values: int = 0


class _Block(bytes):
    """Properties, and whose budget they use."""

    budget: _Budget


def _within(data: _Block, offset: int, name: int, kind: int, codepage: str, multiple: int | None) -> Any:
    """tnefparse's own, which would read four thousand million values, most beyond the end of the block."""
    counted = not multiple and kind in _COUNTED and offset + 4 <= len(data)
    data.budget.values += struct.unpack_from("<I", data, offset)[0] if counted else 1
    if offset >= len(data) or data.budget.values > _MOST_VALUES:
        raise BadTnef("more properties than there can be")
    return _parse_property(data, offset, name, kind, codepage, multiple)


mapi.parse_property = _within
mapi.logger.disabled = True  # it logs each broken property: junk shall not fill our log
