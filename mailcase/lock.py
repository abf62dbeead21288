"""One process at a time works mailboxes and sends on a SQLite store: a lock file says which (contract.md)."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mailcase.errors import Unavailable
from mailcase.places import refused

NAME: Final = "mailcase.lock"


@contextmanager
def hold(state_dir: Path, doing: str) -> Iterator[None]:
    """Hold the lock for a while; the kernel gives it back when the process ends, however it ends.

    Args:
        state_dir: the folder of the store.
        doing: what this process is, for whoever comes second ("mailcase run").

    Raises:
        Unavailable: another process has it; the text names it.
        ConfigError: the lock file cannot be made.
    """
    file = state_dir / NAME
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise refused(state_dir, error, NAME) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 200).decode("utf-8", "replace").strip() or "another process"
            raise Unavailable(
                f"{file} is held by {holder}: one process works the mailboxes of a store; stop it or wait"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{doing}, process {os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)
