"""The grammar of an Authentication-Results field (RFC 8601 2.2), read leniently and in one pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_LONGEST: Final = 8_192  # characters of a field
_MOST: Final = 50  # methods of a field
_SHOWN: Final = 120


@dataclass(frozen=True, slots=True)
class Method:
    """One `method=result ptype.property=value …`; names and results in lower case."""

    name: str
    result: str
    properties: Mapping[str, str]
    text: str  # as it stood, for a person


def authserv_id(value: str) -> str:
    """The id of the server that wrote the field, in lower case; "" where it begins with a result."""
    words = _segments(value)[0]
    return "" if not words or "=" in words[0] else words[0].lower()


def methods(value: str) -> list[Method]:
    """Its results in order, at most 50; what is not one is left out."""
    segments = _segments(value)
    if authserv_id(value):
        segments = segments[1:]
    found = (_method(words) for words in segments[:_MOST])
    return [one for one in found if one is not None]


def received_by(value: str) -> str:
    """The host after `by` in a Received field, in lower case, or ""."""
    return _after(value, "by")


def received_from(value: str) -> str:
    """The host after `from` in a Received field (what the client called itself), in lower case, or ""."""
    return _after(value, "from")


def _after(value: str, clause: str) -> str:
    words = [word.lower() for segment in _segments(value) for word in segment]
    return next((host for word, host in pairwise(words) if word == clause), "").rstrip(".")


def _method(words: list[str]) -> Method | None:
    pairs = [(name.lower(), value) for name, equals, value in (word.partition("=") for word in words) if equals]
    if not pairs:
        return None
    (name, result), *properties = pairs
    # The first of a repeated property counts.
    return Method(name.partition("/")[0], result.lower(), dict(reversed(properties)), " ".join(words)[:_SHOWN])


def _segments(value: str) -> list[list[str]]:
    """Words between semicolons, without comments; a quoted string stays in its word, without quotes."""
    segments: list[list[str]] = []
    for text in _split(value[:_LONGEST]):
        joined = " ".join(text.split()).replace(" =", "=").replace("= ", "=")
        segments.append([word.replace("\0", " ") for word in joined.split()])
    return segments


def _split(value: str) -> list[str]:
    """Cut at the semicolons outside comments and quotes; blanks inside quotes become NUL."""
    parts: list[list[str]] = [[]]
    depth, quoted, escaped = 0, False, False
    for char in value:
        if escaped:
            escaped = False
            _keep(parts, char, depth, quoted)
        elif char == "\\" and (quoted or depth):
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif not quoted and char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
            parts[-1].append(" ")
        elif char == ";" and not depth and not quoted:
            parts.append([])
        else:
            _keep(parts, char, depth, quoted)
    return ["".join(part) for part in parts]


def _keep(parts: list[list[str]], char: str, depth: int, quoted: bool) -> None:
    if not depth:
        parts[-1].append("\0" if quoted and char.isspace() else char)
