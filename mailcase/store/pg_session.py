"""What every session on PostgreSQL is given: time-outs, so that no process that froze or died holds up the others."""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url

from mailcase.store.json_text import JSON_BY

LEASE_S: Final = 20.0  # a process that gives no sign of life for so long loses its locks (architecture.md)
_MINUTE: Final = 60_000  # milliseconds
_LOCK_MS: Final = 10_000  # then the store is busy, and what waits tries again (F25)
_WRITER_MS: Final = 2 * _MINUTE  # one statement
_READER_MS: Final = 10 * _MINUTE  # reports and exports read the whole store
# Newer servers only (14): on older ones TCP keepalives notice a dead machine, and a frozen daemon keeps its locks.
_SILENCE = sa.text("SELECT set_config(name, :ms, false) FROM pg_settings WHERE name = 'idle_session_timeout'")

#: Dates that psycopg reads, and every character, whatever the role or the database is set to.
_AS_WE_READ: Final = ("-c timezone=UTC", "-c datestyle=ISO", "-c client_encoding=UTF8")

_DURABLE: Final = (
    b"SELECT set_config(name, 'on', false) FROM pg_settings "
    b"WHERE name = 'synchronous_commit' AND setting = 'off' AND source <> 'client'"
)


def pooled_engine(url: str, size: int, lease_s: float, *, writes: bool) -> Engine:
    """The writer's single connection, or the readers' pool.

    A write transaction that idles for a lease is ended; one that reads holds nobody up while its rows are worked on.
    """
    # Here, so that a store in SQLite starts without psycopg.
    from mailcase.store.pg_cursor import Rearming
    from mailcase.store.pg_silence import given_up_when_silent

    settings = {
        "idle_in_transaction_session_timeout": round(lease_s * 1000) if writes else _READER_MS,
        "lock_timeout": _LOCK_MS,
        "statement_timeout": _WRITER_MS if writes else _READER_MS,
    }
    target = make_url(url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(
        target,
        pool_size=size,
        max_overflow=0 if writes else size,
        pool_pre_ping=True,
        connect_args={**_arguments(target, settings, lease_s), "cursor_factory": Rearming},
        hide_parameters=True,
        **JSON_BY,
    )
    given_up_when_silent(engine, lease_s / 2)
    if writes:
        sa.event.listen(engine, "connect", _durable)
    return engine


def _durable(connection: Any, record: object) -> None:  # noqa: ARG001 - SQLAlchemy passes both
    """A mail server is told of what is committed (R1): a server set up to forget commits is not taken at that."""
    connection.execute(_DURABLE)
    connection.commit()


def lone_engine(url: URL, lease_s: float) -> Engine:
    """For the one connection that holds this daemon's locks: never pooled, each statement by itself and soon over."""
    from mailcase.store.pg_silence import given_up_when_silent

    settings = {"lock_timeout": round(lease_s * 50), "statement_timeout": round(lease_s * 250)}
    engine = sa.create_engine(
        url,
        poolclass=sa.NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args=_arguments(url, settings, lease_s),
        hide_parameters=True,
    )
    given_up_when_silent(engine, lease_s / 2)
    return engine


def ends_when_silent(conn: Connection, lease_s: float) -> None:
    """From now on the server ends this session, and with it its locks, after a lease without a statement."""
    conn.execute(_SILENCE, {"ms": str(round(lease_s * 1000))})


def unhurried(conn: Connection) -> None:
    """This transaction may take its time (a migration) or wait for another server (S3) between its statements."""
    if conn.dialect.name == "postgresql":
        from mailcase.store.pg_silence import waits_for_ever

        waits_for_ever(conn)
        for name, ms in (("idle_in_transaction_session_timeout", 10 * _MINUTE), ("statement_timeout", 0)):
            conn.exec_driver_sql(f"SET LOCAL {name} = {ms}")


def refuses_settings(error: BaseException) -> bool:
    """Whether a pooler in between says that it knows no `options`."""
    return "unsupported startup parameter" in str(getattr(error, "orig", None) or "")


def _arguments(url: URL, settings: Mapping[str, int], lease_s: float) -> dict[str, Any]:
    """For libpq; what the url itself says goes before. Client and server notice within a lease that the other died."""
    said = url.query
    idle, interval = max(1, round(lease_s / 2)), max(1, round(lease_s / 4))
    server = {"tcp_keepalives_idle": idle, "tcp_keepalives_interval": interval, "tcp_keepalives_count": 2}
    options = [*_AS_WE_READ, *(f"-c {name}={value}" for name, value in {**settings, **server}.items())]
    theirs = said.get("options", "")
    options += [theirs] if isinstance(theirs, str) else theirs
    client = {
        "connect_timeout": 10, "tcp_user_timeout": round(lease_s * 1000), "keepalives": 1, "keepalives_idle": idle,
        "keepalives_interval": interval, "keepalives_count": 2,
    }  # fmt: skip
    ours = {name: value for name, value in client.items() if name not in said}
    return {**ours, "options": " ".join(options).strip()}
