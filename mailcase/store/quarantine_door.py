"""The store's door for mail that could not be processed (R4)."""

from datetime import datetime
from typing import Any

from mailcase.ports import Journalled
from mailcase.store import quarantine
from mailcase.store.again import again
from mailcase.store.engine import Engines
from mailcase.store.marks import reads


class QuarantineDoor:
    """What the store can do with mail that a person must look at; `Store` is one."""

    _engines: Engines

    @again
    def quarantine(
        self,
        delivery_id: int,
        error: str,
        now: datetime,
        *,
        reason: str = "unreadable",
        policy_hash: str = "",
        subject: str | None = None,
        message_id: str | None = None,
        was: str | None = None,
        tries: int = 0,
    ) -> str:
        """Give up on a delivery for now: outcome `quarantined`, raw kept, `error` and `tries` for a person (R4).

        One that was decided since it was taken up (with the outcome `was`) is left so. Returns the outcome that stands.
        """
        with self._engines.write() as conn:
            self._engines.fences.deliveries(conn, [delivery_id])
            facts = quarantine.Facts(error, reason, policy_hash, subject, message_id, tries)
            return quarantine.put(conn, delivery_id, facts, now, was)

    @reads
    def quarantine_list(self) -> list[dict[str, Any]]:
        """`quarantine list` of contract.md, oldest first."""
        with self._engines.read() as conn:
            return quarantine.listing(conn)

    def quarantine_retry(self, delivery_id: int | None, now: datetime, actor: str) -> list[Journalled]:
        """Make one (or all) undecided again with no attempts counted; returns them."""
        with self._engines.write() as conn:
            return quarantine.retry(conn, delivery_id, now, actor)

    def quarantine_drop(self, delivery_id: int, now: datetime, actor: str) -> None:
        """Give up for good: `ignored` (`dropped`); the raw bytes stay."""
        with self._engines.write() as conn:
            quarantine.drop(conn, delivery_id, now, actor)
