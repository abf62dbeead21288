"""Named points of the shell at which tests kill the process (reliability.md 4.1, F1-F10).

`MAILCASE_FAULT=after_journal:2` ends the process with SIGKILL at the second hit of that point. Read once
at import; without it a hit costs one comparison.
"""

import os
import signal
from typing import Final

#: The points, in the order of a message's life.
POINTS: Final = (
    "after_fetch",  # bytes are here, nothing is stored
    "after_raw",  # the bytes lie outside of the store, no row names them
    "after_journal",  # stored, nothing decided
    "before_commit",  # decided and written, not committed
    "after_commit",  # committed, the server not told
    "before_mark",  # about to flag, move or delete
    "after_mark",  # the server was told, we have not remembered it
    "outbox_claimed",  # `sending` is committed, nothing has left
    "after_data",  # the relay took the mail, we have not recorded it
)

_name, _, _count = os.environ.get("MAILCASE_FAULT", "").partition(":")
_left = int(_count or 1) if _name else 0


def hit(name: str) -> None:
    """End the process here and now if the environment asked for it."""
    global _left
    if not _left or name != _name:
        return
    _left -= 1
    if not _left:
        os.kill(os.getpid(), signal.SIGKILL)
