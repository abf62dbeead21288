"""Where the raw bytes of a mail lie: in the store itself, or in content-addressed files beside it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import ConfigError, Permanent, Transient
from mailcase.store import tables as t
from mailcase.store.dialect import insert_new


@dataclass(frozen=True, slots=True)
class RawPlace:
    """`[store] raw`: a folder, or None for the store."""

    folder: Path | None

    @classmethod
    def parse(cls, setting: str, state_dir: Path) -> Self:
        """ "store" or "file:FOLDER" (relative to state_dir).

        Raises:
            ConfigError: anything else.
        """
        kind, _, rest = setting.partition(":")
        if setting == "store":
            return cls(None)
        if kind == "file" and rest:
            return cls(state_dir / rest)
        raise ConfigError(f'[store] raw = {setting!r}: use "store" or "file:raw/"')

    def put(self, conn: Connection, mails: Sequence[tuple[str, bytes]]) -> None:
        """Keep (sha256, bytes) of each mail; files are durable before the transaction can commit (R1)."""
        rows = [self._row(sha256, content) for sha256, content in dict(mails).items()]
        if rows:
            conn.execute(insert_new(conn, t.raw), rows)

    def get(self, conn: Connection, sha256: str) -> bytes:
        """The bytes; Permanent if they are gone (retention, a lost file)."""
        statement = sa.select(t.raw.c.location, t.raw.c.content).where(t.raw.c.sha256 == sha256)
        row = conn.execute(statement).one_or_none()
        if row is not None and row.content is not None:
            return bytes(row.content)
        if row is None or not row.location or self.folder is None:
            raise Permanent(f"raw mail {sha256[:12]}… is not in the store any more")
        return _read(self.folder / row.location)

    def _row(self, sha256: str, content: bytes) -> dict[str, object]:
        if self.folder is None:
            return {"sha256": sha256, "size": len(content), "location": "", "content": content}
        location = f"{sha256[:2]}/{sha256}"
        try:
            _write(self.folder / location, content)
        except OSError as error:
            raise Transient(f"raw mail cannot be written to {self.folder}: {error.strerror}") from error
        return {"sha256": sha256, "size": len(content), "location": location, "content": None}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Permanent(f"raw mail cannot be read: {error}") from error


def _write(path: Path, content: bytes) -> None:
    """Write to a temporary name, fsync, rename, fsync the folders: the name means the whole mail."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    for folder in (path.parent, path.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
