"""How many mails of a folder the next look would take, for `mailcase check`: changes nothing."""

from mailcase.intake.imap import plan
from mailcase.intake.imap.ports import MailSession
from mailcase.ports import Cursor


async def would_take(session: MailSession, folder: str, start: str, cursor: Cursor | None) -> int:
    """Count what `start` takes at a first connection, or what waits above the cursor (None: never read).

    The folder is opened with EXAMINE. After a new UIDVALIDITY it is the number of mails later than the baseline.
    Raises FolderMissing and the session's other errors.
    """
    selected = await session.select(folder, read_only=True)
    if cursor is not None and cursor.uidvalidity == selected.uidvalidity:
        return len(await session.search_above(cursor.last_uid))
    if cursor is not None:
        facts = await session.facts(await session.search_all())
        return len(plan.by_date(facts, cursor, known=()))
    day = plan.since_day(start)
    if day is not None:
        facts = await session.facts(await session.search_since(day))
        return sum(plan.takes_old(mail.received_at, start) for mail in facts)
    return len(await session.search_all()) if start == "all" else 0
