"""Empty stores on one PostgreSQL: to empty a database again costs a hundredth of copying one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

import psycopg
import pytest

from mailcase.store.store import Store
from tests.servers.postgres import OwnPostgres, PostgresServer

_USES: Final = 100  # after so many the dead rows would be many, and another database is copied
_OTHERS: Final = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
#: Changes with each object that a test makes, alters or drops, each setting of it or a user, and the schema.
_OBJECTS: Final = """
SELECT (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_class WHERE oid >= 16384 AND relkind <> 'S'),
    (SELECT (count(*), sum(oid::bigint)) FROM pg_class WHERE oid >= 16384),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_attribute WHERE attrelid >= 16384),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_constraint WHERE oid >= 16384),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_trigger WHERE oid >= 16384),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_proc WHERE oid >= 16384),
    (SELECT count(*) FROM pg_db_role_setting
     WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))),
    (SELECT array_agg(version_num) FROM alembic_version)
"""
#: No foreign key asks for an order.
_EMPTY: Final = """
SET session_replication_role = replica;
DO $$ DECLARE statement text; BEGIN
    FOR statement IN SELECT format('DELETE FROM %s', oid::regclass) FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    LOOP EXECUTE statement; END LOOP;
END $$;
SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
"""


@dataclass
class _Database:
    name: str
    uses: int = 0


@dataclass
class Stores:
    """Lends empty stores of today's schema on that server; `template` is one, which nobody else may open."""

    server: PostgresServer
    template: str
    _objects: str = ""
    _free: list[_Database] = field(default_factory=list)

    @contextmanager
    def lend(self) -> Iterator[str]:
        """The url of a store; afterwards it is emptied for the next one, if a test left it as it was made."""
        database = self._free.pop() if self._free else self._copied()
        database.uses += 1
        yield self.server.url(database.name)
        if database.uses < _USES and self._emptied(database.name):
            self._free.append(database)

    def _copied(self) -> _Database:
        name = self.server.copy(self.template)
        if not self._objects:
            with self._connection(name) as conn:
                self._objects = _objects(conn)
        return _Database(name)

    def _emptied(self, name: str) -> bool:
        """Whether it is as new: no session, no row, and no object but those that it was made with."""
        with self._connection(name) as conn:
            # Its answer tells nothing: one that was closed may be gone by itself before it is its turn.
            conn.execute(f"SELECT pg_terminate_backend(pid, 5000) {_OTHERS}".encode())
            if conn.execute(f"SELECT pid {_OTHERS}".encode()).fetchall() or _objects(conn) != self._objects:
                return False
            conn.execute(_EMPTY.encode())
        return True

    def _connection(self, name: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.server.dsn(name), autocommit=True)


def _objects(conn: "psycopg.Connection[tuple[object, ...]]") -> str:
    return repr(conn.execute(_OBJECTS.encode()).fetchone())


class LentPostgres(OwnPostgres):
    """A store on the server of the test run, in the place of a server of one's own: asked, and never killed."""

    def __init__(self, stores: Stores) -> None:
        self.server = stores.server
        self._stores, self._stack, self._conn = stores, ExitStack(), None

    def __enter__(self) -> Self:
        self.url = self._stack.enter_context(self._stores.lend())
        self._stack.callback(self.hang_up)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def start(self) -> None:
        raise AssertionError("it runs, and others use it")

    def kill(self) -> None:
        raise AssertionError("others use it")


@pytest.fixture(scope="session")
def postgres_stores(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """Empty stores on the server of the test run."""
    url = postgres_server.database()
    Store.upgrade(url, tmp_path_factory.mktemp("migrated"))
    return Stores(postgres_server, url.rpartition("/")[2])


@pytest.fixture
def shared_url(postgres_stores: Stores) -> Iterator[str]:
    """The url of an empty store that several daemons can share."""
    with postgres_stores.lend() as url:
        yield url
