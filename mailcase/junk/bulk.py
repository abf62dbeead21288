"""Rows 10 and 11: mailing lists and bulk mail, by List-*, Precedence, Feedback-ID and marks of mass senders."""

from collections.abc import Set
from typing import Final

from mailcase.junk.finding import Hit, KindQuestion
from mailcase.junk.header_values import plain_token, tokens
from mailcase.junk.mass_mail import mass_mark
from mailcase.message import Email, Kind, once

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
    ids = [list_id(value) for value in email.header_all("List-Id")] if own_lists else []
    return bool(ids) and all(one in own_lists for one in ids)


def list_headers(email: Email) -> tuple[str, ...]:
    """The name of every header that list software writes, as it stands in the mail."""
    return tuple(name for name, _ in email.headers if name.lower().startswith("list-") or name.lower() in _MARKS)


def bulk_precedences(email: Email) -> tuple[tuple[str, str], ...]:
    """(header, token) of every Precedence that forbids an answer."""
    found = tokens(email, "Precedence", "X-Precedence")
    return tuple((name, token) for name, token in found if token in BULK_PRECEDENCES)


def sender_mark(email: Email) -> str:
    """What only a mass sender leaves in a mail, or ""."""
    return "Feedback-ID" if email.has("Feedback-ID") else mass_mark(email)


_LIST_HEADERS, _PRECEDENCES, _SENDER_MARK = once(list_headers), once(bulk_precedences), once(sender_mark)


def list_marks(email: Email, own_lists: Set[str]) -> tuple[str, ...]:
    """The name of every list header; none where the list is our own."""
    return () if own_list(email, own_lists) else _LIST_HEADERS(email)


def precedence_mark(email: Email, own_lists: Set[str]) -> str:
    """The Precedence that forbids an answer, as "Precedence: bulk", or ""; `list` of our own list is none."""
    ignored = "list" if own_list(email, own_lists) else None
    return next((f"{name}: {token}" for name, token in _PRECEDENCES(email) if token != ignored), "")


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
    if marks := list_marks(email, ours):
        return Hit(Kind.BULK, f"{marks[0]}: {(email.header(marks[0]) or '')[:80]}")
    if mark := _SENDER_MARK(email):
        return Hit(Kind.BULK, mark)
    return None
