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


class Held(Unavailable):
    """Another process has the lock: `holder`."""

    def __init__(self, file: Path, holder: str) -> None:
        super().__init__(f"{file} is held by {holder}: one process works the mailboxes of a store; stop it or wait")
        self.holder = holder


@contextmanager
def hold(state_dir: Path, doing: str, store: Path | None = None) -> Iterator[None]:
    """Hold the lock for a while; the kernel gives it back when the process ends, however it ends.

    Args:
        state_dir: the folder of the store.
        doing: what this process is, for whoever comes second ("mailcase run").
        store: the file that it works on, for `elsewhere`.

    Raises:
        Held: another process has it; the text names it.
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
            holder = _told(descriptor)[0] or "another process"
            raise Held(file, holder) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{doing}, process {os.getpid()}\n{store.resolve() if store else ''}\n".encode())
        yield
    finally:
        os.close(descriptor)


def elsewhere(state_dir: Path, store: Path | None) -> str:
    """What to tell where a process that lives works on another store than this; "" where none does.

    Another `[store]` in the files is taken at the next start: until then the mail is in the old one.
    """
    try:
        descriptor = os.open(state_dir / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # nobody ever held it, or it is another user's, who is told so
        return ""
    try:
        holder, other = _told(descriptor)
        if not other or (store is not None and other == str(store.resolve())):
            return ""
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return f"{holder}, works on {other}: it takes the [store] that the files now say when it is started again"
    finally:
        os.close(descriptor)
    return ""


def _told(descriptor: int) -> tuple[str, str]:
    """Who holds the lock, and the store that it works on."""
    holder, _, store = os.pread(descriptor, 5000, 0).decode("utf-8", "replace").partition("\n")
    return holder.strip(), store.strip()
