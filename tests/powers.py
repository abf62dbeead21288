"""Being a user whom files refuse, for a while: root may read and write everything."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

NOBODY: Final = 65534


@contextmanager
def powerless() -> Iterator[int]:
    """Without the powers of root; gives the user id that acts meanwhile."""
    if os.geteuid() != 0:
        yield os.geteuid()
        return
    os.seteuid(NOBODY)
    try:
        yield NOBODY
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter; pytest's own are for their owner alone."""
    folder = Path(tempfile.mkdtemp(prefix="mailcase-test-"))
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


def give_away(folder: Path) -> None:
    """Make it and all in it belong to the user of `powerless`."""
    for path in [folder, *folder.rglob("*")]:
        if os.geteuid() == 0:
            os.chown(path, NOBODY, -1)
