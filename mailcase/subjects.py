"""The Re: and Fwd: prefixes that mail programs write, in every language we know (RFC 5322 3.6.5)."""

import re
from dataclasses import dataclass
from typing import Final

REPLY: Final = (
    "re", "aw", "antw", "antwort", "sv", "vs", "ref", "réf", "odp", "ynt", "atb", "res", "rif", "bls",
    "回复", "回覆", "答复", "返信",
)  # fmt: skip
FORWARD: Final = (
    "fw", "fwd", "wg", "tr", "rv", "enc", "vb", "vl", "doorst", "pd", "i", "ilt", "转发", "轉寄", "転送",
)  # fmt: skip
_LOOKED_AT: Final = 4096  # characters
_COUNTED: Final = r"\s?(?:\[\d{1,3}\]|\(\d{1,3}\))?\s{0,3}[:：]\s*"
_PREFIX: Final = re.compile(rf"\s*(?:(?P<reply>{'|'.join(REPLY)})|(?P<forward>{'|'.join(FORWARD)})){_COUNTED}", re.I)


@dataclass(frozen=True, slots=True)
class BaseSubject:
    """A subject without its prefixes, and which kinds of prefix it had."""

    text: str
    replied: bool
    forwarded: bool


def base_subject(subject: str, *, forwards: bool = True) -> BaseSubject:
    """Take the prefixes off, as many as there are; with `forwards=False` only up to the first Fwd."""
    subject = subject[:_LOOKED_AT]
    start, replied, forwarded = 0, False, False
    while (found := _PREFIX.match(subject, start)) and (forwards or found["reply"]):
        replied, forwarded = replied or bool(found["reply"]), forwarded or bool(found["forward"])
        start = found.end()
    return BaseSubject(subject[start:], replied, forwarded)
