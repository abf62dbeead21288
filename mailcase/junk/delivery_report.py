"""Row 3: a delivery status notification, by the actions of its recipients (RFC 3464 2.3.3)."""

from typing import Final

from mailcase.junk.finding import Hit
from mailcase.message import Email, Kind, Report

_PARTS: Final = ("message/delivery-status", "message/global-delivery-status")
#: The first kind of which an action is there; with none readable it is a bounce.
_BY_ACTION: Final = (
    (Kind.BOUNCE, frozenset({"failed"})),
    (Kind.DELAY, frozenset({"delayed"})),
    (Kind.DELIVERED, frozenset({"delivered", "relayed", "expanded"})),
)


def delivery_report(email: Email) -> Hit | None:
    """A report-type delivery-status, or such a part of the mail's own."""
    report = email.report
    if report is None:
        return None
    part = next((part for part in _PARTS if part in report.part_types), None)
    if report.report_type != "delivery-status" and part is None:
        return None
    where = f"part {part}" if part else "report-type=delivery-status"
    return _by_action(report, where)


def _by_action(report: Report, where: str) -> Hit:
    actions = {one.action.strip().lower() for one in report.recipients}
    for kind, wanted in _BY_ACTION:
        if found := sorted(actions & wanted):
            return Hit(kind, f"{where}, Action {', '.join(found)}")
    return Hit(Kind.BOUNCE, f"{where}, no readable Action")
