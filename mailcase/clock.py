"""The shell's clock; the core never reads one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

# Linux; elsewhere what monotonic counts must do.
_BOOT: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def since_boot() -> float:
    """Seconds that no setting of the clock changes, and that pass while the machine is suspended, too."""
    return time.clock_gettime(_BOOT)


def _host() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Clock:
    """A process's time: its host's, or that of the store which daemons on several hosts share (F28)."""

    host: Callable[[], datetime] = _host
    passed: Callable[[], float] = since_boot
    _store: tuple[datetime, float] | None = None  # its time at one moment, and ours since boot

    def now(self) -> datetime:
        """This moment, aware UTC."""
        if (known := self._store) is None:
            return self.host()
        moment, at = known
        return moment + timedelta(seconds=self.passed() - at)

    def keep_to(self, moment: datetime, at: float) -> None:
        """From now on the store's time counts: it was `moment` when `at` seconds had passed since boot."""
        self._store = (moment, at)

    @property
    def ahead_s(self) -> float:
        """So many seconds is the host's clock ahead of the store's; below zero where it is behind."""
        return (self.host() - self.now()).total_seconds() if self._store else 0.0


PROCESS: Final = Clock()  # one daemon a process


def utcnow() -> datetime:
    """This moment, aware UTC, by the process's clock."""
    return PROCESS.now()
