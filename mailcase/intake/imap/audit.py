"""A folder's UID list against the journal, for `mailcase audit`: EXAMINE only, no lock, changes nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from mailcase.intake.audit import Entry, FolderAudit, Found, compare
from mailcase.intake.imap.batches import slices
from mailcase.intake.imap.plan import takes_old
from mailcase.intake.imap.ports import MailSession
from mailcase.intake.imap.settings import ImapSettings
from mailcase.ports import Cursor


class Kept(Protocol):
    """What the comparison asks of the store."""

    def cursor(self, source: str, folder: str) -> Cursor | None:
        """How far the folder was read."""
        ...

    def moved_cursor(self, mailbox: str, folder: str) -> Cursor | None:
        """The newest cursor of that mailbox name's folder under any source and of any kind."""
        ...

    def journal_entries(self, source: str, folder: str, uidvalidity: int | None) -> Mapping[str, Entry]:
        """What the journal holds of it, by key."""
        ...


async def audit_folder(
    session: MailSession, settings: ImapSettings, folder: str, since: datetime | None, kept: Kept
) -> FolderAudit:
    """Compare a folder; `since` leaves out mail received before it. Raises as MailSession.select.

    The server is asked first, then the cursor, then the journal: what a running daemon takes meanwhile is then
    known or above the cursor, and never looks missing.
    """
    validity = (await session.select(folder, read_only=True)).uidvalidity
    uids = await (session.search_since((since - timedelta(days=1)).date()) if since else session.search_all())
    cursor = kept.cursor(settings.source, folder)
    old = cursor or kept.moved_cursor(settings.mailbox, folder)
    renumbered = old is not None and (cursor is None or old.uidvalidity != validity)
    entries = kept.journal_entries(settings.source, folder, validity)
    unknown = await _facts(session, validity, [uid for uid in uids if _key(validity, uid) not in entries])
    lines = compare(
        [_key(validity, uid) for uid in uids],
        entries,
        unknown,
        lambda one: _state(one, old, renumbered=renumbered),
        takes_away=settings.after not in ("keep", "seen"),
    )
    shown = tuple(line for line in lines if since is None or line.received_at >= since)
    return FolderAudit(folder, validity, len(uids), shown, _note(old, renumbered=renumbered))


def _key(uidvalidity: int, uid: int) -> str:
    return f"{uidvalidity}:{uid}"


async def _facts(session: MailSession, uidvalidity: int, uids: Sequence[int]) -> list[Found]:
    found: list[Found] = []
    for part in slices(uids):
        found += [Found(_key(uidvalidity, one.uid), one.uid, one.received_at) for one in await session.facts(part)]
    return found


def _state(one: Found, cursor: Cursor | None, *, renumbered: bool) -> str:
    """Of a mail that the journal does not hold (B1; imap.plan says the same of what is fetched)."""
    if cursor is None or one.uid is None:
        return "to_come"
    old = cursor.baseline_at is not None and one.received_at <= cursor.baseline_at
    if old and (renumbered or one.uid < cursor.baseline_uid) and not takes_old(one.received_at, cursor.start):
        return "before_start"
    return "to_come" if renumbered or one.uid > cursor.last_uid else "missing"


def _note(cursor: Cursor | None, *, renumbered: bool) -> str:
    if cursor is None:
        return "was never read: the first connection sets its baseline"
    if renumbered:
        return "the server renumbered it, or it moved: the next look of the daemon compares it by date and content"
    return ""
