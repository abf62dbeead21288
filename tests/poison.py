"""A task for the parser processes that dies, hangs, raises or eats memory at marked mails, and reads the others."""

import os
import sys
import time
from collections.abc import Sequence

from mailcase import reading
from mailcase.intake import worker
from mailcase.message import Email

ABORT = b"X-Poison: abort"
HANG = b"X-Poison: hang"
MEMORY = b"X-Poison: memory"
MODULES = b"X-Poison: modules"
RAISE = b"X-Poison: raise"


def read_all(raws: Sequence[bytes], seconds: float) -> list[Email | str]:
    """`reading.read_all`, poisoned."""
    for raw in raws:
        if ABORT in raw:
            os._exit(134)
        if HANG in raw:
            time.sleep(3600)
        if RAISE in raw:
            raise RuntimeError("a parser has a fault")
    return [_one(raw, seconds) for raw in raws]


def sluggish(raws: Sequence[bytes], seconds: float) -> list[Email | str]:
    """`read_all` on a machine that stands still for a moment whenever it is tried whether anything can be read."""
    if not any(raws):
        time.sleep(1.5)
    return read_all(raws, seconds)


def broken(_raws: Sequence[bytes], _seconds: float) -> list[Email | str]:
    """No mail can be read: a machine without memory, a broken installation."""
    os._exit(1)


def _one(raw: bytes, seconds: float) -> Email | str:
    if MODULES in raw:
        return " ".join(sorted(sys.modules))
    if MEMORY in raw:
        with worker._limits(seconds):
            return str(len(bytearray(4 << 30)))
    return reading.read_all([raw], seconds)[0]
