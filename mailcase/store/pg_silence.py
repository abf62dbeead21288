"""A PostgreSQL that falls silent while its connection stays open: the session is given up, and another one is made.

TCP tells of a machine that is gone, not of one that still acknowledges what it never answers: a server whose disk
hangs, a proxy or a pooler that lost the other side. Without an end to it, the thread that asked waits for ever.
"""

import math
import time
from collections.abc import Generator
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

_UNTIL_TOLD_S: Final = 30.0  # while a session is made
_LONGEST = b"SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'"  # milliseconds, 0: for ever
_KEY: Final = "patience"


class Silent(psycopg.OperationalError):
    """The server said nothing for longer than it may work on a statement: what became of it is not known."""


class Patient(psycopg.Connection[Any]):
    """One that waits `patience_s` seconds without an octet, and then is closed; raises Silent."""

    patience_s: float = _UNTIL_TOLD_S

    def wait(self, gen: Any, *args: Any, **options: Any) -> Any:
        """As psycopg's, which asks again each tenth of a second."""
        try:
            return super().wait(_until(gen, self.patience_s), *args, **options)
        except Silent:
            self.pgconn.finish()
            raise


def _until(gen: Any, patience_s: float) -> Generator[Any, Any, Any]:
    """What `gen` asks for and is told, until nothing came for so long."""
    since = time.monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                since = time.monotonic()
            elif time.monotonic() - since >= patience_s:
                raise Silent(f"the server has not answered for {patience_s:.0f} s, and the connection is still open")
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value


def given_up_when_silent(engine: Engine, grace_s: float) -> None:
    """From now on this engine's sessions are given up when the server should have ended a statement `grace_s` ago.

    One that lay in the pool is asked first whether it lives, and that takes no time: `grace_s` alone is waited for.
    """

    @sa.event.listens_for(engine, "do_connect")
    def _connect(dialect: object, record: object, words: Any, options: Any) -> Patient:  # noqa: ARG001 - SQLAlchemy's
        return Patient.connect(*words, **options)

    @sa.event.listens_for(engine, "connect")
    def _ask(connection: Patient, record: Any) -> None:
        row = connection.execute(_LONGEST).fetchone()
        connection.commit()
        longest = row[0] / 1000 if row is not None else 0
        record.info[_KEY] = connection.patience_s = longest + grace_s if longest else math.inf

    @sa.event.listens_for(engine, "checkout")
    def _use(connection: Patient, record: Any, proxy: object) -> None:  # noqa: ARG001 - SQLAlchemy's
        connection.patience_s = record.info[_KEY]

    @sa.event.listens_for(engine, "checkin")
    def _rest(connection: Patient | None, record: object) -> None:  # noqa: ARG001 - SQLAlchemy's
        if connection is not None:
            connection.patience_s = grace_s


def waits_for_ever(conn: Connection) -> None:
    """For what takes its time; until the connection is given back."""
    connection: Any = conn.connection.dbapi_connection
    if isinstance(connection, Patient):
        connection.patience_s = math.inf
