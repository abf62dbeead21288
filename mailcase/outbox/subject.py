"""The subject of an answer: the customer's words without a second Re: or a second case number."""

from typing import Final

from mailcase import subjects as prefixes
from mailcase.cases.numbers import Mask
from mailcase.outbox.lines import cut, one_line

LONGEST: Final = 200  # characters of a subject that leaves (reliability.md 3.3, Ack form)
_WORDS: Final = 128  # characters of the customer's subject in it: leaves room for the number
_LEFT_OVER: Final = " :;,-–—"


def base_subject(subject: str, masks: tuple[Mask, ...], running: int) -> str:
    """The subject without reply prefixes, without [numbers] of cases and without this case's number."""
    written = one_line(subject, 1000)
    text = written
    for mask in masks:
        text = _without_numbers(text, mask, running)
    if text != written:
        text = " ".join(text.split()).lstrip(_LEFT_OVER)
    if (base := prefixes.base_subject(text, forwards=False)).replied:
        text = base.text.lstrip(_LEFT_OVER)
    return cut(text if text == written else text.rstrip(_LEFT_OVER), _WORDS)


def finished(subject: str, number: str) -> str:
    """A rendered subject made ready to leave: one line, at most 200 characters, the number still in it."""
    line = one_line(subject, 2000)
    if len(line) <= LONGEST or number not in line:
        return cut(line, LONGEST)
    return f"{cut(line, LONGEST - len(number) - 3)} [{number}]"


def _without_numbers(text: str, mask: Mask, running: int) -> str:
    pieces, last = [], 0
    for found in mask.pattern.finditer(text):
        start, end = found.span()
        bracketed = text[start - 1 : start] == "[" and text[end : end + 1] == "]"
        if not bracketed and int(found[1]) != running:
            continue
        start, end = (start - 1, end + 1) if bracketed else (start, end)
        pieces.append(text[last:start])
        last = end
    return "".join([*pieces, text[last:]])
