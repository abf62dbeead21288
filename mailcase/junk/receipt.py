"""Row 2: a receipt: the customer's program says that our mail was read or deleted (RFC 8098)."""

from typing import Final

from mailcase.junk.finding import Hit
from mailcase.message import Email, Kind

_PARTS: Final = ("message/disposition-notification", "message/global-disposition-notification")


def receipt(email: Email) -> Hit | None:
    """A report-type disposition-notification, or such a part of the mail's own."""
    report = email.report
    if report is None:
        return None
    if report.report_type == "disposition-notification":
        return Hit(Kind.RECEIPT, "report-type=disposition-notification")
    found = next((part for part in _PARTS if part in report.part_types), None)
    return Hit(Kind.RECEIPT, f"part {found}") if found else None
