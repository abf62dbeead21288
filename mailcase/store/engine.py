"""Connections: one writer and a pool of readers, with the databases' errors made ours."""

import contextlib
import math
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection, Engine, make_url

from mailcase.errors import ConfigError, Permanent, StoreFull, Unavailable
from mailcase.places import private_folder, refused
from mailcase.store.again import BY_SQLSTATE, LOCK_TIMEOUT, RowHeld
from mailcase.store.fences import Fences
from mailcase.store.json_text import JSON_BY
from mailcase.store.pg_session import LEASE_S, lone_engine, pooled_engine, refuses_settings
from mailcase.store.readonly import connect_reader, refusal, refuses_writing

_READERS = 4
_BUSY_MS = 5000  # how long a writer waits for another process
_CHECKPOINT_PAGES = 8000  # 32 MB: pages that many commits change are copied into the file once, not each 4 MB
_CACHE_KIB = 32_000  # a group commit with its raw mails stays in memory until it is written
PRESENCE = 0x6D61696C  # first key of the advisory locks that say a daemon lives ("mail")
_UNREACHABLE = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, exc.InternalError)


@dataclass(slots=True)
class Engines:
    """The writer's and the readers' engine of one store."""

    writer: Engine
    reader: Engine
    lease_s: float = LEASE_S
    fences: Fences = field(default_factory=Fences)
    row_held_at: float = -math.inf  # monotonic seconds: when a mail was last left, since somebody held its row
    _present: dict[str, Connection] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, url: str, lease_s: float = LEASE_S) -> Self:
        """Make both engines; nothing is connected yet. PostgreSQL waits `lease_s` for a process that went silent.

        Raises:
            ConfigError: neither SQLite nor PostgreSQL.
        """
        backend = make_url(url).get_backend_name()
        if backend == "sqlite":
            return cls(_sqlite(url, writes=True), _sqlite(url, writes=False))
        if backend == "postgresql":
            writer = pooled_engine(url, 1, lease_s, writes=True)
            return cls(writer, pooled_engine(url, _READERS, lease_s, writes=False), lease_s)
        raise ConfigError(f"[store] url: {backend!r} is not supported; use sqlite:/// or postgresql+psycopg://")

    @property
    def is_postgres(self) -> bool:
        """Whether it is a database that many processes can write at once."""
        return self.writer.dialect.name == "postgresql"

    def lone(self) -> Engine:
        """For a connection outside the pools (PostgreSQL)."""
        return lone_engine(self.writer.url, self.lease_s)

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction, committed durably at the end."""
        with translated(self.writer), self.writer.begin() as conn:
            yield conn

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent look; never waits for the writer on SQLite."""
        with translated(self.reader), self.reader.connect() as conn:
            yield conn

    def presence(self, owner: str) -> None:
        """Hold the lock that says this daemon lives (PostgreSQL; SQLite has one sender by its lock file)."""
        if not self.is_postgres or self.fences.owner == owner:  # who joined holds it on the connection of its own
            return
        with self._guard, translated(self.reader):
            held = self._present.get(owner)
            if held is not None and _alive(held):
                return
            conn = self.reader.execution_options(isolation_level="AUTOCOMMIT").connect()
            conn.detach()
            conn.execute(sa.select(sa.func.pg_advisory_lock(PRESENCE, sa.func.hashtext(owner))))
            self._present[owner] = conn

    def close(self) -> None:
        """Close every connection."""
        for conn in self._present.values():
            conn.close()
        self._present.clear()
        self.writer.dispose()
        self.reader.dispose()


def presence_free(conn: Connection, owner: str) -> bool:
    """Whether no living daemon of that name is there; the lock is given back with the transaction.

    A shared lock: it is no sign of life, as the daemon's own is.
    """
    if conn.dialect.name == "sqlite":
        return True
    lock = sa.func.pg_try_advisory_xact_lock_shared(PRESENCE, sa.func.hashtext(owner))
    return bool(conn.execute(sa.select(lock)).scalar_one())


def daemons_present(conn: Connection) -> int:
    """How many daemons hold their lock on this PostgreSQL database."""
    held = sa.text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = :place AND objsubid = 2 "
        "AND mode = 'ExclusiveLock' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return int(conn.execute(held, {"place": PRESENCE}).scalar_one())


def _alive(conn: Connection) -> bool:
    try:
        conn.execute(sa.select(sa.literal(1)))
    except exc.DBAPIError:
        conn.invalidate()
        return False
    return True


@contextlib.contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """The databases' errors as ours: what trying again may cure is Unavailable, the rest Permanent."""
    try:
        yield
    except _UNREACHABLE as error:
        if refuses_writing(getattr(error, "orig", None)):
            raise refusal(engine.url.database) from error
        if refuses_settings(error):
            raise ConfigError(
                "[store] url leads to a connection pooler that does not pass our settings on: name PostgreSQL "
                "itself, or a pool in session mode that takes the startup parameter `options`"
            ) from error
        kind = _kind_of(error)
        where = _free(engine) if kind is StoreFull else _place(engine, error)
        raise kind(f"store: {_reason(error)}{where}") from error
    except exc.DBAPIError as error:
        raise (Unavailable if error.connection_invalidated else Permanent)(f"store: {_reason(error)}") from error


def _kind_of(error: Exception) -> type[Unavailable]:
    if _no_room(error):
        return StoreFull
    driver: Any = getattr(error, "orig", None)
    state = getattr(driver, "sqlstate", None) or ""
    if state == LOCK_TIMEOUT and driver.diag.context:  # which row; of a locked table nothing more is said
        return RowHeld
    return BY_SQLSTATE.get(state, Unavailable)


def _no_room(error: Exception) -> bool:
    """Whether the driver says that the disk is full, or takes no more (a quota is an I/O error to SQLite)."""
    driver = getattr(error, "orig", None)
    name = str(getattr(driver, "sqlite_errorname", ""))
    return name == "SQLITE_FULL" or name.startswith("SQLITE_IOERR") or getattr(driver, "sqlstate", "") == "53100"


def _free(engine: Engine) -> str:
    """How full the disk of an SQLite store is: its I/O error may be that or another."""
    folder = Path(engine.url.database or "").absolute().parent
    if engine.dialect.name != "sqlite" or not folder.is_dir():
        return ""
    return f" ({shutil.disk_usage(folder).free // 1_000_000} MB are free in {folder})"


def _reason(error: Exception) -> str:
    """What the driver said, without the statement and its parameters (they hold mail)."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]


def _place(engine: Engine, error: Exception) -> str:
    """Of a server that never answered the driver does not say which it is."""
    silent = type(getattr(error, "orig", None)).__name__ == "ConnectionTimeout"
    said = engine.url.query  # libpq takes host and port there too
    host, port = engine.url.host or said.get("host"), engine.url.port or said.get("port", 5432)
    return f": {host}:{port} does not answer" if silent and host else ""


def _sqlite(url: str, *, writes: bool) -> Engine:
    engine = sa.create_engine(
        url,
        poolclass=sa.QueuePool,
        pool_size=1 if writes else _READERS,
        max_overflow=0 if writes else _READERS,
        connect_args={"check_same_thread": False, "isolation_level": None},
        hide_parameters=True,
        **JSON_BY,
    )
    if not writes:
        sa.event.listen(engine, "do_connect", connect_reader)
    sa.event.listen(engine, "connect", _prepare_writer if writes else _prepare_reader)
    sa.event.listen(engine, "begin", _begin_immediate if writes else _begin)
    return engine


def _prepare_writer(connection: Any, record: object) -> None:  # noqa: ARG001 - SQLAlchemy passes both
    cursor = connection.cursor()
    safe = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}")
    swift = (f"wal_autocheckpoint={_CHECKPOINT_PAGES}", f"cache_size=-{_CACHE_KIB}", "temp_store=MEMORY")
    for pragma in (*safe, *swift):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_reader(connection: Any, record: object) -> None:  # noqa: ARG001 - SQLAlchemy passes both
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_BUSY_MS}", "query_only=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(conn: Connection) -> None:
    """Take the write lock at once, so that what is read in the transaction stays true."""
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN")


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite url, or None for another database."""
    parsed = make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def make_private(path: Path) -> None:
    """Make an empty SQLite file that only its owner may read: mail lies in it; raises as `private_folder`."""
    private_folder(path.parent)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise refused(path.parent, error, path.name) from None
