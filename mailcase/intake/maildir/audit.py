"""A Maildir's files against the journal, for `mailcase audit`: looks at names and times, changes nothing."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from mailcase.errors import Permanent
from mailcase.intake.audit import Entry, FolderAudit, Found, compare, received_since
from mailcase.intake.imap.plan import takes_old
from mailcase.intake.maildir import files
from mailcase.intake.maildir.settings import MaildirSettings
from mailcase.ports import Cursor


class Kept(Protocol):
    """What the comparison asks of the store."""

    def cursor(self, source: str, folder: str) -> Cursor | None:
        """When the Maildir was last listed."""
        ...

    def baseline_keys(self, source: str, among: Collection[str]) -> frozenset[str]:
        """What lay there at the first connection."""
        ...

    def journal_entries(self, source: str, folder: str, uidvalidity: int | None) -> Mapping[str, Entry]:
        """What the journal holds of it, by key."""
        ...


def audit_maildir(settings: MaildirSettings, since: datetime | None, kept: Kept) -> FolderAudit:
    """Compare it; `since` leaves out mail received before. Raises Permanent where it cannot be read."""
    try:
        there = files.listing(settings.path)
    except OSError as error:
        raise Permanent(f"{settings.path}: cannot be read: {error.strerror}") from None
    cursor = kept.cursor(settings.source, "")
    entries = kept.journal_entries(settings.source, "", None)
    unknown = {key: place for key, place in there.items() if key not in entries}
    before = kept.baseline_keys(settings.source, set(unknown))
    lines = compare(
        list(there),
        entries,
        [Found(one.key, None, one.received_at) for one in files.facts(settings.path, unknown.items())],
        lambda one: _state(one, cursor, is_before=one.key in before, start=settings.start),
        takes_away=settings.after not in ("keep", "seen"),
    )
    note = "" if cursor else "was never read: the first look sets its baseline"
    return FolderAudit("", None, len(there), received_since(lines, since), note)


def _state(one: Found, cursor: Cursor | None, *, is_before: bool, start: str) -> str:
    """Of a file that the journal does not hold; its time says whether a look since then should have taken it."""
    if is_before and not takes_old(one.received_at, cursor.start if cursor else start):
        return "before_start"
    looked = cursor.compared_at if cursor else None
    return "missing" if looked and one.received_at and one.received_at < looked else "to_come"
