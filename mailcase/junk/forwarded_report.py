"""A report that a person forwards with its parts as files is the person's own mail (table 3.1, rows 1 to 3)."""

from mailcase.junk.robots import machine_sender
from mailcase.junk.subject_line import without_prefixes
from mailcase.message import Email


def forwarded_report(email: Email) -> bool:
    """Whether somebody passes a report on by its parts, as Outlook and Thunderbird do where they forward inline.

    A whole report (multipart/report that names its type) is one, whatever its subject says, and so is a machine's.
    """
    if email.report is None or email.report.report_type or machine_sender(email):
        return False
    _, _, forwarded = without_prefixes(email)
    return forwarded
