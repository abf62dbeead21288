"""What depends on a mail alone is found out where it is read, in parallel, and not by the one thread that decides."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from mailcase.junk.automatic import automatic
from mailcase.junk.autoreply import autoreply
from mailcase.junk.bounce import bounce_wording, failed_recipients, null_or_daemon
from mailcase.junk.bulk import bulk_precedences, list_headers, sender_mark
from mailcase.junk.complaint import complaint
from mailcase.junk.delivery_report import delivery_report
from mailcase.junk.header_values import auto_submitted, suppressed_words
from mailcase.junk.receipt import receipt
from mailcase.message import Email, once

#: Each is asked of every mail that is decided, and answered once: who decides asks `once(…)` of the same.
QUESTIONS: Final[tuple[Callable[[Email], Any], ...]] = (
    complaint,
    receipt,
    delivery_report,
    failed_recipients,
    null_or_daemon,
    bounce_wording,
    autoreply,
    automatic,
    list_headers,
    bulk_precedences,
    sender_mark,
    auto_submitted,
    suppressed_words,
)


def foresee(email: Email) -> None:
    """Answer the questions; one that fails is asked again where the mail is decided, and is its trouble there."""
    for ask in QUESTIONS:
        with suppress(Exception):
            once(ask)(email)
