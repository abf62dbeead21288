"""The rows that one pass of the drain holds back, written down together: thousands may wait behind the breaker."""

from collections import Counter
from datetime import datetime

from mailcase.log import Event
from mailcase.outbox.drain.desk import Desk
from mailcase.ports import OutboxMail


class Held:
    """Collects rows; `write` makes one commit for each moment and reason, and one log line for each reason."""

    def __init__(self) -> None:
        self._rows: dict[tuple[datetime, str, str], list[int]] = {}
        self._mailboxes: dict[str, set[str]] = {}  # by reason

    def add(self, mail: OutboxMail, until: datetime, reason: str, error: str = "") -> None:
        """A pending row waits until then, never longer than it lives."""
        self._rows.setdefault((min(until, mail.expires_at), reason, error), []).append(mail.id)
        self._mailboxes.setdefault(reason, set()).add(mail.mailbox)

    async def write(self, desk: Desk) -> None:
        """Into the store and the log."""
        mails: Counter[str] = Counter()
        for (until, reason, error), rows in self._rows.items():
            await desk.hold(rows, until, reason, error)
            mails[reason] += len(rows)
        for reason, count in mails.items():
            names = sorted(self._mailboxes[reason])
            desk.report(Event.SEND_HELD, {"reason": reason, "mails": count, "mailboxes": names})
