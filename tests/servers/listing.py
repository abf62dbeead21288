"""What lies in a Maildir while others rename and remove its files: to walk a folder is no snapshot of it."""

from collections.abc import Callable
from pathlib import Path


def mail_files(box: Path) -> list[Path]:
    """The files of new/ and cur/ by name, as two walks in a row found them: a mail on its way from the one to the other
    stands in neither twice."""
    while (found := _walked(box)) != _walked(box):
        pass
    return found


def contents(files: Callable[[], list[Path]]) -> list[bytes]:
    """What is in these files; they are looked for anew where one has another name by the time it is read."""
    while True:
        try:
            return [path.read_bytes() for path in files()]
        except FileNotFoundError:
            continue


def _walked(box: Path) -> list[Path]:
    found = [path for part in ("new", "cur") if (box / part).is_dir() for path in (box / part).iterdir()]
    return sorted(found, key=lambda path: path.name)
