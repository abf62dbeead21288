"""The store's one door: everything that the other parts may ask of it.

Synchronous. Methods that write are called from one writer thread; methods that read may be called
from any thread. Every method raises `Unavailable` when the database cannot be reached or is locked,
and `Permanent` when what was asked for is not there.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from mailcase.cases.statuses import StatusTable
from mailcase.clock import utcnow
from mailcase.message import Wish
from mailcase.ports import Arrival, Cursor, Journalled, Judge, Reading, Settled
from mailcase.snapshot import Lookup, Snapshot
from mailcase.store import (
    edit,
    journal,
    migrate,
    numbers,
    restored,
    settle,
)
from mailcase.store.acting_door import ActingDoor
from mailcase.store.again import again
from mailcase.store.audit import AuditDoor
from mailcase.store.engine import Engines
from mailcase.store.erase_door import EraseDoor
from mailcase.store.health_door import HealthDoor
from mailcase.store.load import load
from mailcase.store.maildir_door import MaildirDoor
from mailcase.store.marks import before, reads
from mailcase.store.outbox_door import OutboxDoor
from mailcase.store.people_door import PeopleDoor
from mailcase.store.pg_session import LEASE_S
from mailcase.store.quarantine_door import QuarantineDoor
from mailcase.store.raw import RawPlace, RawSetting
from mailcase.store.raw_door import RawDoor
from mailcase.store.reading_door import ReadingDoor
from mailcase.store.relink_door import RelinkDoor
from mailcase.store.replay_door import ReplayDoor
from mailcase.store.tenure_door import TenureDoor


def _nobody_listens(*_: object) -> None:
    pass


class Store(
    ActingDoor,
    AuditDoor,
    EraseDoor,
    HealthDoor,
    ReadingDoor,
    RelinkDoor,
    ReplayDoor,
    RawDoor,
    MaildirDoor,
    QuarantineDoor,
    PeopleDoor,
    TenureDoor,
    OutboxDoor,
):
    """An open store; make it with `Store.open`. Satisfies ports.Journal and ports.OutboxStore."""

    def __init__(self, engines: Engines, raw_place: RawPlace, split: Callable[[int, str], None]) -> None:
        super().__init__(engines)
        self._raw = raw_place
        self._split = split

    @classmethod
    def open(
        cls,
        url: str,
        state_dir: Path,
        *,
        raw: RawSetting | str = "store",
        lease: timedelta = timedelta(seconds=LEASE_S),
        older: bool = False,
        migrated: Callable[[str, str], None] = _nobody_listens,
        split: Callable[[int, str], None] = _nobody_listens,
    ) -> Self:
        """Open the store of `[store]`; a new SQLite file is made.

        Args:
            url: of the database; an SQLite file is relative to `state_dir`.
            state_dir: where the store's files lie.
            raw: where raw mails go, as in `[store]`; with S3 as `raw_setting` makes it.
            lease: how long PostgreSQL waits for a daemon that gives no sign of life.
            older: whether an older SQLite file is migrated, after a copy; the caller holds its lock.
            migrated: is told the schema that an older store had, and the one it has now.
            split: is told how many mails of a batch are done one by one, and the error that made it so.

        Raises:
            ConfigError: a wrong url, a store newer than this program, or an older one (`mailcase db upgrade`
                cures it).
            Unavailable: the database cannot be reached.
        """
        place = RawPlace.parse(raw if isinstance(raw, RawSetting) else RawSetting(raw), state_dir)
        full = migrate.absolute(url, state_dir)
        engines = Engines.open(full, lease.total_seconds())
        try:
            before = migrate.ensure(full, engines, older=older)
        except BaseException:
            engines.close()
            raise
        if before is not None:
            migrated(before, migrate.SCHEMAS[-1])
        return cls(engines, place, split)

    @staticmethod
    def upgrade(url: str, state_dir: Path) -> str:
        """`mailcase db upgrade`: migrate to the newest schema and return its name; raises as migrate.upgrade."""
        return migrate.upgrade(migrate.absolute(url, state_dir))

    def close(self) -> None:
        """Give back all connections; the store cannot be used afterwards."""
        self.tenure_leave()
        self._engines.close()

    # --- the journal (ports.Journal) ---

    @before(lambda store: store.keep)
    def journal(
        self, arrivals: Sequence[Arrival], cursor: Cursor | None, hashes: Sequence[str] | None = None
    ) -> list[Journalled]:
        """Store raw bytes, delivery rows and the moved cursor in one durable commit, in order (B1, R1).

        `hashes` is what `keep` returned for them, if it was called before. Raises Fenced, as every method here
        that writes in the name of a mailbox.
        """
        kept = self.keep(arrivals) if hashes is None else hashes
        return journal.journal(self._engines, self._raw, arrivals, cursor, kept)

    def keep(self, arrivals: Sequence[Arrival], _cursor: Cursor | None = None) -> list[str]:
        """The first half of `journal`: raw bytes that go elsewhere lie there durably. Returns the hashes."""
        return journal.keep(self._engines, self._raw, arrivals)

    @reads
    def cursor(self, source: str, folder: str) -> Cursor | None:
        """The cursor of that folder, or None at the first connection."""
        with self._engines.read() as conn:
            return journal.cursor(conn, source, folder)

    @reads
    def moved_cursor(self, mailbox: str, folder: str) -> Cursor | None:
        """The newest cursor of that mailbox name's folder (moved host, B1)."""
        with self._engines.read() as conn:
            return journal.moved_cursor(conn, mailbox, folder)

    @reads
    def lost_cursor(self, mailbox: str, folder: str) -> Cursor | None:
        """After a restore: where such a folder without a cursor begins; see `restored.lost_cursor`."""
        with self._engines.read() as conn:
            return restored.lost_cursor(conn, mailbox, folder, utcnow())

    @again
    def save_cursor(self, cursor: Cursor) -> None:
        """Insert or replace."""
        with self._engines.write() as conn:
            self._engines.fences.mailboxes(conn, [(cursor.source, cursor.mailbox)])
            journal.save_cursor(conn, cursor)

    @reads
    def known_uids(self, source: str, folder: str, uidvalidity: int) -> frozenset[int]:
        """All UIDs the journal holds for that folder."""
        with self._engines.read() as conn:
            return journal.known_uids(conn, source, folder, uidvalidity)

    @reads
    def received(self, source: str, folder: str, uidvalidities: range) -> dict[int, datetime]:
        """When each UID that the journal holds under these was received."""
        with self._engines.read() as conn:
            return journal.received(conn, source, folder, uidvalidities)

    @reads
    def unmarked(self, source: str, folder: str, uidvalidity: int) -> list[tuple[int, int]]:
        """(delivery id, uid) that are decided and not yet marked on the server, oldest first (B1)."""
        with self._engines.read() as conn:
            return journal.unmarked(conn, source, folder, uidvalidity, self._engines.fences.lets)

    @again
    def set_marked(self, delivery_ids: Sequence[int]) -> None:
        """Remember that the server was told."""
        with self._engines.write() as conn:
            self._engines.fences.deliveries(conn, delivery_ids)
            journal.set_marked(conn, delivery_ids)

    def undecided(self, limit: int, after: int = 0) -> list[Journalled]:
        """Deliveries without an outcome whose id is above `after`, oldest first (start-up, retries).

        Not marked as reading: what is being settled at this moment is not to be taken up once more.
        """
        with self._engines.read() as conn:
            return journal.undecided(conn, limit, after)

    @reads
    def delivery(self, delivery_id: int, wish: Wish | None = None) -> Journalled:
        """One journal row, with the wish of `message accept`; Permanent if there is none."""
        with self._engines.read() as conn:
            return journal.delivery(conn, delivery_id, wish or Wish())

    @again
    def count_attempt(self, delivery_ids: Sequence[int], by: int = 1) -> dict[int, int]:
        """Count one more attempt of undecided mail before parsing, durably; id -> attempts (R4).

        One less is given back, also of mail that another daemon works by now.
        """
        with self._engines.write() as conn:
            if by > 0:
                self._engines.fences.deliveries(conn, delivery_ids)
            return journal.count_attempt(conn, delivery_ids, by)

    # --- deciding ---

    def settle(self, readings: Sequence[Reading], judge: Judge, now: datetime) -> list[Settled]:
        """Load, decide and apply each mail in one write transaction (steps 6-8).

        One Settled a reading, in order; a decided delivery without a wish is answered and not touched.
        """
        settled = settle.settle(self._engines, readings, judge, now, self._split)
        if erased := [one.delivery_id for one in settled if one.reason == "erased"]:
            self.sweep_erased(now, erased)
        return settled

    @reads
    def snapshot(self, lookup: Lookup, now: datetime) -> Snapshot:
        """The answers to one Lookup, outside any write (`explain`)."""
        with self._engines.read() as conn:
            return load(conn, lookup, now)

    def adopt_accounts(self, domains: Mapping[str, str]) -> None:
        """Make the configured accounts (domain -> account name) stored ones."""
        with self._engines.write() as conn:
            edit.adopt_accounts(conn, domains)

    @reads
    def used_statuses(self) -> set[str]:
        """Every status name that a case has."""
        with self._engines.read() as conn:
            return edit.used_statuses(conn)

    def raise_counter(self, first: int) -> None:
        """Let the next running number be at least `first`; it never goes back."""
        with self._engines.write() as conn:
            numbers.raise_counter(conn, first)

    # --- what the command line shows ---

    @reads
    def message_list(
        self,
        *,
        since: datetime | None = None,
        outcome: str | None = None,
        mailbox: str | None = None,
        last: int | None = None,
    ) -> list[dict[str, Any]]:
        """`message list` of contract.md: deliveries in journal order; `since` looks at received_at."""
        from mailcase.store import report_mail

        with self._engines.read() as conn:
            return report_mail.listing(conn, report_mail.Filter(since, outcome, mailbox, last))

    @reads
    def message_show(self, delivery_id: int) -> dict[str, Any]:
        """`message show` of contract.md; the caller adds `allowed` and `reason` to the attachments.

        Also `error`, `raw_sha256`, `direction`, and `history`: every earlier outcome.
        """
        from mailcase.store import report_mail

        with self._engines.read() as conn:
            return report_mail.show(conn, delivery_id)

    def set_case(
        self,
        number: str,
        now: datetime,
        actor: str,
        *,
        status: str | None = None,
        assignee: str | None = None,
        closing_reason: str | None = None,
        statuses: StatusTable = StatusTable(),  # noqa: B008 - a frozen value
        organizations: tuple[str, ...] | None = None,
    ) -> None:
        """Set what is not None, with an event for each change; Permanent if there is no such case, or none of these.

        The caller names a status of its table, `statuses`; `closing_reason` is the status's default (L8).
        """
        with self._engines.write() as conn:
            wanted = {"status": status, "assignee": assignee}
            edit.set_case(conn, number, now, actor, wanted, closing_reason, statuses, organizations)
