"""The folder of the store: made where it is missing, and a refusal of the system told in words."""

import errno
import os
from pathlib import Path
from typing import Final

from mailcase.errors import ConfigError, MailcaseError, Unavailable

#: A full disk or too many open files: it passes, and an MTA keeps the mail until then.
PASSING: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO})


def private_folder(path: Path) -> None:
    """Make the state folder where it is missing, for its owner alone: mail lies in it; one that is there stays.

    Raises:
        ConfigError, Unavailable: as `refused`.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise refused(path, error) from None


def is_there(path: Path) -> bool:
    """Whether there is such a folder or file of the store; raises as `refused` where it must not be asked."""
    try:
        return path.exists()
    except OSError as error:
        raise refused(path.parent, error, path.name) from None


def cannot_make(file: Path) -> str:
    """Why a file that is not there could not be made by this user, folders above it too; "" where it could."""
    above = next((one for one in file.parents if os.path.lexists(one)), None)
    if above is None or not above.is_dir():
        return f"{above} is no folder"
    may = os.access(above, os.W_OK | os.X_OK, effective_ids=True)
    return "" if may else f"{above} may not be written by the user that runs this"


def refused(folder: Path, error: OSError, file: str = "") -> MailcaseError:
    """What the system says about the state folder, or a file in it, with what to do.

    Returns Unavailable for what passes by itself (a full disk), else ConfigError: exit 78.
    """
    said = f"[store] state_dir {folder}: {file and f'{file}: '}{error.strerror}"
    if error.errno in PASSING:
        return Unavailable(said)
    return ConfigError(f"{said}; make it, owned by the user that runs mailcase")
