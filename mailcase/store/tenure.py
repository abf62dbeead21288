"""Who works what: the connection whose locks say that this daemon lives and what it holds (PostgreSQL).

One connection outside the pools. The server ends its session, and with it the locks, when the daemon dies, and
after a lease when it is frozen or its machine is gone (docs/decisions/017-many-daemons.md).
"""

import contextlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection, Engine

from mailcase.clock import since_boot
from mailcase.errors import ConfigError, TenureLost, Unavailable
from mailcase.sharing import Standing
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.engine import PRESENCE, translated
from mailcase.store.fences import DAEMON, MAILBOX, Fences
from mailcase.store.migrate import must_still_be_ours
from mailcase.store.pg_session import ends_when_silent
from mailcase.store.tenure_absence import GONE, is_back

_BUSY: Final = ("55P03", "57014")  # lock_timeout, statement_timeout: the session lives on
_FULL: Final = "53200"  # the server's lock table is full: it lives on too
_T = t.tenure.c

_BACKEND = sa.select(sa.func.pg_backend_pid())
_HERE = sa.select(sa.func.pg_try_advisory_lock(PRESENCE, sa.func.hashtext(sa.bindparam("owner"))))
# 64 bits: two mailboxes that share a key could never be worked by two daemons.
_KEY = sa.func.hashtextextended(sa.bindparam("name"), 0)
_UNLOCK_ALL = sa.select(sa.func.pg_advisory_unlock_all())
_LOCK, _UNLOCK = sa.select(sa.func.pg_try_advisory_lock(_KEY)), sa.select(sa.func.pg_advisory_unlock(_KEY))
_UNLOCK_EACH = sa.text(
    "SELECT pg_advisory_unlock(hashtextextended(name, 0)) FROM unnest(CAST(:names AS text[])) AS name"
)
_RAISE = sa.text(
    "INSERT INTO tenure (name, fence, owner, since, wants) VALUES (:name, 1, :owner, clock_timestamp(), :wants) "
    "ON CONFLICT (name) DO UPDATE SET fence = tenure.fence + 1, owner = :owner, since = EXCLUDED.since, wants = :wants "
    "RETURNING fence"
).bindparams(sa.bindparam("wants", type_=_T.wants.type))
# Every row with the session that holds its lock; a daemon's key has two halves, as `presence` takes it.
_WHO = sa.text("""
    WITH locks AS MATERIALIZED (
        SELECT objsubid, classid::bigint << 32 | objid::bigint AS key, pid
        FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock'
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ), named AS (
        SELECT name, owner, wants, since, fence,
            CASE WHEN name LIKE 'daemon:%' THEN 2 ELSE 1 END AS objsubid,
            CASE WHEN name LIKE 'daemon:%'
                THEN (CAST(:presence AS bigint) << 32) | (hashtext(substr(name, 8))::bigint & 4294967295)
                ELSE hashtextextended(name, 0) END AS key
        FROM tenure
    )
    SELECT name, owner, wants, since, fence, pid, pg_backend_pid() AS mine, clock_timestamp() AS now
    FROM named LEFT JOIN locks USING (objsubid, key)
""").bindparams(presence=PRESENCE)
_NOW = sa.column("now", _T.since.type)
_WHO_ROWS = _WHO.columns(_T.name, _T.owner, _T.wants, _T.since, _T.fence, sa.column("pid"), sa.column("mine"), _NOW)
_OLD = _T.since < sa.text("clock_timestamp() - interval '1 day'")
_PROMPT_S: Final = 1.0  # an answer that took longer does not say what time it is
_SENDING = sa.select(sa.literal(DAEMON) + t.outbox.c.owner).where(t.outbox.c.state == "sending")


@dataclass(slots=True)
class Seat:
    """This daemon's place: its connection, its locks and the fences that it raised. For one thread at a time."""

    engine: Engine  # of one connection, no pool, AUTOCOMMIT
    fences: Fences
    lease_s: float
    _conn: Connection | None = None
    _backend: int = 0
    _wants: frozenset[str] = field(default_factory=frozenset)

    def join(self, owner: str, wants: frozenset[str]) -> None:
        """Connect anew and take this daemon's own lock with a new fence; nothing else is held then.

        Raises:
            Unavailable: the store cannot be reached, or an earlier session of this daemon has not ended yet.
            ConfigError: a connection pooler gives each statement another session, or the store is of another schema.
        """
        self.drop()
        self.fences.owner, self.fences.wanted = owner, self.fences.wanted | wants
        with translated(self.engine):
            self._conn = conn = self.engine.connect()
            self._backend = conn.execute(_BACKEND).scalar_one()
            ends_when_silent(conn, self.lease_s)
            if not conn.execute(_HERE, {"owner": owner}).scalar_one():
                self.drop()
                raise Unavailable("store: an earlier session of this daemon still has its lock; the server ends it")
            self._same_session(conn.execute(_BACKEND).scalar_one())
            self._same_schema(conn)
            self._raise(conn, DAEMON + owner, sorted(wants))
            is_back(conn, owner)
            self._wants = wants

    def look(self, wants: frozenset[str]) -> Standing:
        """Tell the server that we live, and see who is there; raises TenureLost, Unavailable, ConfigError."""
        with self._alive() as conn:
            if wants != self._wants:
                mine = sa.update(t.tenure).where(_T.name == DAEMON + self.fences.owner)
                conn.execute(mine.values(wants=sorted(wants)))
                self._wants = wants
            asked = since_boot()
            rows = conn.execute(_WHO_ROWS).all()
            heard = since_boot()
            self._still_ours(rows)
            self._tidy(conn, rows)
        daemons = [row for row in rows if row.name.startswith(DAEMON) and row.pid is not None]
        boxes = [(row.name.removeprefix(MAILBOX), row) for row in rows if row.name.startswith(MAILBOX)]
        sessions = {row.pid: row.owner for row in daemons}
        standing = Standing(
            members={row.owner: frozenset(row.wants) for row in daemons},
            holders={name: row.owner for name, row in boxes if sessions.get(row.pid) == row.owner},
            last={name: row.owner for name, row in boxes},
            clock=(rows[0].now, heard) if rows and heard - asked < _PROMPT_S else None,
        )
        self.fences.wanted = standing.wanted | standing.holders.keys()
        return standing

    def take(self, mailboxes: Collection[str]) -> frozenset[str]:
        """Lock those that are free and raise their fences; those that are ours now.

        What takes longer than a quarter of the lease (a server far away or slow) is left for the next look.

        Raises:
            TenureLost: also where it is not known which of them were taken.
            Unavailable: the server has no room for one more lock.
        """
        gained: set[str] = set()
        until = since_boot() + self.lease_s / 4
        with self._alive(certain=False) as conn:
            for name in sorted(mailboxes):
                if since_boot() > until:
                    return frozenset(gained)
                taken = self._take(conn, name)
                if taken is None:
                    break
                gained |= {name} if taken else set()
            else:
                return frozenset(gained)
        if not gained:
            raise Unavailable("store: PostgreSQL has no room for more locks: max_locks_per_transaction is too small")
        return frozenset(gained)

    def give_back(self, mailboxes: Collection[str]) -> None:
        """Write nothing more in their names, then let others have them; raises TenureLost."""
        names = [name for name in sorted(mailboxes) if MAILBOX + name in self.fences.raised]
        self.fences.forget([MAILBOX + name for name in names])
        if names:
            with self._alive(certain=False) as conn:
                conn.execute(_UNLOCK_EACH, {"names": [MAILBOX + name for name in names]})

    def leave(self) -> None:
        """An orderly stop: everything is free at once. Never raises: the server ends what we cannot."""
        self.fences.forget(self.fences.raised)
        if self._conn is not None:
            with contextlib.suppress(exc.SQLAlchemyError):
                self._conn.execute(sa.delete(t.tenure).where(_T.name == DAEMON + self.fences.owner))
                self._conn.execute(_UNLOCK_ALL)  # the server may take its time to end the session
        self.drop()

    def drop(self) -> None:
        """Nothing is ours any more, whatever the server still thinks."""
        self.fences.forget(self.fences.raised)
        conn, self._conn = self._conn, None
        if conn is not None:
            with contextlib.suppress(exc.SQLAlchemyError):
                conn.close()

    def _take(self, conn: Connection, name: str) -> bool | None:
        """Whether it is ours now; None where the server has no room for its lock."""
        row = MAILBOX + name
        if row in self.fences.raised:
            return True
        try:
            if not conn.execute(_LOCK, {"name": row}).scalar_one():
                return False
        except exc.OperationalError as error:
            if _sqlstate(error) != _FULL:
                raise
            return None
        try:
            self._raise(conn, row, [])
        except exc.OperationalError as error:
            if _sqlstate(error) not in (*_BUSY, _FULL):
                raise
            conn.execute(_UNLOCK, {"name": row})  # somebody's write is under way: at the next look
            return None if _sqlstate(error) == _FULL else False
        return True

    def _raise(self, conn: Connection, name: str, wants: list[str]) -> None:
        """A new fence for what is locked already; waits a moment for a write under the old one."""
        values = {"name": name, "owner": self.fences.owner, "wants": wants}
        fence = conn.execute(_RAISE, values).scalar_one()
        self.fences.raised = {**self.fences.raised, name: fence}

    @contextlib.contextmanager
    def _alive(self, *, certain: bool = True) -> Iterator[Connection]:
        """The connection; whatever shows that it is gone ends the tenure.

        So does, where not `certain`, what leaves it open whether a lock is held: the server then lets go of all.
        """
        if self._conn is None:
            raise TenureLost("store: this daemon has not joined the others")
        try:
            with translated(self.engine):
                yield self._conn
        except Unavailable as error:
            if certain and _sqlstate(error.__cause__) in (*_BUSY, _FULL) and not self._conn.closed:
                raise
            self.drop()
            raise TenureLost(str(error)) from error

    def _tidy(self, conn: Connection, rows: Sequence[AnyRow]) -> None:
        """Take away what other daemons left a day ago, unless mail of theirs is still to be asked after."""
        gone = [row.name for row in rows if row.name.startswith((DAEMON, GONE)) and row.pid is None]
        old = sa.delete(t.tenure).where(_T.name.in_(gone), _OLD, _T.name.not_in(_SENDING))
        if gone:
            conn.execute(old)

    def _still_ours(self, rows: Sequence[AnyRow]) -> None:
        """Whether the server says of each lock and fence that it is ours, in this very session."""
        held = {row.name: row.fence for row in rows if row.pid is not None and row.pid == row.mine}
        self._same_session(next((row.mine for row in rows), self._backend))
        lost = [name for name, fence in self.fences.raised.items() if held.get(name) != fence]
        if lost:
            self.drop()
            raise TenureLost(f"store: the lock of {', '.join(sorted(lost))} is gone")

    def _same_schema(self, conn: Connection) -> None:
        try:
            must_still_be_ours(conn)
        except ConfigError:
            self.drop()
            raise

    def _same_session(self, backend: int) -> None:
        if backend != self._backend:
            self.drop()
            raise ConfigError(
                "[store] url leads to a connection pooler in transaction mode: locks do not hold there; name "
                "PostgreSQL itself, or a pool in session mode"
            )


def _sqlstate(error: Any) -> str:
    return str(getattr(getattr(error, "orig", None), "sqlstate", "") or "")
