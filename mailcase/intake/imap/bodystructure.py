"""BODYSTRUCTURE: which parts a mail has that was not fetched whole (RFC 9051 7.5.2); pure, never raises.

The framer has told lines from literals by their octets, so brackets and quotation marks inside names do no harm
(libraries.md 2, bug 7).
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from mailcase.intake.attachments import safe_name, unnamed
from mailcase.intake.headers import Block
from mailcase.intake.imap.grammar import Response
from mailcase.intake.mediatype import disposition_of, media_type_of
from mailcase.ports import LeftPart

MOST_PARTS: Final = 1_000
LARGEST: Final = 262_144  # octets of an answer that is read: it is read on the event loop
_MOST_TOKENS: Final = 200_000
_DEEPEST: Final = 100
_MOST_DIGITS: Final = 15  # of a size
# A string that never closes goes to the end: looked for again at each of its quotes it would take minutes.
_TOKEN: Final = re.compile(rb'[()]|"((?:[^"\\]|\\.)*+)"?|([^()"\s]+)', re.S)
_LITERAL: Final = re.compile(rb"\{\d+\}\Z")
_OPEN: Final = object()
_CLOSE: Final = object()
# Base64 in lines of 76 letters: 57 octets of 78 are the file.
_FILE_OCTETS: Final = {b"base64": 57 / 78}


def left_parts(response: Response) -> tuple[LeftPart, ...]:
    """The attachments that a `FETCH (… BODYSTRUCTURE (…))` tells of; () where it is too large or cannot be read."""
    if sum(map(len, response)) > LARGEST:
        return ()
    try:
        tree = _tree(_tokens(response))
        return tuple(islice(_leaves(tree, ""), MOST_PARTS)) if isinstance(tree, list) else ()
    except (ValueError, IndexError, TypeError, AttributeError):  # a grammar of its own: the mail is taken all the same
        return ()


def _tokens(response: Response) -> Iterator[Any]:
    """Brackets, strings and atoms after the word BODYSTRUCTURE; a literal is a string."""
    begun = False
    for index, line in enumerate(response):
        if index % 2:
            if begun:
                yield line
            continue
        text = _LITERAL.sub(b"", line) if index + 1 < len(response) else line
        for found in _TOKEN.finditer(text):
            if begun:
                yield _value(found)
            begun = begun or (found[2] or b"").upper() == b"BODYSTRUCTURE"


def _value(found: re.Match[bytes]) -> Any:
    if found[0] in (b"(", b")"):
        return _OPEN if found[0] == b"(" else _CLOSE
    if found[1] is not None:
        return re.sub(rb"\\(.)", rb"\1", found[1])
    return None if found[0].upper() == b"NIL" else found[0]


def _tree(tokens: Iterator[Any]) -> Any:
    """The first value: a list of values, without recursion."""
    stack: list[list[Any]] = []
    for count, token in enumerate(tokens):
        if count > _MOST_TOKENS or len(stack) > _DEEPEST:
            return None
        if token is _OPEN:
            stack.append([])
        elif token is not _CLOSE:
            stack[-1].append(token)
        elif len(stack) == 1:
            return stack[0]
        else:
            done = stack.pop()
            stack[-1].append(done)
    return None


def _leaves(body: list[Any], number: str) -> Iterator[LeftPart]:
    """Its attachments, numbered as IMAP does; no deeper than the tree was read."""
    if not isinstance(body[0], list):
        part = _leaf(body, number or "1")
        if part is not None:
            yield part
        return
    children = [child for child in body if isinstance(child, list)][: _multiplicity(body)]
    for place, child in enumerate(children, 1):
        yield from _leaves(child, f"{number}.{place}" if number else str(place))


def _multiplicity(body: list[Any]) -> int:
    return next((place for place, child in enumerate(body) if not isinstance(child, list)), len(body))


def _leaf(body: list[Any], number: str) -> LeftPart | None:
    """One part as an attachment; None where it is the text."""
    kind = b"/".join((body[0], body[1]))
    media = media_type_of(_header(kind, body[2]))
    disposition = disposition_of(Block(index={"content-disposition": [_disposition(body)]}))
    name = safe_name(disposition.params.get("filename") or media.params.get("name") or "")
    if media.type.startswith("text/") and not name and disposition.type != "attachment":
        return None
    share = _FILE_OCTETS.get((body[5] or b"").lower(), 1.0)
    return LeftPart(number, name or unnamed(number, media.type), media.type, int(_octets(body[6]) * share))


def _octets(said: bytes) -> int:
    if not said.isdigit() or len(said) > _MOST_DIGITS:
        raise ValueError("no size")
    return int(said)


def _disposition(body: list[Any]) -> bytes:
    """The disposition, wherever the extension data of this type has it."""
    for one in body[7:]:
        if isinstance(one, list) and len(one) == 2 and isinstance(one[0], bytes) and _is_pairs(one[1]):
            return _header(one[0], one[1])
    return b""


def _is_pairs(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(one, bytes) for one in value))


def _header(value: bytes, pairs: list[bytes] | None) -> bytes:
    """As the header said it, for those who know its grammar."""
    said = [
        b'%s="%s"' % (name, text.replace(b'"', b'\\"')) for name, text in zip(*[iter(pairs or [])] * 2, strict=False)
    ]
    return b"; ".join([value, *said])
