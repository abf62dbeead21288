"""The store's door for Maildirs (intake.maildir.ports.MaildirJournal)."""

from collections.abc import Collection

from mailcase.ports import Cursor
from mailcase.store import maildir
from mailcase.store.engine import Engines
from mailcase.store.marks import reads


class MaildirDoor:
    """What the store remembers of Maildirs; `Store` is one. Every `source` is "maildir:PATH"."""

    _engines: Engines

    @reads
    def known_keys(self, source: str, among: Collection[str]) -> frozenset[str]:
        """Those of the keys that the journal holds for that Maildir."""
        with self._engines.read() as conn:
            return maildir.known_keys(conn, source, among)

    @reads
    def baseline_keys(self, source: str, among: Collection[str]) -> frozenset[str]:
        """Those of the keys that lay there at the first connection (B1)."""
        with self._engines.read() as conn:
            return maildir.baseline_keys(conn, source, among)

    def begin_maildir(self, cursor: Cursor, keys: Collection[str]) -> None:
        """A first connection: what lies there and the cursor, in one durable commit."""
        with self._engines.write() as conn:
            self._engines.fences.mailboxes(conn, [(cursor.source, cursor.mailbox)])
            maildir.begin(conn, cursor, keys)

    @reads
    def unmarked_keys(self, source: str) -> list[tuple[int, str]]:
        """(delivery id, key) that are decided and whose file is not yet told, oldest first (B1)."""
        with self._engines.read() as conn:
            return maildir.unmarked_keys(conn, source, self._engines.fences.lets)
