"""What must hold when all is done: the cases as agents find them, and the traces as administrators read them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.acceptance.three_hundred.book import Book

#: Case -> status, assignee, closing reason, at the end; the key of the mail that made it.
STATUSES = {
    "case0": ("New", "", ""),
    "case1": ("New", "", ""),
    "case2": ("Reopened", "", ""),
    "case4": ("Reopened", "", ""),
    "f-case3": ("Reopened", "", ""),
    "f-case5": ("New", "", ""),
    "case9": ("Resolved", "agent@desk.example", ""),
    "case31": ("Reopened", "", ""),
    "j-black": ("Canceled", "", "Received from blacklisted email"),
}

#: Mail -> what `message show` must tell of it in words.
EXPLAINED = {
    "f-case3": ("follows a closed case", "token", "tests passed"),
    "a-thread": ("linked", "thread", "subject number", "loses"),
    "d-case28": ("noted", "bounce", "reported mail"),
    "s-case13": ("linked", "body number", "stranger"),
}


def unlike(book: Book, cases: Sequence[Mapping[str, Any]], wanted: Mapping[str, tuple[str, str, str]]) -> Iterator[str]:
    """Where a case is not what it must be; and cases that no mail should have made."""
    known = {one["number"]: one for one in cases}
    for key, (status, assignee, reason) in wanted.items():
        one = known[book.past.numbers[key]]
        got = one["status"], one["assignee"] or "", one["closing_reason"] or ""
        if got != (status, assignee, reason):
            yield f"case of {key}: {got}"
    for key, mail in book.all.items():
        title = known[book.past.numbers[key]]["title"] if mail.truth.title else ""
        if title != mail.truth.title:
            yield f"{key}: title {title!r}, must be {mail.truth.title!r}"
    surplus = known.keys() - set(book.past.numbers.values())
    yield from (f"{number} should not be there" for number in sorted(surplus))


def explanation(key: str, shown: str, words: Sequence[str]) -> Iterator[str]:
    """Words that are missing in what `message show` prints."""
    yield from (f"message show of {key} does not say {word!r}:\n{shown}" for word in words if word not in shown)
