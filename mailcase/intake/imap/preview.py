"""How many mails of a folder the next look would take, for `mailcase check`: changes nothing."""

from collections.abc import Callable, Iterable, Sequence

from mailcase.intake.imap import plan
from mailcase.intake.imap.batches import slices
from mailcase.intake.imap.ports import MailFact, MailSession
from mailcase.ports import Cursor


async def would_take(
    session: MailSession, folder: str, start: str, cursor: Cursor | None, *, moved: bool = False
) -> int:
    """Count what `start` takes at a first connection, or what waits above the cursor (None: never read).

    The folder is opened with EXAMINE. After a new UIDVALIDITY, or where the cursor `moved` here from another host
    or user, it is the number of mails later than the baseline; what is known of them is counted too.
    Raises FolderMissing and the session's other errors.
    """
    selected = plan.numbered(await session.select(folder, read_only=True), cursor)
    if cursor is not None and not moved and cursor.uidvalidity == selected.uidvalidity:
        return len(await session.search_above(cursor.last_uid))
    if cursor is not None:
        uids = await session.search_all()
        return await _count(session, uids, lambda facts: len(plan.by_date(facts, cursor, known=())))
    day = plan.since_day(start)
    if day is not None:
        uids = await session.search_since(day)
        return await _count(session, uids, lambda facts: sum(plan.takes_old(one.received_at, start) for one in facts))
    return len(await session.search_all()) if start == "all" else 0


async def _count(session: MailSession, uids: Sequence[int], taken: Callable[[Iterable[MailFact]], int]) -> int:
    count = 0
    for part in slices(uids):
        count += taken(await session.facts(part))
    return count
