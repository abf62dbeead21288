"""Bringing a store to the schema of this program, never past it."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import make_url

from mailcase.errors import ConfigError, Unavailable
from mailcase.places import is_there
from mailcase.store.engine import Engines, daemons_present, make_private, sqlite_file
from mailcase.store.pg_session import unhurried

#: Oldest first; the last is what this program needs.
SCHEMAS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
MIGRATIONS: Final = Path(__file__).parent / "migrations"
_NEWEST: Final = "head"
_SCHEMA: Final = sa.text("SELECT version_num FROM alembic_version")
_NOBODYS: Final = "UPDATE tenure SET fence = fence + 1"  # who was cut off meanwhile writes nothing by the older program


def absolute(url: str, state_dir: Path) -> str:
    """The url with an SQLite file relative to state_dir made absolute.

    Raises:
        ConfigError: not a database url.
    """
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise ConfigError("[store] url is not a database url, such as sqlite:///mailcase.db") from error
    if parsed.get_backend_name() != "sqlite":
        return url
    if not parsed.database or parsed.database == ":memory:":
        raise ConfigError("[store] url: SQLite needs a file, such as sqlite:///mailcase.db")
    return parsed.set(database=str(state_dir / parsed.database)).render_as_string(hide_password=False)


def current(url: str) -> str | None:
    """The schema that the store has, or None for an empty one.

    Raises:
        ConfigError: it is newer than this program, or its folder is closed to this user.
        Unavailable: the database cannot be reached.
    """
    engines = Engines.open(url)
    try:
        return _current(url, engines)
    finally:
        engines.close()


def _current(url: str, engines: Engines) -> str | None:
    file = sqlite_file(url)
    if file is not None and not is_there(file):
        return None
    with engines.read() as conn:
        return _not_newer(_version(conn))


def _not_newer(found: str | None) -> str | None:
    if found is not None and found not in SCHEMAS:
        raise ConfigError(f"store: schema {found} is newer than this program ({SCHEMAS[-1]}): install a newer mailcase")
    return found


def must_still_be_ours(conn: sa.Connection) -> None:
    """For a daemon that joins (again): who was cut off does not count as one that works on the store (`must_be_free`).

    Raises:
        ConfigError: somebody migrated the store meanwhile, or brought an older one back.
    """
    found = _not_newer(conn.execute(_SCHEMA).scalar_one_or_none())
    if found != SCHEMAS[-1]:
        raise outdated(conn.engine.url.render_as_string(), found)


def _version(conn: sa.Connection) -> str | None:
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(_SCHEMA).scalar_one_or_none()


def ensure(url: str, engines: Engines, *, older: bool) -> str | None:
    """Open-time check: a new SQLite file is made, whatever else there is must be current already.

    `engines` are those that the store will have: a connection that is made to look is not closed again.
    `older`: an older SQLite file is migrated too; the caller holds its lock, so that no older daemon works on it.

    Returns the older schema that was migrated; None if the store was new or current.

    Raises:
        ConfigError: a newer store, or one that `db upgrade` or a start must see to first.
    """
    found = _current(url, engines)
    if found == SCHEMAS[-1]:
        return None
    engines.close()  # nobody looks on; they open anew
    if sqlite_file(url) is None or (found is not None and not older):
        raise outdated(url, found)
    upgrade(url)
    return found


def must_be_current(url: str) -> None:
    """Raises ConfigError for a store that is older than this program."""
    found = current(url)
    if found != SCHEMAS[-1]:
        raise outdated(url, found)


def outdated(url: str, found: str | None) -> ConfigError:
    """What to tell of a store that is older than this program: a person decides when the way back is gone."""
    daemons, too = "every daemon", ""
    if sqlite_file(url) is not None:
        daemons, too = "the daemon", "; a daemon of this program does it when it starts, after a copy"
    schema = f"has schema {found}" if found else "is empty"
    return ConfigError(
        f"store: it {schema}, this program needs {SCHEMAS[-1]}\n→ `mailcase db upgrade` with {daemons} stopped{too}"
    )


def must_be_free(url: str) -> None:
    """PostgreSQL: no daemon works on it, else Unavailable. SQLite has its lock file, which the caller holds."""
    if sqlite_file(url) is not None:
        return
    engines = Engines.open(url)
    try:
        with engines.read() as conn:
            daemons = daemons_present(conn)
    finally:
        engines.close()
    if daemons:
        work = "1 daemon works" if daemons == 1 else f"{daemons} daemons work"
        raise Unavailable(f"{work} on this store: stop every one of them first")


def upgrade(url: str, *, copy: bool = True) -> str:
    """Migrate to the newest schema, an existing SQLite file after a copy beside it; returns its name.

    Raises:
        Unavailable: as `must_be_free`, where there is anything to migrate.
    """
    found = current(url)
    if found == SCHEMAS[-1]:
        return found
    must_be_free(url)
    file = sqlite_file(url)
    if file is not None:
        if found is not None and copy:
            _copy(file, found)
        make_private(file)
    _run(url)
    return SCHEMAS[-1]


def _copy(file: Path, schema: str) -> None:
    """An online copy named after the schema it has, readable by its owner alone."""
    target = file.with_name(f"{file.name}.before-{schema}-to-{SCHEMAS[-1]}")
    make_private(target)
    with contextlib.closing(sqlite3.connect(file)) as old, contextlib.closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _run(url: str, to: str = _NEWEST) -> None:
    # Alembic is wanted here alone; every other start does without the cost of importing it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engines = Engines.open(url)
    try:
        with engines.write() as conn:
            unhurried(conn)
            config.attributes["connection"] = conn
            command.upgrade(config, to)
            if to == _NEWEST and engines.is_postgres:
                conn.exec_driver_sql(_NOBODYS)
    finally:
        engines.close()
