"""Raw mail in content-addressed files: a name means the whole mail, on the disk (R1)."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailcase.errors import Unavailable
from mailcase.store.raw.vault import is_whole, path_of

_UNFINISHED: Final = ".unfinished"  # where files are written before they get their name
_ABANDONED_S: Final = 86400.0  # seconds after which an unfinished file is what a crash left


@dataclass(frozen=True, slots=True)
class Files:
    """A folder of raw mail. obstore's local store does not fsync, so these lines are ours."""

    name: str
    folder: Path

    def put_all(self, mails: Mapping[str, bytes]) -> None:
        """Write to a temporary name, fsync, rename, fsync the folders (R1); a torn file is written anew."""
        try:
            unfinished = self.folder / _UNFINISHED
            _make(unfinished)
            _sweep(unfinished)
            folders = {self._put(sha256, content, unfinished) for sha256, content in mails.items()}
            for folder in sorted(folders):
                _sync_folder(folder)
        except OSError as error:
            raise Unavailable(f"raw mail cannot be written to {self.folder}: {error.strerror}") from error

    def get(self, sha256: str) -> bytes:
        """As Vault.get; a whole folder that is not there is rather a disk that is not mounted."""
        try:
            return (self.folder / path_of(sha256)).read_bytes()
        except FileNotFoundError:
            if not self.folder.is_dir():
                raise Unavailable(f"raw mail: there is no folder {self.folder}; is its disk mounted?") from None
            raise
        except OSError as error:
            raise Unavailable(f"raw mail cannot be read from {self.folder}: {error.strerror}") from error

    def remove(self, hashes: Sequence[str]) -> None:
        """As Vault.remove."""
        try:
            for sha256 in hashes:
                (self.folder / path_of(sha256)).unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable(f"raw mail cannot be removed from {self.folder}: {error.strerror}") from error

    def probe(self) -> None:
        """As Vault.probe: whether this user may write there, or make it."""
        place = next(one for one in (self.folder, *self.folder.parents) if one.exists())
        if not os.access(place, os.W_OK | os.X_OK):
            raise Unavailable(f"raw mail cannot be written to {self.folder}: {place} may not be written by this user")

    def listing(self) -> Iterator[list[str]]:
        """The hashes of what lies there, folder by folder, some at a time."""
        for folder in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            names = sorted(os.listdir(folder))
            yield from (names[start : start + 500] for start in range(0, len(names), 500))

    def _put(self, sha256: str, content: bytes, unfinished: Path) -> Path:
        """One file; returns the folder that is still to be synced, also for a file that another just made."""
        path = self.folder / path_of(sha256)
        if not _holds(path, content, sha256):
            _make(path.parent)
            _write(path, content, unfinished)
        return path.parent


def _holds(path: Path, content: bytes, sha256: str) -> bool:
    """Whether the file is there and whole: a crash of the disk may have left another."""
    try:
        return path.stat().st_size == len(content) and is_whole(path.read_bytes(), sha256)
    except FileNotFoundError:
        return False


def _write(path: Path, content: bytes, unfinished: Path) -> None:
    handle, temporary = tempfile.mkstemp(dir=unfinished)  # mode 0600, a name of its own for each thread and process
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sweep(unfinished: Path) -> None:
    """Remove what a crash left half written; its mail was never journalled, so it is still on the server."""
    before = time.time() - _ABANDONED_S
    for left in unfinished.iterdir():
        if left.lstat().st_mtime < before:
            left.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    """A folder for its owner alone, with its parents, each made durable in the one above."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
