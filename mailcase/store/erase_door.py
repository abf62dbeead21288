"""The store's door for erasure and export: what is known of a person, and how it is forgotten (GDPR).

What only commands ask is imported when they do: a daemon is ready without it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from mailcase.errors import Permanent, Unavailable
from mailcase.store import erase_unread, person
from mailcase.store.edit import get_flag
from mailcase.store.engine import Engines
from mailcase.store.life.erasure import WORDS, forget_words
from mailcase.store.marks import reads
from mailcase.store.raw import RawPlace


@dataclass(frozen=True, slots=True)
class Known:
    """How much there is of a person; counts, and nothing of him but his address keys."""

    addresses: tuple[str, ...]
    contacts: int
    cases: int
    messages: int  # that he sent, agents' on his cases, and reports on his address, also those of no case
    sent: int  # messages of ours to him
    outbox: int
    deliveries: int
    quarantined: int
    undecided: int  # mails of his that are not decided yet: they are not touched
    quoting: int  # mails of others on the same cases that name him: they stay
    suppressed: bool


class EraseDoor:
    """What the store can do for a person who asks; `Store` is one."""

    _engines: Engines
    _raw: RawPlace

    @reads
    def known_of(self, key: str) -> Known:
        """How much `forget` would erase; writes nothing. Permanent where there is nothing."""
        waiting, reports = self._unread_of(key), self._reports_on(key)
        with self._engines.read() as conn:
            found = _found(conn, key, waiting, reports)
            return _known(found, waiting, person.quoting(conn, found))

    def forget(self, key: str, token_key: bytes, now: datetime, actor: str) -> Known:
        """Erase everything of the person with this address, and of his other addresses (reliability.md 6).

        Rows are overwritten in one transaction; then the raw bytes go, and the words out of the index. Killed in
        between, the next `forget` or `sweep_erased` takes them away.

        Raises:
            Permanent: nothing is known of the address.
            Unavailable: the store, or the place of the raw mail, cannot be reached.
        """
        from mailcase.store import erase

        self._overwrite_what_is_deleted()
        waiting, reports = self._unread_of(key), self._reports_on(key)
        with self._engines.write() as conn:
            found = _found(conn, key, waiting, reports)
            told = _known(found, waiting, person.quoting(conn, found))
            erase.erase(conn, found, token_key, now, actor)
            erase_unread.give_up(conn, [one for one, outcome in waiting if outcome is not None], now, actor)
        self.sweep_erased(now)
        return told

    def sweep_erased(self, now: datetime, deliveries: Sequence[int] | None = None) -> int:
        """Remove the raw bytes of mail that was erased, or of these deliveries of it; returns how many.

        A mail that comes again is journalled with its bytes before it is known as erased: this takes them away.
        """
        with self._engines.read() as conn:  # all of the journal is looked at: not while nobody else can write
            candidates = sorted(erase_unread.left_of_erased(conn, deliveries))
        count = 0
        for start in range(0, len(candidates), 500):
            with self._engines.write() as conn:
                hashes = erase_unread.decided(conn, candidates[start : start + 500])
                count += self._raw.remove(conn, hashes, now) if hashes else 0
        if deliveries is None:
            self._forget_words()
        return count

    def _forget_words(self) -> None:
        """In steps, so that mail can be decided in between."""
        with self._engines.read() as conn:
            left = get_flag(conn, WORDS) is not None
        if left:
            self._overwrite_what_is_deleted()
        while left:
            with self._engines.write() as conn:
                left = forget_words(conn)

    def compact(self, *, vacuum: bool) -> bool:
        """Let nothing that was erased lie in the database's files any longer.

        SQLite: the write-ahead log is written back and emptied; with `vacuum` the whole file is written anew.
        PostgreSQL: only `vacuum` does something. Returns whether it could be done: a reader may hold the log.
        """
        lite = self._engines.writer.dialect.name == "sqlite"
        done = not lite or self._checkpoint()
        if vacuum:
            self._plainly("VACUUM")
            if not lite:  # its VACUUM leaves every word that ever was in an index of words
                self._plainly("REINDEX INDEX CONCURRENTLY ix_case_search")
            done = not lite or self._checkpoint()
        return done

    @reads
    def export_contact(self, key: str) -> dict[str, Any]:
        """Everything about the person with this address, in plain JSON values; Permanent where there is nothing.

        Keys: address, contacts, cases, notes, tasks, files, messages, outbox, suppression; each message has
        `raw_sha256`, each file `sha256`.
        """
        from mailcase.store import export

        reports = self._reports_on(key)
        with self._engines.read() as conn:
            return export.export(conn, person.find(conn, key, reports), key)

    @reads
    def contact_list(self) -> list[dict[str, Any]]:
        """Contacts with addresses, account and number of cases, oldest first."""
        from mailcase.store import export

        with self._engines.read() as conn:
            return export.contacts(conn)

    def _unread_of(self, key: str) -> list[tuple[int, str | None]]:
        """(delivery, outcome) of mails without a message row that this address sent."""
        with self._engines.read() as conn:
            rows = erase_unread.unread(conn)
        return [(row.id, row.outcome) for row in rows if key in erase_unread.written_by(self._bytes(row.raw_sha256))]

    def _reports_on(self, key: str) -> list[int]:
        """Messages that are reports on one of the person's addresses and belong to no case."""
        with self._engines.read() as conn:
            keys = person.keys_of(conn, key)
            rows = person.unmatched(conn)
        names = person.naming(keys)
        return [
            row.id
            for row in rows
            if names(repr((row.text, row.headers))) or names(self._bytes(row.raw_sha256).decode("latin-1"))
        ]

    def _bytes(self, sha256: str) -> bytes:
        """Raw bytes; what is lost or damaged names nobody."""
        try:
            with self._engines.read() as conn:
                row = self._raw.find(conn, sha256)
            return self._raw.read(row)
        except Permanent:
            return b""

    def _overwrite_what_is_deleted(self) -> None:
        if self._engines.writer.dialect.name == "sqlite":
            self._plainly("PRAGMA secure_delete=ON")

    def _checkpoint(self) -> bool:
        busy = self._plainly("PRAGMA wal_checkpoint(TRUNCATE)")
        return busy is not None and busy[0] == 0

    def _plainly(self, command: str) -> Any:
        """One command outside of any transaction; the first row of what it says."""
        try:
            with self._engines.writer.connect() as conn:
                if conn.dialect.name != "sqlite":
                    plainly = conn.execution_options(isolation_level="AUTOCOMMIT")
                    plainly.exec_driver_sql("SET statement_timeout = 0")  # a large store takes its time
                    plainly.exec_driver_sql(command)
                    plainly.exec_driver_sql("RESET statement_timeout")
                    return None
                plain = conn.connection.cursor()  # SQLAlchemy would begin a transaction
                try:
                    return plain.execute(command).fetchone()
                finally:
                    plain.close()
        except exc.DBAPIError as error:
            raise Unavailable(f"store: {error.orig}") from error


def _found(conn: sa.Connection, key: str, waiting: Sequence[object], reports: Sequence[int]) -> person.Person:
    """The person; one who has nothing but mail in quarantine is known by it."""
    try:
        return person.find(conn, key, reports)
    except Permanent:
        if not waiting:
            raise
        return person.Person((key,), (), (), (), (), (), (), (), (), suppressed=False)


def _known(found: person.Person, waiting: Sequence[tuple[int, str | None]], quoting: int) -> Known:
    undecided = sum(1 for _, outcome in waiting if outcome is None)
    return Known(
        addresses=found.keys,
        contacts=len(found.contacts),
        cases=len(found.cases),
        messages=len(found.received),
        sent=len(found.sent),
        outbox=len(found.outbox),
        deliveries=len(found.deliveries),
        quarantined=len(waiting) - undecided,
        undecided=undecided,
        quoting=quoting,
        suppressed=found.suppressed,
    )
