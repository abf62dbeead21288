"""Row 1: a complaint of a recipient's provider (feedback report, RFC 5965)."""

import re
from typing import Final

from mailcase.junk.finding import Hit
from mailcase.message import Email, Kind

#: Providers that send no report part: a header, or a subject that names the address of our server.
COMPLAINT_HEADERS: Final = ("X-HmXmrOriginalRecipient",)
_SUBJECT: Final = re.compile(r"complaint about message from [0-9a-fx.:]{7,45}", re.IGNORECASE)


def complaint(email: Email) -> Hit | None:
    """A report-type feedback-report, or a message/feedback-report part of the mail's own."""
    report = email.report
    if report is None:
        return _in_words(email)
    if report.report_type == "feedback-report":
        return Hit(Kind.COMPLAINT, "report-type=feedback-report")
    if "message/feedback-report" in report.part_types:
        return Hit(Kind.COMPLAINT, "part message/feedback-report")
    return _in_words(email)


def _in_words(email: Email) -> Hit | None:
    found = next((name for name in COMPLAINT_HEADERS if email.has(name)), None)
    if found is None and _SUBJECT.fullmatch(email.subject[:100].strip()):
        found = email.subject[:100].strip()
    return Hit(Kind.COMPLAINT, found) if found else None
