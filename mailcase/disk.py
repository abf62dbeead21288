"""Stops intake before the disk is full: mail stays on its server, where it is safe (R10, F26)."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from mailcase.clock import utcnow
from mailcase.errors import Unavailable
from mailcase.log import Event, emit

EVERY: Final = 1.0  # seconds between looks at the file system
_AGAIN: Final = 1.05  # times `low` that must be free before intake goes on: the edge is crossed once


def _emit(event: Event, fields: Mapping[str, object]) -> None:
    emit(event, **fields)


@dataclass(slots=True)
class DiskGuard:
    """Watches the file systems on which the store and raw mail lie. Made once a process, asked before each fetch.

    Args:
        paths: folders (or what is to be one); a database server's disk is its own matter.
        low: bytes of `[intake] disk_low`.
    """

    paths: tuple[Path, ...]
    low: int
    report: Callable[[Event, Mapping[str, object]], None] = _emit
    clock: Callable[[], float] = time.monotonic
    low_since: datetime | None = field(default=None, init=False)  # as of the last look; None: there is enough
    _is_low: bool = field(default=False, init=False)
    _looked: float = field(default=float("-inf"), init=False)

    @classmethod
    def of(cls, paths: Iterable[Path | None], low: int) -> "DiskGuard":
        """A guard of those that are paths."""
        return cls(tuple(path for path in paths if path is not None), low)

    def check(self) -> None:
        """Raises Unavailable while there is too little space; the text says how little and where."""
        if self.is_low:
            raise Unavailable(self.told)

    @property
    def is_low(self) -> bool:
        """Whether intake waits; looks at most once in `EVERY`, and writes one event at each change."""
        now = self.clock()
        if now - self._looked >= EVERY:
            self._looked = now
            self._look()
        return self._is_low

    @property
    def free(self) -> int:
        """Bytes that this user may still write, on the fullest of the file systems."""
        return self._fullest()[0]

    @property
    def told(self) -> str:
        """How it stands, for people."""
        free, path = self._fullest()
        return f"disk low: {_megabytes(free)} free in {path}, [intake] disk_low is {_megabytes(self.low)}"

    def _look(self) -> None:
        free, path = self._fullest()
        low = free < (self.low * _AGAIN if self._is_low else self.low)
        if low != self._is_low:
            self._is_low, self.low_since = low, utcnow() if low else None
            event = Event.DISK_LOW if low else Event.DISK_OK
            self.report(event, {"free": free, "disk_low": self.low, "path": str(path)})

    def _fullest(self) -> tuple[int, Path]:
        return min((_free(path), path) for path in self.paths)


def _free(path: Path) -> int:
    """Of the file system that holds the path, or will hold it."""
    place = path.absolute()
    while True:
        try:
            found = os.statvfs(place)
        except FileNotFoundError:
            place = place.parent
        except OSError as error:
            raise Unavailable(f"disk: {place} cannot be looked at: {error.strerror}") from error
        else:
            return found.f_bavail * found.f_frsize


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:.0f} MB"
