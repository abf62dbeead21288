"""Reading the small values of machine headers: a token before comments and parameters (RFC 3834 5)."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from mailcase.message import Email

_LONGEST: Final = 1000  # characters of a value that are read
_MOST: Final = 20  # headers of one name that are read


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
    """(header name, token) of each header of these names, at most 20 a name."""
    for name in names:
        for value in islice(email.header_all(name), _MOST):
            yield name, plain_token(value)


def listed(value: str) -> frozenset[str]:
    """The words of a comma list such as X-Auto-Response-Suppress, in lower case."""
    return frozenset(word.strip().lower() for word in value[:_LONGEST].split(",") if word.strip())


def auto_submitted(email: Email) -> str | None:
    """The first Auto-Submitted token other than `no` ("" for an empty one), or None: a person's mail."""
    return next((word for _, word in tokens(email, "Auto-Submitted") if word != "no"), None)


def suppressed_words(email: Email) -> frozenset[str]:
    """All words of X-Auto-Response-Suppress (A8)."""
    values = islice(email.header_all("X-Auto-Response-Suppress"), _MOST)
    return frozenset().union(*(listed(value) for value in values))
