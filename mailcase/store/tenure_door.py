"""The store's door for daemons that share it: who is there, who holds what (PostgreSQL).

Called by the tenure keeper in a thread of its own. Nothing here is called on SQLite: its lock file admits one daemon.
"""

from collections.abc import Collection

from mailcase.errors import Permanent
from mailcase.sharing import Standing
from mailcase.store.engine import Engines
from mailcase.store.tenure import Seat


class TenureDoor:
    """What the store can do for daemons that share it; `Store` is one.

    Once joined, every write in the name of a watched mailbox needs its fence (`Fenced`), and every write about mail
    that leaves needs the daemon's own (`TenureLost`), also after the tenure is lost or left.
    """

    _engines: Engines
    _place: Seat | None = None

    @property
    def shared(self) -> bool:
        """Whether other daemons can work on this store at the same time."""
        return self._engines.is_postgres

    def tenure_join(self, owner: str, wants: Collection[str]) -> None:
        """Connect (anew) and take this daemon's own lock; whatever was held before is given up.

        Args:
            owner: this daemon's id, the one that it claims outbox rows with.
            wants: the mailboxes that it is configured for.

        Raises:
            Unavailable: the store cannot be reached, or the server has not ended an earlier session of this daemon.
            ConfigError: a connection pooler is in between, or the store was migrated meanwhile.
        """
        self._seat().join(owner, frozenset(wants))

    def tenure_look(self, wants: Collection[str]) -> Standing:
        """The heartbeat, at least once a lease, and who is there; `wants` may have changed.

        Raises:
            TenureLost: the connection or a lock is gone; nothing is held any more: join again.
            Unavailable: the server was too slow for once; everything is still held.
        """
        return self._seat().look(frozenset(wants))

    def tenure_take(self, mailboxes: Collection[str]) -> frozenset[str]:
        """Those of them that are ours now; another daemon has the rest, or a write of it is under way.

        Raises TenureLost.
        """
        return self._seat().take(mailboxes)

    def tenure_give_back(self, mailboxes: Collection[str]) -> None:
        """Others may have them; what we still write in their names is refused. Raises TenureLost."""
        self._seat().give_back(mailboxes)

    def tenure_leave(self) -> None:
        """Orderly stop: all locks are free at once; later writes in any mailbox's name are refused. Never raises."""
        if self._place is not None:
            self._place.leave()

    def _seat(self) -> Seat:
        if not self.shared:
            raise Permanent("one daemon works on an SQLite store: nothing is shared")
        if self._place is None:
            self._place = Seat(self._engines.lone(), self._engines.fences, self._engines.lease_s)
        return self._place
