"""What the Maildir source asks of the store."""

from collections.abc import Collection
from typing import Protocol

from mailcase.ports import Cursor, Journal


class MaildirJournal(Journal, Protocol):
    """The journal, and what it remembers of Maildirs; every `source` is "maildir:PATH"."""

    def known_keys(self, source: str, among: Collection[str]) -> frozenset[str]:
        """Those of the keys that the journal holds for that Maildir."""
        ...

    def baseline_keys(self, source: str, among: Collection[str]) -> frozenset[str]:
        """Those of the keys that lay there at the first connection (B1)."""
        ...

    def begin_maildir(self, cursor: Cursor, keys: Collection[str]) -> None:
        """A first connection: what lies there and the cursor, in one durable commit."""
        ...

    def unmarked_keys(self, source: str) -> list[tuple[int, str]]:
        """(delivery id, key) that are decided and whose file is not yet told, oldest first (B1)."""
        ...
