"""In-Reply-To and References of an answer (reliability.md T1, RFC 5322 3.6.4)."""

import re
from typing import Final

_ID: Final = re.compile(r"<[!-;=?-~]{1,900}>")
_MOST_IDS: Final = 20
_MOST_BYTES: Final = 900
_KEPT: Final = 4  # the first and the last three


def sound(message_id: str | None) -> bool:
    """Whether an id can stand in a header: printable ASCII in angle brackets, no blank, one line."""
    return message_id is not None and _ID.fullmatch(message_id) is not None


def references(parent: str | None, chain: tuple[str, ...], in_reply_to: tuple[str, ...]) -> tuple[str, ...]:
    """The References of an answer to `parent`, oldest first.

    The parent's References, or its In-Reply-To if that is exactly one id, and the parent itself;
    dropped from the middle down to 20 ids and 900 bytes, while the first and the last three stay.
    """
    if not chain and len(in_reply_to) == 1:
        chain = in_reply_to
    ids = list(dict.fromkeys(one for one in chain if sound(one) and one != parent))
    if parent is not None and sound(parent):
        ids.append(parent)
    while len(ids) > _KEPT and (len(ids) > _MOST_IDS or len(" ".join(ids)) > _MOST_BYTES):
        del ids[1]
    return tuple(ids)
