"""Row 9: mail that a machine says it made itself (Auto-Submitted, RFC 3834 5)."""

from mailcase.junk.finding import Hit, KindQuestion
from mailcase.junk.header_values import auto_submitted
from mailcase.message import Kind


def automatic(question: KindQuestion) -> Hit | None:
    """Auto-Submitted with anything but `no`; an unknown or empty token counts as automatic (A1)."""
    token = auto_submitted(question.email)
    if token is None or question.form:
        return None
    return Hit(Kind.NOTIFICATION, f"Auto-Submitted: {token}")
