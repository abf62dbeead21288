"""The few statements that SQLite and PostgreSQL both know but SQLAlchemy spells apart."""

from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Row

AnyRow = Row[*tuple[Any, ...]]  # of whatever columns


def is_sqlite(conn: Connection) -> bool:
    """Whether the connection leads to SQLite."""
    return conn.dialect.name == "sqlite"


@lru_cache(maxsize=64)
def new_statement(table: sa.Table, keys: tuple[str, ...] = (), *, lite: bool) -> Any:
    """INSERT … ON CONFLICT DO NOTHING for SQLite or PostgreSQL."""
    insert = sqlite.insert(table) if lite else postgresql.insert(table)
    return insert.on_conflict_do_nothing(index_elements=keys or None)


def insert_new(conn: Connection, table: sa.Table, *keys: str) -> Any:
    """INSERT … ON CONFLICT DO NOTHING, on any conflict or that of the named columns."""
    return new_statement(table, keys, lite=is_sqlite(conn))


@lru_cache(maxsize=64)
def set_statement(table: sa.Table, columns: tuple[str, ...], *, lite: bool) -> Any:
    """INSERT … ON CONFLICT (primary key) DO UPDATE of these columns."""
    insert = sqlite.insert(table) if lite else postgresql.insert(table)
    keys = [column.name for column in table.primary_key.columns]
    return insert.on_conflict_do_update(
        index_elements=keys, set_={column: getattr(insert.excluded, column) for column in columns}
    )


def insert_or_set(conn: Connection, table: sa.Table, *columns: str) -> Any:
    """INSERT … ON CONFLICT (primary key) DO UPDATE of these columns."""
    return set_statement(table, columns, lite=is_sqlite(conn))
