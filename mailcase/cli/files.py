"""Files that hold what is stored of people."""

import os
from pathlib import Path

from mailcase.errors import Permanent


def write_private(path: Path, content: bytes) -> None:
    """For the owner alone, never over another file; Permanent where it cannot be written."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise Permanent(f"{path} is there already; name another") from None
    except OSError as error:
        raise Permanent(f"{path}: cannot be written: {error.strerror}") from None
    with open(handle, "wb") as file:
        file.write(content)
