"""The store's door for mail that a person puts on another case.

What does it is imported when it is asked: a daemon is ready without it.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from mailcase.store.engine import Engines

if TYPE_CHECKING:
    from mailcase.store.relink import Wanted


class RelinkDoor:
    """What the store can do with a mail on the wrong case; `Store` is one."""

    _engines: Engines

    def relink(self, wanted: "Wanted", now: datetime) -> dict[str, Any]:
        """Put a mail, and our answer to it, on another case: links, outcome, participants, history (P2, P6).

        Returns `id` (of the delivery that decided the mail: of a duplicate, the first one), `from` and `to`
        (numbers), `answers` (mails of ours that went with it), `left` (mails that stay on the old case) and
        `from_status`.

        Raises:
            Permanent: no such mail or case; it is ignored, junk, undecided, in quarantine or erased; the case
                was merged, is of another group, or has the mail already. The text says what to do.
        """
        from mailcase.store import relink

        with self._engines.write() as conn:
            return relink.relink(conn, wanted, now)

    def undo_relink(self, delivery_id: int, now: datetime, actor: str) -> dict[str, Any]:
        """Take the newest relinking of the mail back: everything is as before it. Returns as `relink`.

        Raises:
            Permanent: it was not relinked, or changed since.
        """
        from mailcase.store import relink

        with self._engines.write() as conn:
            return relink.undo(conn, delivery_id, now, actor)
