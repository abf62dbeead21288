"""Named points of the shell at which tests kill or freeze the process (reliability.md 4.1, F1-F10, F17).

`MAILCASE_FAULT=after_journal:2` ends the process with SIGKILL at the second hit of that point;
`MAILCASE_FAULT=stop@before_commit` freezes it there with SIGSTOP. Read once at import; without it a hit costs
one comparison.
"""

import os
import signal
from typing import Final

#: The points, in the order of a message's life.
POINTS: Final = (
    "after_fetch",  # bytes are here, nothing is stored
    "after_raw",  # the bytes lie outside of the store, no row names them
    "after_journal",  # stored, nothing decided
    "in_parse",  # a parser process has the mail
    "before_commit",  # decided and written, not committed
    "after_commit",  # committed, the server not told
    "before_mark",  # about to flag, move or delete
    "after_move",  # MOVE was sent, its reply not read; of a Maildir: one file was told, the next ones not
    "after_mark",  # the server was told, we have not remembered it
    "outbox_claimed",  # `sending` is committed, nothing has left
    "final_dot",  # the final dot was sent, its reply not read
    "after_data",  # the relay took the mail, we have not recorded it
)
#: Of mail that a mail server hands in.
HANDED_IN: Final = ("before_reply",)  # journalled, and this recipient's 250 has not left

_name = ""
_left = 0
_signal = signal.SIGKILL


def arm(wish: str) -> None:
    """What is to happen where: "point", "point:2" or "stop@point:2"; "" for nothing.

    Raises:
        ValueError: there is no such point; a fault that never happens would prove nothing.
    """
    global _name, _left, _signal
    how, at, point = wish.rpartition("@")
    _name, _, count = point.partition(":")
    if wish and (_name not in (*POINTS, *HANDED_IN) or how not in ("", "stop") or (at and not how)):
        raise ValueError(f"MAILCASE_FAULT={wish}: there is no such point")
    _signal = signal.SIGSTOP if how else signal.SIGKILL
    _left = int(count or 1) if _name else 0


def hit(name: str) -> None:
    """End or freeze the process here and now if the environment asked for it."""
    global _left
    if not _left or name != _name:
        return
    _left -= 1
    if not _left:
        os.kill(os.getpid(), _signal)


arm(os.environ.get("MAILCASE_FAULT", ""))
