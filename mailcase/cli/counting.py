"""How much of a folder the next run would take, in words; for `mailcase check`, changes nothing."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailcase.intake.imap.plan import numbered
from mailcase.intake.imap.ports import MailSession
from mailcase.intake.imap.preview import would_take
from mailcase.intake.imap.settings import ImapSettings
from mailcase.store.store import Store

if TYPE_CHECKING:
    from mailcase.ports import Cursor


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts with what the store knows of each folder."""

    store: Store | None
    hidden: bool = False  # there is a store, and it is not open: what it knows cannot be asked

    async def told(self, session: MailSession, imap: ImapSettings, folder: str) -> str:
        """What lies there, and how much of it is to take; raises as MailSession.select."""
        selected = await session.select(folder, read_only=True)
        uids = await session.search_all()
        lies = f"{folder}: {'1 mail' if len(uids) == 1 else f'{len(uids)} mails'}"
        if self.hidden:
            return f"{lies}; what is to take cannot be counted, the store is not open"
        cursor = self._cursor(imap, folder)
        moved = cursor is not None and cursor.source != imap.source
        taken = await would_take(session, folder, imap.start, cursor, moved=moved)
        if cursor is None:
            return f'{lies}, {taken or "none of them"} to take (start = "{imap.start}")'
        if moved or cursor.uidvalidity != numbered(selected, cursor).uidvalidity:
            return f"{lies}, compared again by date: up to {taken} newer than the baseline to take"
        return f"{lies}, {taken} to take"

    def _cursor(self, imap: ImapSettings, folder: str) -> "Cursor | None":
        """As the run finds it: the folder's own, else that of the mailbox on another host or user."""
        if self.store is None:
            return None
        found = self.store.cursor(imap.source, folder) or self.store.moved_cursor(imap.mailbox, folder)
        return found or (self.store.lost_cursor(imap.mailbox, folder) if imap.start == "new" else None)
