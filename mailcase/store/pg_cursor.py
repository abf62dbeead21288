"""psycopg's cursor as a session with an idle time-out needs it."""

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.abc import Params, Query
from psycopg.pq import TransactionStatus


class Rearming(psycopg.Cursor[Any]):
    """One whose idle transaction the server ends in time, after `executemany` too.

    psycopg ends its pipeline with a Flush behind the Sync. To the server that is a message after which it arms no
    idle_in_transaction_session_timeout: a daemon that freezes right then would keep its locks for ever.
    """

    def executemany(self, query: Query, params_seq: Iterable[Params], *, returning: bool = False) -> None:
        """As psycopg's, and one empty statement."""
        super().executemany(query, params_seq, returning=returning)
        if self.connection.info.transaction_status == TransactionStatus.INTRANS:
            self.connection.execute(b"")
