"""Row 8: out-of-office notes and other automatic replies, by headers, subject or calendar answer."""

import re
from typing import Final

from mailcase.junk.autoreply_words import AUTOREPLY_HEADERS, AUTOREPLY_VALUES, BEGINNINGS, FOLLOWERS
from mailcase.junk.finding import Hit
from mailcase.junk.header_values import auto_submitted, suppressed_words, telling
from mailcase.junk.subject_line import without_prefixes
from mailcase.message import Email, Kind

_LOOP: Final = "X-MS-Exchange-Inbox-Rules-Loop"
# The wording must be all there is to it: "Out of office hours support" is a person's subject.
_END: Final = re.compile(rf"\s?(?:$|[^\w\s]|\d|(?:{'|'.join(FOLLOWERS)})(?![\w-]))", re.IGNORECASE)
_NO_HEADER: Final = frozenset({"", "no", "none", "false", "0"})


def autoreply_mark(email: Email) -> str:
    """What marks the mail as an automatic reply, for a person; "" where nothing does."""
    return _by_header(email) or _by_calendar(email) or _by_subject(email)


def autoreply(email: Email) -> Hit | None:
    """Any mark of the row makes an auto_reply."""
    mark = autoreply_mark(email)
    return Hit(Kind.AUTO_REPLY, mark) if mark else None


def _by_header(email: Email) -> str:
    token = auto_submitted(email)
    if token and token.startswith("auto-replied"):
        return f"Auto-Submitted: {token}"
    for name in AUTOREPLY_HEADERS:
        if (email.header(name) or "").strip().lower() not in _NO_HEADER:
            return name
    if email.has(_LOOP) and "all" in suppressed_words(email):
        return f"{_LOOP} with X-Auto-Response-Suppress: All"
    return telling(email, AUTOREPLY_VALUES)


def _by_calendar(email: Email) -> str:
    """Its program's answer to an invitation; one that a person forwards is his question."""
    if email.calendar_method != "REPLY":
        return ""
    _, _, forwarded = without_prefixes(email)
    return "" if forwarded else "text/calendar METHOD=REPLY"


def _by_subject(email: Email) -> str:
    """At the start of the subject; after Re: only with half a mark beside it, after Fwd: never."""
    text, replied, forwarded = without_prefixes(email)
    if forwarded or (replied and not _half_mark(email)):
        return ""
    found = next((words for words in BEGINNINGS if text.startswith(words) and _END.match(text, len(words))), None)
    return f"subject begins with {found!r}" if found else ""


def _half_mark(email: Email) -> bool:
    """Half of the Exchange mark: alone it says nothing, with the subject it does."""
    return email.has(_LOOP) or "all" in suppressed_words(email)
