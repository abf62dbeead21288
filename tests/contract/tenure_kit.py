"""What the tests of shared stores have in common: daemons on one PostgreSQL, and a hand in the server."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import Connection

from mailcase.decision import Decision
from mailcase.message import Delivery, Email
from mailcase.ports import Journalled, Reading, Settled
from mailcase.snapshot import Snapshot
from mailcase.store.store import Store
from tests.contract.store_kit import NOW, Clerk, arrival, mail, settled_at_last
from tests.servers.ports import wait_until

LEASE = timedelta(seconds=60)  # nobody is put out because this machine is busy
SOON = 20.0  # seconds until something that must happen has happened


@dataclass
class Server:
    """The database's other side: what an administrator sees and does there."""

    url: str

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as conn:
            cursor = conn.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def end(self, backend: int) -> None:
        """As a restart does, or an administrator; returns when that session is gone."""
        self.ask("SELECT pg_terminate_backend(%s)", backend)
        wait_until(lambda: not self.ask("SELECT 1 FROM pg_stat_activity WHERE pid = %s", backend), SOON, "it lives")

    def until_unlocked(self) -> None:
        """Return when no daemon's lock is held: the server takes those of a closed session away a moment later."""
        held = (
            "SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database "
            "WHERE locktype = 'advisory' AND datname = current_database()"
        )
        wait_until(lambda: not self.ask(held), SOON, "the lock of a session that was closed is still there")

    def refuse(self, table: str, sqlstate: str, times: int) -> None:
        """The next so many inserts there fail with that error."""
        self._at_insert(table, f"RAISE EXCEPTION 'two transactions met' USING ERRCODE = '{sqlstate}';", times)

    def end_at(self, table: str) -> None:
        """The session that inserts there next is terminated in doing so."""
        self._at_insert(table, "PERFORM pg_terminate_backend(pg_backend_pid());", 1)

    def _at_insert(self, table: str, what: str, times: int) -> None:
        """A sequence counts through every rollback."""
        self.ask(f"CREATE SEQUENCE refused_{table}")
        self.ask(
            f"CREATE FUNCTION refuse_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF nextval('refused_{table}') <= {times} THEN {what} END IF; RETURN NEW; END $$"
        )
        self.ask(f'CREATE TRIGGER refuse BEFORE INSERT ON "{table}" EXECUTE FUNCTION refuse_{table}()')


def sooner(conn: Connection, setting: str, was_s: float) -> None:
    """The server waits a second from now on in this session, which had it wait so many.

    A lease so short that a test can wait for its end would put out whoever stands still for a moment.
    """
    asked = f"SELECT setting FROM pg_settings WHERE name = '{setting}'"  # noqa: S608 - our names
    assert float(conn.exec_driver_sql(asked).scalar_one()) == 1000 * was_s
    conn.exec_driver_sql(f"SET {setting} = '1s'")


@dataclass
class Daemon:
    """A store that joined the others."""

    name: str
    store: Store
    wants: tuple[str, ...] = ("support", "sales")

    @property
    def backend(self) -> int:
        """The server's process of the connection that holds the locks."""
        place = self.store._place
        return place._backend if place else 0

    @property
    def seat(self) -> Connection:
        """That connection."""
        place = self.store._place
        assert place is not None
        assert place._conn is not None
        return place._conn

    def join(self) -> "Daemon":
        self.store.tenure_join(self.name, self.wants)
        self.store.tenure_look(self.wants)
        return self

    def take(self, *mailboxes: str) -> frozenset[str]:
        return self.store.tenure_take(mailboxes)

    def holders(self) -> dict[str, str]:
        return dict(self.store.tenure_look(self.wants).holders)

    def members(self) -> set[str]:
        return set(self.store.tenure_look(self.wants).members)

    def settles(self) -> list[tuple[int, str]]:
        """What it settles of others who have been gone for longer than they need to come back."""
        return settled_at_last(self.store, self.name)

    def reading(self, at: str = "1:1", **over: Any) -> Reading:
        (row,) = self.store.journal([arrival(at, **over)], None)
        return as_reading(row)

    def settle(self, *readings: Reading, clerk: Clerk | None = None) -> list[Settled]:
        return self.store.settle(readings, clerk or Clerk(), NOW)

    def queued(self, key: str = "1:1") -> int:
        """The outbox row of a new case."""
        self.settle(self.reading(key))
        return int(self.store.outbox_list()[-1]["id"])


def as_reading(row: Journalled) -> Reading:
    return Reading(row.delivery, mail(f"m{row.delivery.key}"))


class Slow(Clerk):
    """A clerk who does something else in the midst of a decision, once."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] | None = meanwhile

    def decide(self, email: Email, snapshot: Snapshot, delivery: Delivery) -> Decision:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().decide(email, snapshot, delivery)


@contextmanager
def daemons(url: str, folder: Path, names: Iterable[str], lease: timedelta = LEASE) -> Iterator[list[Daemon]]:
    """So many that have joined."""
    found = [Daemon(name, Store.open(url, folder, lease=lease)).join() for name in names]
    try:
        yield found
    finally:
        for one in found:
            one.store.close()


def taken_over(crew: list[Daemon], server: Server, *mailboxes: str) -> tuple[Daemon, Daemon]:
    """The first daemon's connection ends, it does not know yet, and the second has its mailboxes."""
    one, two = crew
    server.end(one.backend)
    assert two.take(*mailboxes) == set(mailboxes)
    return one, two
