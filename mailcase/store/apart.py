"""A part of a transaction that may fail by itself: nothing of it is left then, and the rest stands."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import exc
from sqlalchemy.engine import Connection

from mailcase.errors import MailcaseError
from mailcase.store.hot import driver

#: Of the transaction, not of one part of it.
TROUBLE: Final = (exc.OperationalError, exc.InterfaceError, exc.InternalError)


def failure(conn: Connection, part: Callable[[], object]) -> Exception | None:
    """Do it in a savepoint; what went wrong, or None.

    Raises:
        IntegrityError: somebody else was quicker with a unique row: whoever called is to look anew.
        DBAPIError: the transaction is in trouble (TROUBLE).
    """
    driver(conn, "SAVEPOINT apart")
    try:
        part()
    except (exc.IntegrityError, *TROUBLE):
        raise
    except Exception as error:
        driver(conn, "ROLLBACK TO SAVEPOINT apart")
        driver(conn, "RELEASE SAVEPOINT apart")
        return error
    driver(conn, "RELEASE SAVEPOINT apart")
    return None


def in_words(error: Exception) -> str:
    """What went wrong, on one line."""
    told = str(error) if isinstance(error, MailcaseError) else f"{type(error).__name__}: {error}"
    return told.partition("\n")[0]
