"""Writes log lines to a stream that may be full, gone or asleep: work never stops for its log (F26)."""

import logging
import os
import select
import stat
from collections.abc import Callable
from contextlib import nullcontext
from typing import Final, TextIO

_PATIENCE: Final = 1000  # milliseconds that a reader may hold us up, once, before lines are dropped
_PORTION: Final = 4096  # bytes that a pipe takes at once when it takes any (PIPE_BUF of Linux)


class LogStream(logging.StreamHandler[TextIO]):
    """Writes whole lines; those that cannot be written are counted, and that is told when there is room again.

    A full disk and a closed pipe are errors of the write. A reader that is asleep would block the process for as
    long as it sleeps: it is waited for a second once, then lines are dropped until it reads again.

    Args:
        stream: where to write; past its buffer where it is a file of the system.
        lost: is told how many lines were lost, before the next line is written; it logs that.
    """

    def __init__(self, stream: TextIO, lost: Callable[[int], None]) -> None:
        super().__init__(stream)
        self._tell = lost
        self._descriptor = _descriptor(stream)
        self._may_block = self._descriptor is not None and not stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        self._asleep = False
        self._lost = 0
        self._cut = False  # the last line was not finished

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line of a record, or count it as lost."""
        self.put(self.format(record))

    def put(self, text: str) -> None:
        """Write this as a line, or count it as lost; from any thread."""
        with self.lock or nullcontext():
            self._put(text + self.terminator)

    def _put(self, line: str) -> None:
        if self._lost and self._room(0):
            lost, self._lost = self._lost, 0
            self._tell(lost)  # comes back here with a line of its own
            self._lost += lost - 1 if self._lost else 0  # that line was lost too: no loss worth a count
        try:
            self._write(line)
            self._asleep = False
        except (OSError, ValueError):  # ValueError: the stream was closed
            self._lost += 1

    def _write(self, line: str) -> None:
        if self._descriptor is None:
            self.stream.write(line)
            self.stream.flush()
            return
        self.stream.flush()
        left = memoryview((self.terminator * self._cut + line).encode("utf-8", "backslashreplace"))
        while left:
            if not self._room(0 if self._asleep else _PATIENCE):
                self._asleep = True
                raise BlockingIOError("nobody reads the log")
            written = os.write(self._descriptor, left[:_PORTION])
            self._cut = written < len(left)
            left = left[written:]

    def _room(self, milliseconds: int) -> bool:
        """Whether a write would not block; waits so long for that. A reader that is gone counts: the write fails."""
        if not self._may_block or self._descriptor is None:
            return True
        waiting = select.poll()
        waiting.register(self._descriptor, select.POLLOUT)
        return bool(waiting.poll(milliseconds))


def _descriptor(stream: TextIO) -> int | None:
    """The stream's file of the system; None where it has none (a test's) or it was closed before we came."""
    try:
        number = stream.fileno()
        os.fstat(number)
    except (OSError, ValueError):
        return None
    return number
