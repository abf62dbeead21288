"""The hot path: Core statements compiled once and run on the driver, with the types' own conversions.

Each mail takes about twenty statements, and most of what SQLAlchemy does for one of them is the same
every time. What is left here is: bind, execute, convert. Errors are SQLAlchemy's, so that callers see no
difference.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection

Convert = Callable[[Any], Any]


@dataclass(slots=True)
class _Ready:
    """A statement compiled for one dialect."""

    sql: str
    order: tuple[str, ...] | None  # of positional parameters; None: by name
    fixed: dict[str, Any]  # values that the statement holds itself, such as a limit
    binds: tuple[tuple[str, Convert], ...]
    results: tuple[tuple[int, Convert], ...]
    row: Any  # a namedtuple class, or None where nothing comes back

    def parameters(self, given: Mapping[str, Any]) -> Any:
        """The driver's parameters."""
        values = {**self.fixed, **given}
        for name, convert in self.binds:
            values[name] = convert(values[name])
        return values if self.order is None else tuple(values[name] for name in self.order)

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        """The driver's rows with the types of the columns."""
        if not self.results:
            return [self.row._make(one) for one in found]
        rows = []
        for one in found:
            cells = list(one)
            for at, convert in self.results:
                cells[at] = convert(cells[at])
            rows.append(self.row._make(cells))
        return rows


@dataclass(slots=True)
class Hot:
    """A statement of the hot path; each parameter set must have the same names."""

    statement: Any
    _ready: dict[str, _Ready] = field(default_factory=dict)

    def run(self, conn: Connection, given: Mapping[str, Any]) -> list[Any]:
        """Execute and return the rows as named tuples."""
        ready = self._for(conn, given)
        with _cursor(conn, ready.sql) as cursor:
            cursor.execute(ready.sql, ready.parameters(given))
            return ready.rows(cursor.fetchall()) if ready.row is not None else []

    def count(self, conn: Connection, given: Mapping[str, Any]) -> int:
        """Execute and return how many rows were changed."""
        ready = self._for(conn, given)
        with _cursor(conn, ready.sql) as cursor:
            cursor.execute(ready.sql, ready.parameters(given))
            return int(cursor.rowcount)

    def many(self, conn: Connection, given: Sequence[Mapping[str, Any]]) -> None:
        """Execute once for each parameter set, in order."""
        if given:
            ready = self._for(conn, given[0])
            with _cursor(conn, ready.sql) as cursor:
                cursor.executemany(ready.sql, [ready.parameters(one) for one in given])

    def _for(self, conn: Connection, given: Mapping[str, Any]) -> _Ready:
        ready = self._ready.get(conn.dialect.name)
        if ready is None:
            ready = self._ready[conn.dialect.name] = _compile(self.statement, conn, list(given))
        return ready


def _compile(statement: Any, conn: Connection, names: list[str]) -> _Ready:
    dialect = conn.dialect
    compiled = statement.compile(dialect=dialect, column_keys=names)
    binds = {name: one.type.dialect_impl(dialect).bind_processor(dialect) for one, name in compiled.bind_names.items()}
    columns = list(statement.selected_columns if statement.is_select else statement.exported_columns)
    results = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    return _Ready(
        sql=str(compiled),
        order=tuple(compiled.positiontup) if compiled.positional else None,
        fixed={name: value for name, value in compiled.params.items() if name not in names},
        binds=tuple((name, convert) for name, convert in binds.items() if convert is not None),
        results=tuple((at, convert) for at, convert in enumerate(results) if convert is not None),
        row=namedtuple("Found", [column.key for column in columns]) if columns else None,
    )


def driver(conn: Connection, sql: str) -> None:
    """One plain command without parameters."""
    with _cursor(conn, sql) as cursor:
        cursor.execute(sql)


@contextmanager
def _cursor(conn: Connection, sql: str) -> Iterator[Any]:
    dialect = conn.dialect
    base = dialect.loaded_dbapi.Error
    cursor = conn.connection.cursor()
    try:
        yield cursor
    except base as error:
        raise exc.DBAPIError.instance(sql, None, error, base, hide_parameters=True, dialect=dialect) from error
    finally:
        cursor.close()


def is_in(column: sa.ColumnElement[str], prefix: str, count: int) -> sa.ColumnElement[bool]:
    """column IN (prefix_0, …); for one value plainly equal."""
    places: list[sa.BindParameter[str]] = [sa.bindparam(f"{prefix}_{at}") for at in range(count)]
    return column == places[0] if count == 1 else column.in_(places)


def padded(count: int) -> int:
    """The next power of two, so that few different statements are ever compiled."""
    return 1 << (count - 1).bit_length() if count else 0


def places(prefix: str, values: Sequence[Any]) -> dict[str, Any]:
    """Parameters for padded places; the last value fills the spare ones."""
    return {f"{prefix}_{at}": values[min(at, len(values) - 1)] for at in range(padded(len(values)))}
