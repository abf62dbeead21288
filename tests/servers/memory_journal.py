"""The Journal of mailcase.ports in memory: the twin of the store for tests of a source."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from mailcase.message import Delivery
from mailcase.ports import Arrival, Cursor, Journalled

T = TypeVar("T")


class MemoryJournal:
    """Keeps arrivals and cursors; `outcomes` says what was decided, by delivery id."""

    def __init__(self) -> None:
        self.arrivals: dict[int, Arrival] = {}
        self.cursors: dict[tuple[str, str], Cursor] = {}
        self.outcomes: dict[int, str] = {}
        self.marked: set[int] = set()
        self.lost_since: datetime | None = None
        self.baseline: set[tuple[str, str]] = set()  # (source, key) of what lay in a Maildir before

    def journal(self, arrivals: Sequence[Arrival], cursor: Cursor | None) -> list[Journalled]:
        """Store what is new; a key that is known keeps its row."""
        rows = [self._row(arrival) for arrival in arrivals]
        if cursor is not None:
            self.save_cursor(cursor)
        return rows

    def cursor(self, source: str, folder: str) -> Cursor | None:
        """The cursor of that folder."""
        return self.cursors.get((source, folder))

    def moved_cursor(self, mailbox: str, folder: str) -> Cursor | None:
        """The newest cursor of that mailbox name and folder; a Maildir is an INBOX."""
        same = ("", "INBOX") if folder in ("", "INBOX") else (folder,)
        found = [one for one in self.cursors.values() if one.mailbox == mailbox and one.folder in same]
        return found[-1] if found else None

    def lost_cursor(self, mailbox: str, folder: str) -> Cursor | None:
        """As after the restore of a backup of `lost_since`."""
        since = self.lost_since
        return Cursor("restored", folder, mailbox, 0, 0, 0, since, "new") if since else None

    def save_cursor(self, cursor: Cursor) -> None:
        """Insert or replace."""
        key = (cursor.source, cursor.folder)
        self.cursors.pop(key, None)
        self.cursors[key] = cursor

    def known_uids(self, source: str, folder: str, uidvalidity: int) -> frozenset[int]:
        """All UIDs held for that folder."""
        place = (source, folder, uidvalidity)
        found = [one for one in self.arrivals.values() if (one.source, one.folder, one.uidvalidity) == place]
        return frozenset(one.uid for one in found if one.uid is not None)

    def received(self, source: str, folder: str, uidvalidities: range) -> dict[int, datetime]:
        """When each UID of these was received."""
        found = sorted(self.arrivals.values(), key=lambda one: one.uidvalidity or 0)
        return {
            one.uid: one.received_at
            for one in found
            if (one.source, one.folder) == (source, folder) and one.uidvalidity in uidvalidities and one.uid is not None
        }

    def unmarked(self, source: str, folder: str, uidvalidity: int) -> list[tuple[int, int]]:
        """Decided and not yet marked, oldest first."""
        place = (source, folder, uidvalidity)
        return [
            (number, one.uid)
            for number, one in self.arrivals.items()
            if (one.source, one.folder, one.uidvalidity) == place
            and one.uid is not None
            and self.outcomes.get(number, "quarantined") != "quarantined"
            and not one.oversize
            and number not in self.marked
        ]

    def set_marked(self, delivery_ids: Sequence[int]) -> None:
        """Remember that the server was told."""
        self.marked.update(delivery_ids)

    # of Maildirs (intake.maildir.ports)

    def known_keys(self, source: str, among: Collection[str]) -> frozenset[str]:
        """Those of the keys that are held for that Maildir."""
        return frozenset(one.key for one in self.arrivals.values() if one.source == source and one.key in among)

    def baseline_keys(self, source: str, among: Collection[str]) -> frozenset[str]:
        """Those of the keys that lay there at the first connection."""
        return frozenset(key for place, key in self.baseline if place == source and key in among)

    def begin_maildir(self, cursor: Cursor, keys: Collection[str]) -> None:
        """What lies there, and the cursor."""
        self.baseline |= {(cursor.source, key) for key in keys}
        self.save_cursor(cursor)

    def unmarked_keys(self, source: str) -> list[tuple[int, str]]:
        """Decided and not yet told, oldest first."""
        return [
            (number, one.key)
            for number, one in self.arrivals.items()
            if one.source == source
            and self.outcomes.get(number, "quarantined") != "quarantined"
            and not one.oversize
            and (one.backlog or (source, one.key) not in self.baseline)
            and number not in self.marked
        ]

    # what tests ask

    @property
    def raws(self) -> list[bytes]:
        """The raw mails in the order of their journalling."""
        return [arrival.raw for arrival in self.arrivals.values()]

    async def in_store(self, work: Callable[..., T], /, *args: Any) -> T:
        """Runs the functions above, as the writer thread does for the real store."""
        return work(*args)

    async def submit(self, rows: Sequence[Journalled], raws: Sequence[bytes]) -> None:
        """A pipeline that makes a case of everything at once."""
        for row, raw in zip(rows, raws, strict=True):
            assert self.arrivals[row.delivery.id].raw == raw
            self.outcomes[row.delivery.id] = "created"

    def _row(self, arrival: Arrival) -> Journalled:
        key = (arrival.source, arrival.folder, arrival.key)
        known = [n for n, one in self.arrivals.items() if (one.source, one.folder, one.key) == key]
        number = known[0] if known else len(self.arrivals) + 1
        self.arrivals.setdefault(number, arrival)
        sha256 = hashlib.sha256(arrival.raw).hexdigest()
        return Journalled(_delivery(number, arrival), sha256, not known, self.outcomes.get(number), 0)


def _delivery(number: int, arrival: Arrival) -> Delivery:
    blank = Delivery(0, "", "", "", "", None, None, arrival.received_at)
    names = ("mailbox", "source", "folder", "key", "uidvalidity", "uid", "backlog", "no_ack", "oversize", "sent")
    return replace(blank, id=number, **{name: getattr(arrival, name) for name in names})
