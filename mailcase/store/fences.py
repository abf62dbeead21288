"""What this daemon may still write: the fences that it raised, checked within each write transaction.

The rows are read FOR SHARE, so that whoever takes over waits for a write that is under way, and every later one
of the old owner finds another fence (docs/decisions/017-many-daemons.md).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import Fenced, TenureLost
from mailcase.sharing import WATCHED
from mailcase.store import tables as t

MAILBOX: Final = "mailbox:"
DAEMON: Final = "daemon:"

_D = t.delivery.c
_FENCES = sa.text("SELECT name, fence FROM tenure WHERE name = ANY(:names) ORDER BY name FOR SHARE")
_MAILBOXES = (
    sa.select(_D.mailbox)
    .where(_D.id.in_(sa.bindparam("ids", expanding=True)), sa.or_(*(_D.source.startswith(one) for one in WATCHED)))
    .distinct()
)


@dataclass(slots=True)
class Fences:
    """The numbers in memory; written by the tenure keeper's thread alone, replaced and never changed.

    A store that never joined (a command, SQLite) checks nothing and asks nothing.
    """

    owner: str = ""  # of the daemon that joined; it stays when the tenure is lost, so that nothing is written then
    raised: Mapping[str, int] = field(default_factory=dict)
    wanted: frozenset[str] = frozenset()  # mailboxes that a living daemon has or is configured for, at the last look

    def forget(self, names: Collection[str]) -> None:
        """From now on nothing more is written in these names, not even where we were the only one to want them."""
        self.wanted |= {name.removeprefix(MAILBOX) for name in names if name.startswith(MAILBOX)}
        self.raised = {name: fence for name, fence in self.raised.items() if name not in names}

    def lets(self, mailbox: str) -> bool:
        """Whether we may write in its name, as far as the memory knows."""
        return not self.owner or MAILBOX + mailbox in self.raised or mailbox not in self.wanted

    def mailboxes(self, conn: Connection, places: Iterable[tuple[str, str]]) -> None:
        """Check (source, mailbox) pairs, the first thing in a write transaction.

        A mailbox that no living daemon is configured for (it was renamed or removed) has no owner whom we could
        get in the way of: its mail is settled by whoever takes it up.

        Raises:
            Fenced: another daemon took one of them over, or we never had it; nothing may be written.
        """
        if self.owner:
            self._mailboxes(conn, {name for source, name in places if source.startswith(WATCHED)})

    def deliveries(self, conn: Connection, ids: Collection[int]) -> None:
        """Check the mailboxes of these deliveries; raises as `mailboxes`."""
        if self.owner and ids:
            self._mailboxes(conn, set(conn.execute(_MAILBOXES, {"ids": list(ids)}).scalars()))

    def sender(self, conn: Connection) -> None:
        """Check that this daemon counts as living: only then may it claim and record mail that leaves.

        Raises:
            TenureLost: it lost its lock, or another one took it for dead. It joins again, and then the state of
                the outbox row decides.
        """
        if self.owner and self._gone(conn, {DAEMON + self.owner}):
            raise TenureLost("store: this daemon lost its place among the others and must join again first")

    def _mailboxes(self, conn: Connection, names: set[str]) -> None:
        held = {MAILBOX + name for name in names if name in self.wanted or MAILBOX + name in self.raised}
        if gone := self._gone(conn, held):
            lost = frozenset(name.removeprefix(MAILBOX) for name in gone)
            raise Fenced(f"another daemon works {', '.join(sorted(lost))} now", lost)

    def _gone(self, conn: Connection, names: set[str]) -> set[str]:
        """Those whose fence in the store is not the one that we raised. The memory is read last: after the lock."""
        found = {row.name: row.fence for row in conn.execute(_FENCES, {"names": sorted(names)})} if names else {}
        raised = self.raised
        return {name for name in names if name not in raised or found.get(name) != raised[name]}
