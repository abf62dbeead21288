"""Statements are put into SQL once a test process, and not once for each store that a test opens.

SQLAlchemy keeps what it has compiled with the engine, where a program that runs for weeks finds it again. A test opens
a store for a tenth of a second, two thirds of which it would compile what the one before had compiled.
"""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

from mailcase.store import engine as engines


class _Shared(LRUCache[Any, Any]):
    """Of all engines: those of one kind of database are set up alike, and their dialects count as one here."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), value)


_SHARED: Final = _Shared(5000)


def share() -> None:
    """From now on, for the stores that this process opens."""
    for name in ("_sqlite", "pooled_engine"):
        setattr(engines, name, _sharing(getattr(engines, name)))


def _sharing(opened: Callable[..., Engine]) -> Callable[..., Engine]:
    def made(*args: Any, **options: Any) -> Engine:
        engine = opened(*args, **options)
        engine._compiled_cache = _SHARED
        return engine

    return made
