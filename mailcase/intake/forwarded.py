"""Who wrote the mail that this one forwards: an agent who passes a customer's mail on opens the case for him."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from mailcase.intake import headers
from mailcase.intake.addresses import LONGEST_HEADER, parse_addresses
from mailcase.intake.content import payload
from mailcase.intake.quotation_words import LABELS
from mailcase.intake.structure import Part
from mailcase.message import Address
from mailcase.subjects import base_subject

#: The labels of a forwarded mail's writer, as mail programs write them; lower case, all of them in LABELS.
WRITTEN_BY: Final = frozenset({
    "from", "von", "de", "da", "van", "fra", "från", "lähettäjä", "od", "feladó", "kimden", "от", "від", "发件人",
    "寄件者", "差出人", "送信者", "보낸 사람",
})  # fmt: skip
#: Labels that stand above a forwarded mail and never above a quotation.
_LABELS: Final = LABELS | {"sujet", "pour", "copie à", "répondre à", "reply-to", "antwort an", "kopie", "ccn"}
_CARRIED: Final = ("message/rfc822", "message/global")
_MOST_BYTES: Final = 65_536  # of a carried mail's headers
_MOST_BLOCKS: Final = 20
_MOST_CHARACTERS: Final = 65_536  # of the text that are searched
_FEWEST: Final = 3  # labelled lines in a row: two can stand in anybody's text
_LABELLED: Final = re.compile(r"[>\s*]*([^\W\d_][\w .]{0,24}?)[*\s]*[:：][*\s]*(.*)")
#: As long as an address can be: without an end the rest of a header would be read again at each beginning.
_MAILTO: Final = re.compile(r"\[mailto:([^\]\s]{1,320})\]|<mailto:[^>\s]{1,320}>", re.I)


def forwarded_from(raw: bytes, root: Part, subject: str, text: str) -> tuple[Address, ...]:
    """The writers of the forwarded mail and of those within it, as far as it says; () where it forwards none.

    Forwarded is a mail that carries another one (message/rfc822), or whose subject says so and whose text has
    the other one's header lines. The outermost is the first: a colleague may have forwarded it before.
    """
    if root.type == "multipart/report":
        return ()
    for part in root.leaves():
        if part.type in _CARRIED:
            found = _carried(payload(raw, part, _MOST_BYTES))
            return (found,) if found else ()
    return header_writers(text) if base_subject(subject).forwarded else ()


def header_writers(text: str) -> tuple[Address, ...]:
    """Who wrote, by the blocks of header lines in a text, in their order; a few at most."""
    blocks = _blocks(text[:_MOST_CHARACTERS].split("\n"))
    found = (next(_writers(block), None) for block in islice(blocks, _MOST_BLOCKS))
    return tuple(one for one in found if one is not None)


def _carried(data: bytes) -> Address | None:
    """From of a mail's beginning."""
    value = headers.line(headers.split_block(data.lstrip(b"\r\n")), "from")[:LONGEST_HEADER]
    return _first(value)


def _writers(block: Sequence[tuple[str, str]]) -> Iterator[Address]:
    """From, as far as it has an address."""
    for label, value in block:
        if label in WRITTEN_BY and (found := _first(value)):
            yield found


def _blocks(lines: Sequence[str]) -> Iterator[list[tuple[str, str]]]:
    """Runs of labelled lines that are long enough."""
    block: list[tuple[str, str]] = []
    for line in (*lines, ""):
        found = _LABELLED.match(line[:2000])
        if found and found[1].strip().lower() in _LABELS:
            block.append((found[1].strip().lower(), found[2]))
        elif len(block) >= _FEWEST:
            yield block
            block = []
        elif not (block and line.strip()):  # a long value that goes on in the next line does not end the block
            block = []


def _first(value: str) -> Address | None:
    plain = _MAILTO.sub(lambda found: f"<{found[1]}>" if found[1] else "", value)
    return next((one for one in parse_addresses(plain) if one.domain), None)
