"""Row 4: our own mail that comes back, another group's mail, and mail From us that is not ours (B3)."""

from typing import Final

from mailcase.junk.finding import Hit, KindQuestion
from mailcase.message import Email, Kind
from mailcase.policy import Policy
from mailcase.tokens import LOOP_HEADER, NO_CASE, Mark, verify

_MOST_HEADERS: Final = 5


def own_mark(email: Email, policy: Policy) -> Mark | None:
    """The valid mark of any group in the mail's own Message-ID, else in its loop header."""
    texts = [email.message_id or "", *list(email.header_all(LOOP_HEADER))[:_MOST_HEADERS]]
    marks = (verify(policy.keys, policy.groups, text) for text in texts)
    return next((mark for mark in marks if mark), None)


def own(question: KindQuestion) -> Hit | None:
    """Signed by this group: own. Another group's automatic mail, or From us unsigned: notification."""
    mark, group = question.mark, question.mailbox.group
    if mark is not None:
        return _signed(mark, group)
    ours = next((one for one in question.email.senders if question.policy.is_ours(one.key)), None)
    if ours is None or question.form:
        return None
    return Hit(Kind.NOTIFICATION, f"From {ours.address} is ours, but the mail has no mark of ours")


def _signed(mark: Mark, group: str) -> Hit | None:
    what = "an automatic mail" if mark.automatic else "an agent's mail"
    if mark.running == NO_CASE:
        return Hit(Kind.OWN, "a notice to the administrators or a probe of `mailbox test`, signature valid")
    if mark.group == group:
        return Hit(Kind.OWN, f"{what} of this group about case {mark.running}, signature valid")
    if mark.automatic:
        return Hit(Kind.NOTIFICATION, f"{what} of group {mark.group}, signature valid")
    return None
