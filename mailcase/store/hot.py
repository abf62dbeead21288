"""The hot path: Core statements compiled once and run on the driver, with the types' own conversions.

Each mail takes about twenty statements, and most of what SQLAlchemy does for one of them is the same
every time. What is left here is: bind, execute, convert. Errors are SQLAlchemy's, so that callers see no
difference.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection

Convert = Callable[[Any], Any]
Pick = Callable[[Mapping[str, Any]], Sequence[Any]]


@dataclass(slots=True)
class _Ready:
    """A statement compiled for one dialect."""

    sql: str
    names: tuple[str, ...]  # what the driver is given, in its order
    pick: Pick  # their values
    changes: tuple[tuple[int, Convert], ...]  # those of them that are converted
    named: bool  # the driver takes its parameters by name
    fixed: dict[str, Any]  # values that the statement holds itself, such as a limit
    results: tuple[tuple[int, Convert], ...]
    row: Any  # a namedtuple class, or None where nothing comes back

    def parameters(self, given: Mapping[str, Any]) -> Any:
        """The driver's parameters."""
        found: Any = self.pick({**self.fixed, **given} if self.fixed else given)
        if self.changes:
            found = list(found)
            for at, change in self.changes:
                found[at] = change(found[at])
        return dict(zip(self.names, found, strict=True)) if self.named else found

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
        cursor = _cursor(conn)
        try:
            cursor.execute(ready.sql, ready.parameters(given))
            return ready.rows(cursor.fetchall()) if ready.row is not None else []
        except conn.dialect.loaded_dbapi.Error as error:
            raise _ours(conn, ready.sql, error) from error
        finally:
            cursor.close()

    def count(self, conn: Connection, given: Mapping[str, Any]) -> int:
        """Execute and return how many rows were changed."""
        ready = self._for(conn, given)
        cursor = _cursor(conn)
        try:
            cursor.execute(ready.sql, ready.parameters(given))
            return int(cursor.rowcount)
        except conn.dialect.loaded_dbapi.Error as error:
            raise _ours(conn, ready.sql, error) from error
        finally:
            cursor.close()

    def many(self, conn: Connection, given: Sequence[Mapping[str, Any]]) -> None:
        """Execute once for each parameter set, in order."""
        if not given:
            return
        ready = self._for(conn, given[0])
        cursor = _cursor(conn)
        try:
            cursor.executemany(ready.sql, [ready.parameters(one) for one in given])
        except conn.dialect.loaded_dbapi.Error as error:
            raise _ours(conn, ready.sql, error) from error
        finally:
            cursor.close()

    def _for(self, conn: Connection, given: Mapping[str, Any]) -> _Ready:
        ready = self._ready.get(conn.dialect.name)
        if ready is None:
            ready = self._ready[conn.dialect.name] = _compile(self.statement, conn, list(given))
        return ready


def _compile(statement: Any, conn: Connection, names: list[str]) -> _Ready:
    dialect = conn.dialect
    compiled = statement.compile(dialect=dialect, column_keys=names)
    if statement.is_insert and (missing := set(compiled.insert_prefetch)):
        raise TypeError(f"a hot INSERT is given every value: {sorted(one.name for one in missing)} are not")
    changes = {name: _bind(one.type, dialect) for one, name in compiled.bind_names.items()}
    order = compiled.positiontup if compiled.positional else list(changes)
    columns = list(statement.selected_columns if statement.is_select else statement.exported_columns)
    results = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    return _Ready(
        sql=str(compiled),
        names=tuple(order),
        pick=_picking(order),
        changes=tuple((at, change) for at, name in enumerate(order) if (change := changes[name]) is not None),
        named=not compiled.positional,
        fixed={name: value for name, value in compiled.params.items() if name not in names},
        results=tuple((at, convert) for at, convert in enumerate(results) if convert is not None),
        row=namedtuple("Found", [column.key for column in columns]) if columns else None,
    )


def _picking(names: Sequence[str]) -> Pick:
    """What takes the values of these names, in their order: in C where there are several."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda given: [given[name] for name in names]


def _bind(kind: Any, dialect: Any) -> Convert | None:
    """How a value of this type is given to the driver; one moment stands in many rows and is written once."""
    if isinstance(kind, sa.Boolean):  # both drivers know what True is
        return None
    convert: Convert | None = kind.dialect_impl(dialect).bind_processor(dialect)
    moment = isinstance(getattr(kind, "impl", kind), sa.DateTime)
    return lru_cache(maxsize=64)(convert) if moment and convert is not None else convert


def driver(conn: Connection, sql: str) -> None:
    """One plain command without parameters."""
    cursor = _cursor(conn)
    try:
        cursor.execute(sql)
    except conn.dialect.loaded_dbapi.Error as error:
        raise _ours(conn, sql, error) from error
    finally:
        cursor.close()


def _cursor(conn: Connection) -> Any:
    return conn.connection.dbapi_connection.cursor()  # type: ignore[union-attr]  # open: a transaction is under way


def _ours(conn: Connection, sql: str, error: Exception) -> BaseException:
    """The driver's error as SQLAlchemy's, without the parameters (they hold mail)."""
    base = conn.dialect.loaded_dbapi.Error
    return exc.DBAPIError.instance(sql, None, error, base, hide_parameters=True, dialect=conn.dialect)


def is_in(column: sa.ColumnElement[Any], prefix: str, count: int) -> sa.ColumnElement[bool]:
    """column IN (prefix_0, …); for one value plainly equal."""
    places: list[sa.BindParameter[Any]] = [sa.bindparam(f"{prefix}_{at}") for at in range(count)]
    return column == places[0] if count == 1 else column.in_(places)


def padded(count: int) -> int:
    """The next power of two, so that few different statements are ever compiled."""
    return 1 << (count - 1).bit_length() if count else 0


def places(prefix: str, values: Sequence[Any]) -> dict[str, Any]:
    """Parameters for padded places; the last value fills the spare ones."""
    return {f"{prefix}_{at}": values[min(at, len(values) - 1)] for at in range(padded(len(values)))}
