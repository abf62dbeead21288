"""Ends a long look through the store from outside, so that a stop need not wait for it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any, Final

from sqlalchemy.engine import Connection

from mailcase.errors import Unavailable
from mailcase.store.dialect import is_sqlite

_CANCEL_S: Final = 5.0  # seconds for the way to PostgreSQL


class Ending:
    """Handed to a look; `end()` may be called from any thread and again, also before it began and when it is done."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._conn: Connection | None = None
        self._ended = False

    def end(self) -> None:
        """Interrupt what is asked at this moment; between two statements nothing is, so that one may try again."""
        with self._guard:
            self._ended = True
            if self._conn is not None:
                _interrupt(self._conn)

    @contextmanager
    def of(self, conn: Connection) -> Iterator[None]:
        """Within it, `end` reaches this connection; raises Unavailable where it was called before."""
        with self._guard:
            if self._ended:
                raise Unavailable("store: the look was ended")
            self._conn = conn
        try:
            yield
        finally:
            with self._guard:  # nobody else's statement must be hit
                self._conn = None


def _interrupt(conn: Connection) -> None:
    driver: Any = conn.connection.driver_connection
    if is_sqlite(conn):
        driver.interrupt()
        return
    import psycopg  # here, so that a store in SQLite starts without it

    with suppress(psycopg.Error):  # a server that is gone: so is the statement
        driver.cancel_safe(timeout=_CANCEL_S)
