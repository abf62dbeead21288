"""Rows 10 and 11: mailing lists and bulk mail, by List-*, Precedence, Feedback-ID and marks of mass senders."""

from collections.abc import Iterator, Set
from typing import Final

from mailcase.junk.finding import Hit, KindQuestion
from mailcase.junk.header_values import plain_token, tokens
from mailcase.junk.mass_mail import mass_mark
from mailcase.message import Email, Kind

#: The first three are those of the table; the others older list software writes.
LIST_HEADERS: Final = ("List-Id", "List-Post", "Mailing-List", "X-MLServer", "X-ML-Name", "X-BeenThere")
_MARKS: Final = frozenset(name.lower() for name in LIST_HEADERS)
BULK_PRECEDENCES: Final = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_LONGEST: Final = 1000


def list_id(value: str) -> str:
    """The identifier of a List-Id without its description, lower case (RFC 2919 2)."""
    text = value[:_LONGEST]
    start, end = text.rfind("<"), text.rfind(">")
    return (text[start + 1 : end] if 0 <= start < end else plain_token(text)).strip().lower()


def own_list(email: Email, own_lists: Set[str]) -> bool:
    """Whether support@ is itself that list: every List-Id stands in `own_lists` (B5)."""
    ids = [list_id(value) for value in email.header_all("List-Id")]
    return bool(ids) and all(one in own_lists for one in ids)


def list_marks(email: Email, own_lists: Set[str]) -> Iterator[str]:
    """The name of every list header; none where the list is our own."""
    if own_list(email, own_lists):
        return
    for name, _ in email.headers:
        key = name.lower()
        if key.startswith("list-") or key in _MARKS:
            yield name


def precedence_mark(email: Email, own_lists: Set[str]) -> str:
    """The Precedence that forbids an answer, as "Precedence: bulk", or ""; `list` of our own list is none."""
    ignored = {"list"} if own_list(email, own_lists) else set()
    wanted = BULK_PRECEDENCES - ignored
    found = tokens(email, "Precedence", "X-Precedence")
    return next((f"{name}: {token}" for name, token in found if token in wanted), "")


def mailing_list(question: KindQuestion) -> Hit | None:
    """Row 10: a header that only list software writes."""
    if question.form:
        return None
    marks = {name.lower() for name in list_marks(question.email, question.policy.linking.own_lists)}
    found = next((name for name in LIST_HEADERS if name.lower() in marks), None)
    return Hit(Kind.LIST, f"{found}: {(question.email.header(found) or '')[:80]}") if found else None


def bulk(question: KindQuestion) -> Hit | None:
    """Row 11: a Precedence of bulk mail, any other List-*, Feedback-ID, the mark of a mass sender."""
    if question.form:
        return None
    email, ours = question.email, question.policy.linking.own_lists
    if precedence := precedence_mark(email, ours):
        return Hit(Kind.BULK, precedence)
    if name := next(list_marks(email, ours), None):
        return Hit(Kind.BULK, f"{name}: {(email.header(name) or '')[:80]}")
    if mark := "Feedback-ID" if email.has("Feedback-ID") else mass_mark(email):
        return Hit(Kind.BULK, mark)
    return None
