"""When a mail that could not be sent is tried again: 1, 5, 15, 30, 60 minutes, then hourly."""

from datetime import datetime, timedelta
from typing import Final

_DELAYS: Final = (1, 5, 15, 30, 60)  # minutes after the first, second, … failed attempt
_SPREAD: Final = 0.1  # of the delay: not everything is tried at once after a restart


def delay(failures: int, jitter: float) -> timedelta:
    """How long to wait after that many failures in a row (1 or more); `jitter` is in [0, 1)."""
    minutes = _DELAYS[min(max(failures, 1), len(_DELAYS)) - 1]
    return timedelta(minutes=minutes * (1 + _SPREAD * jitter))


def next_attempt(failures: int, now: datetime, expires_at: datetime, jitter: float) -> datetime:
    """The time of the next attempt, at the latest when the mail expires (then it is given up)."""
    return min(now + delay(failures, jitter), max(expires_at, now))
