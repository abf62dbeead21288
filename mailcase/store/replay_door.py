"""The store's door for deciding the past again: read in one consistent look, written elsewhere.

What it works with is imported when it is asked: only `mailcase replay` needs it.
"""

from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mailcase.store.engine import Engines
from mailcase.store.pg_session import unhurried

if TYPE_CHECKING:
    from mailcase.store.replay_past import Past
    from mailcase.store.replay_scratch import Scratch


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The past, what became of its mails, and a scratch store as it was before."""

    past: "Past"
    scratch: "Scratch"
    real: dict[int, dict[str, Any]]
    subjects: dict[int, tuple[str, datetime]]

    def would(self) -> dict[int, dict[str, Any]]:
        """What became of the mails in the scratch store, as `real`."""
        from mailcase.store.replay_scratch import verdicts

        with self.scratch.engines.read() as conn:
            return verdicts(conn, self.past.deliveries)


class ReplayDoor:
    """What the store can do to rehearse other rules; `Store` is one."""

    _engines: Engines

    @contextmanager
    def rehearsal(self, since: datetime, mailboxes: Set[str], own_keys: frozenset[str]) -> Iterator[Rehearsal]:
        """The time since then, to be decided again; writes nothing here and takes no lock.

        Args:
            since: mails that were decided at that moment or later.
            mailboxes: names that the rules know; mail of others stays as it is.
            own_keys: our own addresses by those rules.
        """
        from mailcase.store.replay_past import read_past
        from mailcase.store.replay_scratch import Scratch, subjects, verdicts

        with self._engines.read() as conn:
            if conn.dialect.name != "sqlite":
                conn.execution_options(isolation_level="REPEATABLE READ")
                unhurried(conn)  # the past is copied table by table
            past = read_past(conn, since, mailboxes)
            real, told = verdicts(conn, past.deliveries), subjects(conn, past.deliveries)
            scratch = Scratch.of(conn, past, own_keys)
        try:
            yield Rehearsal(past, scratch, real, told)
        finally:
            scratch.close()
