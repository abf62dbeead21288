"""Content-Type and Content-Disposition with their parameters (RFC 2045, 2183, 2231), bounded."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from mailcase.intake.charsets import decode
from mailcase.intake.headers import Block
from mailcase.intake.words import decode_bytes, decode_words

_LONGEST: Final = 8_192  # characters of the header that are read
_MOST_SECTIONS: Final = 100  # of a parameter continued over many (reliability.md 2)
_TYPE: Final = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}", re.ASCII)
_FORGOTTEN: Final = re.compile(r"^([^;\s=]{1,200}) (?=[\w-]{1,40} ?=)")  # the semicolon after the type
_PARAMETER: Final = re.compile(r';\s*([^=;"\s]{1,80})\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.S)
_SECTION: Final = re.compile(r"([^*]{1,60})(?:\*([0-9]{1,4}))?(\*)?")


@dataclass(frozen=True, slots=True)
class MediaType:
    """A value with parameters; names lower case, values decoded."""

    type: str
    params: dict[str, str] = field(default_factory=dict)


def media_type_of(value: bytes, default: str = "text/plain") -> MediaType:
    """The media type of a Content-Type header; what cannot be read is text/plain (RFC 2045 5.2)."""
    return _media_type(value[:_LONGEST], default)


@lru_cache(maxsize=512)  # most parts are text/plain or text/html in UTF-8
def _media_type(value: bytes, default: str) -> MediaType:
    if not value:
        return MediaType(default)
    text, params = _parts(value)
    kind = "/".join(word.strip() for word in text.lower().split("/"))
    kind, _, _ = kind.partition(" ")
    if kind in ("text", "html", "plain"):  # said by some old programs
        kind = "text/html" if kind == "html" else "text/plain"
    return MediaType(kind if _TYPE.fullmatch(kind) else "text/plain", params)


def disposition_of(block: Block) -> MediaType:
    """The Content-Disposition of a part; type "" where there is none."""
    return _disposition(block.first("content-disposition")[:_LONGEST])


@lru_cache(maxsize=512)
def _disposition(value: bytes) -> MediaType:
    if not value:
        return MediaType("")
    text, params = _parts(value)
    return MediaType(text.lower(), params)


def _parts(value: bytes) -> tuple[str, dict[str, str]]:
    text = decode_bytes(value)
    text = _FORGOTTEN.sub(r"\1; ", " ".join(text.split()))
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(text):
        _sort_in(match[1].lower(), _unquoted(match[2].strip()), plain, sections)
    extended = {name: _joined(found) for name, found in sections.items()}
    return text.partition(";")[0].strip(), plain | extended


def _unquoted(value: str) -> str:
    """A quoted string's content; a backslash that escapes nothing stays, as in a Windows path."""
    if value.startswith('"'):
        value = value[1:-1] if value.endswith('"') and len(value) > 1 else value[1:]
        return value.replace('\\"', '"').replace("\\\\", "\\")
    return value


def _sort_in(name: str, value: str, plain: dict[str, str], sections: dict[str, dict[int, tuple[str, bool]]]) -> None:
    """Put one parameter among the plain ones or the sections of an RFC 2231 one."""
    match = _SECTION.fullmatch(name)
    if match is None or (match[2] is None and match[3] is None):
        plain.setdefault(name, decode_words(value))
    elif len(sections.setdefault(match[1], {})) < _MOST_SECTIONS:
        sections[match[1]].setdefault(int(match[2] or 0), (value, match[3] is not None))


def _joined(sections: dict[int, tuple[str, bool]]) -> str:
    """An RFC 2231 value from its sections in the order of their numbers."""
    charset = ""
    data = b""
    for place, number in enumerate(sorted(sections)):
        value, extended = sections[number]
        if extended and place == 0 and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        encoded = value.encode("utf-8", "surrogateescape")
        data += unquote_to_bytes(encoded) if extended else encoded
    return decode(data, charset)[0]
