"""A SQLite store that this user may only read: how it is read all the same, and what a writer is told."""

import os
import pwd
import sqlite3
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from mailcase.errors import Permanent

#: sqlite_errorname of what only another user, or other permissions, can cure. READONLY_DBMOVED is not among
#: them: there the file was replaced under an open connection, and the next one finds the new file.
_READONLY: Final = frozenset({"SQLITE_READONLY", "SQLITE_READONLY_DIRECTORY", "SQLITE_READONLY_CANTINIT"})


def reader_place(database: str) -> str | None:
    """The URI by which a reader opens a file that nobody has open, in a folder where it may make no file.

    SQLite's WAL mode makes `-wal` and `-shm` beside the file even to read, so there it must be told that nothing
    changes. None where it can be opened as usual: they can be made, or a writer that is at work made them.
    """
    file = Path(database)
    if Path(f"{database}-wal").exists() or os.access(file.parent, os.W_OK, effective_ids=True):
        return None
    return f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1"


def connect_reader(
    dialect: object,  # noqa: ARG001 - SQLAlchemy passes four
    record: object,  # noqa: ARG001 - as above
    args: list[Any],
    options: dict[str, Any],
) -> None:
    """SQLAlchemy's `do_connect` of the readers' engine."""
    place = reader_place(args[0])
    if place is not None:
        args[0] = place
        options["uri"] = True


def refuses_writing(error: BaseException | None) -> bool:
    """Whether the driver said that the file may only be read."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorname", "") in _READONLY


def refusal(database: str | None) -> Permanent:
    """What a command that writes is told."""
    file = Path(database or "")
    beside = [place for place in (file, Path(f"{file}-wal"), Path(f"{file}-shm"), file.parent) if place.exists()]
    place = next((one for one in beside if not os.access(one, os.W_OK, effective_ids=True)), file)
    owner = place.stat().st_uid
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = f"#{owner}"
    cure = "make it writable for that user" if owner == os.geteuid() else "run it as that user"
    return Permanent(f"store: {place} may only be read; it belongs to user {name}\n→ {cure}")
