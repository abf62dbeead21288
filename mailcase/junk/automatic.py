"""Row 9: mail that a machine says it made itself (Auto-Submitted, RFC 3834 5), or that a nameless program wrote."""

import re
from typing import Final

from mailcase.junk.finding import Hit
from mailcase.junk.header_values import auto_submitted
from mailcase.message import Email, Kind

#: The id that qmail-inject makes for a program that gave none.
_INJECTED: Final = re.compile(r"<\d{14}\.\d{1,10}\.qmail@([^<>@\s]{1,255})>")


def automatic(email: Email) -> Hit | None:
    """Auto-Submitted with anything but `no` (an unknown or empty token counts, A1), or a sender without a name."""
    token = auto_submitted(email)
    if token is not None:
        return Hit(Kind.NOTIFICATION, f"Auto-Submitted: {token}")
    host = _nameless(email)
    return Hit(Kind.NOTIFICATION, f"From anonymous@, made by qmail-inject on {host}") if host else None


def _nameless(email: Email) -> str:
    """The host whose qmail wrote From and Message-ID for a user without a name, as for a web server's; or "".

    Either alone says nothing: a person may sign as anonymous@, and inject a mail of his own.
    """
    made = _INJECTED.fullmatch(email.message_id or "")
    if made is None or email.sender is None:
        return ""
    host = made[1].lower()
    return host if email.sender.key == f"anonymous@{host}" else ""
