"""Whether a report without recipient blocks speaks of a permanent failure: the status its words name (B5)."""

import re
from typing import Final

from mailcase.intake.addresses import key_of
from mailcase.message import Email

_MOST_WORDS: Final = 4000  # characters: the server's words stand above the copy of our mail
_STATUS: Final = re.compile(r"(?:#|\b5\d\d[ -]#?|:|^)(5\.[0-7]\.\d{1,3})\b", re.M)
_REPLY: Final = re.compile(r'(?:^|[\s:<>(\["])(55[0-4])(?:[ -]\S|\])', re.M)
_FOR_NOW: Final = re.compile(r"\b4\.[0-7]\.\d{1,3}\b|(?:^|[\s:<>])4[25][0-2][ -]\S", re.M)
#: What servers say that write no status: of the failure, then of the address.
_WORDS: Final = (
    "permanent error", "permanent fatal errors", "permanent delivery errors", "failed permanently",
    "user unknown", "unknown user", "unknown recipient", "no such user", "recipient name is not recognized",
    "unrouteable address", "invalid final delivery userid", "no valid recipients were found",
)  # fmt: skip
_UNSPECIFIED: Final = "5.0.0"


def permanent_status(email: Email, recipient: str) -> str:
    """The permanent status: "5.1.1" of qmail's "#5.1.1" or "550 5.1.1", "550", or "5.0.0" where only words say it.

    `recipient` is the key of the one address we wrote to. "" where nothing says that the failure is permanent,
    and where a temporary status stands there alone: qmail calls a full mailbox (4.2.2) permanent after a week.
    """
    text = email.text[:_MOST_WORDS]
    if found := _STATUS.search(text) or _REPLY.search(text):
        return found[1]
    if _FOR_NOW.search(text):
        return ""
    told = " ".join(text.split()).lower()
    if any(words in told for words in _WORDS):
        return _UNSPECIFIED
    failed = (key_of(one) for value in email.header_all("X-Failed-Recipients") for one in value.split(",")[:50])
    return _UNSPECIFIED if recipient in failed else ""
