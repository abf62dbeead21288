"""Reading the small values of machine headers: a token before comments and parameters (RFC 3834 5)."""

import re
from collections.abc import Iterator
from typing import Final

from mailcase.message import Email

_LONGEST: Final = 1000  # characters of a value that are read
_SHOWN: Final = 80  # characters of a value that a person is shown
#: Words of the reader: the mail has header fields that no rule can see.
_UNSEEN: Final = frozenset({"headers_left_out", "headers_failed"})


def headers_unseen(email: Email) -> bool:
    """Whether header fields of the mail are missing in `headers`: that a mark is not there proves nothing then."""
    return not _UNSEEN.isdisjoint(email.defects)


def plain_token(value: str) -> str:
    """The value in lower case without comments, parameters, quotes and blanks; "" where nothing is left."""
    kept, depth, escaped = [], 0, False
    for char in value[:_LONGEST]:
        if escaped:
            escaped = False
        elif depth and char == "\\":
            escaped = True
        elif char == "(":
            depth += 1
        elif char == ")":
            depth = max(0, depth - 1)
        elif not depth:
            if char == ";":
                break
            kept.append(char)
    return "".join(kept).strip().strip("\"'").strip().lower()


def tokens(email: Email, *names: str) -> Iterator[tuple[str, str]]:
    """(header name, token) of each header of these names: who hides one behind many others is seen."""
    for name in names:
        for value in email.header_all(name):
            yield name, plain_token(value)


def telling(email: Email, table: tuple[tuple[str, re.Pattern[str]], ...]) -> str:
    """The first header of that table whose whole value fits its pattern, as "Name: value", or ""."""
    for name, pattern in table:
        for value in email.header_all(name):
            text = " ".join(value[:_LONGEST].split())
            if pattern.fullmatch(text):
                return f"{name}: {text[:_SHOWN]}"
    return ""


def listed(value: str) -> frozenset[str]:
    """The words of a comma list such as X-Auto-Response-Suppress, in lower case."""
    return frozenset(word.strip().lower() for word in value[:_LONGEST].split(",") if word.strip())


def auto_submitted(email: Email) -> str | None:
    """The first Auto-Submitted token other than `no` ("" for an empty one), or None: a person's mail."""
    return next((word for _, word in tokens(email, "Auto-Submitted") if word != "no"), None)


def suppressed_words(email: Email) -> frozenset[str]:
    """All words of X-Auto-Response-Suppress (A8)."""
    return frozenset().union(*(listed(value) for value in email.header_all("X-Auto-Response-Suppress")))
