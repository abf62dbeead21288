"""A folder's UID list against the journal, for `mailcase audit`: EXAMINE only, no lock, changes nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from mailcase.intake.audit import Entry, FolderAudit, Found, compare, received_since
from mailcase.intake.imap.batches import slices
from mailcase.intake.imap.plan import numbered, rounds, since_day, takes_old
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
    selected = await session.select(folder, read_only=True)
    uids = await (session.search_since((since - timedelta(days=1)).date()) if since else session.search_all())
    cursor = kept.cursor(settings.source, folder)
    validity = numbered(selected, cursor).uidvalidity
    old = cursor or kept.moved_cursor(settings.mailbox, folder)
    renumbered = old is not None and (cursor is None or old.uidvalidity != validity)
    entries = dict(kept.journal_entries(settings.source, folder, validity))
    unknown = await _facts(session, validity, [uid for uid in uids if _key(validity, uid) not in entries])
    entries |= _earlier(kept, settings.source, folder, validity, unknown)
    unknown = [one for one in unknown if one.key not in entries]
    left = frozenset[int]() if old is None else await _left_by_server(session, unknown, old)
    lines = compare(
        [_key(validity, uid) for uid in uids],
        entries,
        unknown,
        lambda one: "before_start" if one.uid in left and not renumbered else _state(one, old, renumbered=renumbered),
        takes_away=settings.after not in ("keep", "seen"),
    )
    return FolderAudit(folder, validity, len(uids), received_since(lines, since), _note(old, renumbered=renumbered))


def _key(uidvalidity: int, uid: int) -> str:
    return f"{uidvalidity}:{uid}"


def _earlier(kept: Kept, source: str, folder: str, validity: int, unknown: Sequence[Found]) -> dict[str, Entry]:
    """What earlier rounds of numbers took of these, by the keys of today: mails of the same UID and INTERNALDATE."""
    found: dict[str, Entry] = {}
    for number in rounds(validity) if unknown else ():
        before = kept.journal_entries(source, folder, number)
        there = ((one, before.get(_key(number, one.uid or 0))) for one in unknown)
        found |= {one.key: entry for one, entry in there if entry and entry.received_at == one.received_at}
    return found


async def _facts(session: MailSession, uidvalidity: int, uids: Sequence[int]) -> list[Found]:
    """Those that are still there, with the date of each where the server says one that can be read."""
    found: list[Found] = []
    for part in slices(uids):
        dates = {one.uid: one.received_at for one in await session.facts(part)}
        silent = [uid for uid in part if uid not in dates]
        still = await session.still_there(silent) if silent else frozenset[int]()
        there = [uid for uid in part if uid in dates or uid in still]
        found += [Found(_key(uidvalidity, uid), uid, dates.get(uid)) for uid in there]
    return found


async def _left_by_server(session: MailSession, unknown: Sequence[Found], cursor: Cursor) -> frozenset[int]:
    """Those without a date that lay there before, and that the server's own SINCE leaves out for a `start` by date."""
    day = since_day(cursor.start)
    old = {one.uid for one in unknown if one.uid and one.received_at is None and one.uid < cursor.baseline_uid}
    return frozenset(old - set(await session.search_since(day))) if day and old else frozenset()


def _state(one: Found, cursor: Cursor | None, *, renumbered: bool) -> str:
    """Of a mail that the journal does not hold (B1; imap.plan says the same of what is fetched)."""
    if cursor is None or one.uid is None:
        return "to_come"
    if one.received_at is None:  # where the UIDs say nothing either, the daemon takes it
        old = not renumbered
    else:
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
