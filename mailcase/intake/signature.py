"""Where a signature begins at the end of a text; told only where it is certain, since it is not shown as new text."""

import re
from collections.abc import Sequence
from typing import Final

from mailcase.intake.quotation_words import AROUND_DEVICES, DEVICES, SENT_FROM, SENT_FROM_UNSPACED

_MARK: Final = "-- "  # RFC 3676 4.3
_BARE: Final = "--"  # the mark without its blank, or somebody's ruler
_LONGEST: Final = 12  # lines below the mark
_LONGEST_BARE: Final = 5
_LONGEST_LINE: Final = 60  # characters below a bare mark
_LONGEST_SENT_FROM: Final = 100
_SENT_FROM: Final = tuple(SENT_FROM)
_LINK: Final = re.compile(r"<?https?://[^\s<>]{1,200}>?")
_WORD: Final = re.compile(r"[^\W_]+(?:[.-][^\W_]+)*")
_MODEL: Final = re.compile(r"[a-z]{0,3}\d{1,3}[a-z]{0,2}")  # s21, 4g
_SHORTEST_NAME: Final = 3  # letters


def first_line_of_signature(lines: Sequence[str], end: int, writer: str) -> int:
    """The place of the mark, or of a telephone's line; `end` where no signature is certain.

    Args:
        lines: of the text.
        end: the line after the last one that counts; that one is not blank.
        writer: name and address of who wrote it.
    """
    if end and is_sent_from(lines[end - 1]):
        return _text_end(lines, end - 1)
    for place in range(end - 1, max(-1, end - 2 - _LONGEST), -1):
        if lines[place].rstrip() == _BARE:
            return place if _is_certain(lines, place, end, writer) else end
    return end


def _is_certain(lines: Sequence[str], place: int, end: int, writer: str) -> bool:
    below = [line.strip() for line in lines[place + 1 : end] if line.strip()]
    above = lines[: _text_end(lines, place)][-1:]
    if any(line.startswith(">") for line in below) or (above and above[0].rstrip().endswith((":", "："))):
        return False
    return lines[place] == _MARK or (len(below) <= _LONGEST_BARE and _names(below, writer))


def _names(below: Sequence[str], writer: str) -> bool:
    """Whether short lines name who wrote them, and none of them is of a list or goes on with a sentence."""
    if any(len(line) > _LONGEST_LINE or not _may_sign(line) for line in below):
        return False
    said = {word for line in below for word in _words(line)}
    return any(len(word) >= _SHORTEST_NAME and word in said for word in _words(writer.replace("@", " ")))


def _may_sign(line: str) -> bool:
    if "@" in line or "://" in line or line.startswith("www."):
        return True
    return line[0] == "+" or (line[0].isalpha() and not line[0].islower() and line[-1] not in "?!:;")


def is_sent_from(line: str) -> bool:
    """Whether a telephone or a web mailer wrote this line: known words, and no others."""
    line = line.strip(" *_\t").lower() if len(line) <= _LONGEST_SENT_FROM else ""
    found = line.startswith(_SENT_FROM)
    phrase = max((one for one in SENT_FROM if line.startswith(one)), key=len) if found else ""
    if not phrase:
        return "".join(line.split()) in SENT_FROM_UNSPACED
    rest = _LINK.sub("", line[len(phrase) :])
    words = _words(f"{phrase} {rest}" if "outlook" in phrase else rest)
    named = [word for word in words if word in DEVICES]
    known = all(word in DEVICES or word in AROUND_DEVICES or _MODEL.fullmatch(word) for word in _words(rest))
    return bool(named) and known and not set(rest) & set(":?!;")


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _text_end(lines: Sequence[str], end: int) -> int:
    while end and not lines[end - 1].strip():
        end -= 1
    return end
