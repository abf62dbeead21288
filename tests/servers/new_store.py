"""An empty SQLite store as a file that is there already: to copy one is cheaper than to migrate each test's."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from mailcase.store.store import Store

NAME: Final = "mailcase.db"
URL: Final = f"sqlite:///{NAME}"


def place(folder: Path) -> None:
    """Put an empty store of today's schema into a folder."""
    file = folder / NAME
    file.write_bytes(_migrated())
    file.chmod(0o600)


def gone(folder: Path) -> None:
    """Take it away again: where no store is there yet."""
    (folder / NAME).unlink()


@cache
def _migrated() -> bytes:
    """Made by the real migrations, once a test process."""
    with tempfile.TemporaryDirectory(prefix="mailcase-new-store-") as folder:
        Store.upgrade(URL, Path(folder))
        return (Path(folder) / NAME).read_bytes()
