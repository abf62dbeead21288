"""What the questions for doubled mail share: rows of many keys, and those that share one."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store.dialect import AnyRow

_AT_ONCE: Final = 500  # keys that one statement asks for
#: HAVING: the name occurs more than once.
SEVERAL: Final = sa.func.count() > 1


def together(rows: Iterable[AnyRow], key: Callable[[AnyRow], Hashable]) -> list[list[AnyRow]]:
    """Those that share a key with another one, the oldest first."""
    by_key: dict[Hashable, list[AnyRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda one: one.id):
        by_key[key(row)].append(row)
    return [same for same in by_key.values() if len(same) > 1]


def known(ids: Iterable[int | None]) -> tuple[int, ...]:
    """Each once, in their order, without None."""
    return tuple(dict.fromkeys(one for one in ids if one is not None))


def each(
    conn: Connection, asked: sa.Select[Any], column: sa.ColumnElement[Any], values: Collection[int]
) -> Iterator[AnyRow]:
    """The rows of these values, a few hundred a statement."""
    wanted = list(values)
    for start in range(0, len(wanted), _AT_ONCE):
        yield from conn.execute(asked.where(column.in_(wanted[start : start + _AT_ONCE])))
