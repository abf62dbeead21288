"""`mailcase db restore`: a backup becomes the store, and nothing is sent or numbered twice because of it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import sqlalchemy as sa

from mailcase.errors import ConfigError, MailcaseError, Permanent, Unavailable
from mailcase.store import migrate, pg_tools, restored
from mailcase.store import tables as t
from mailcase.store.archive import LARGE, MANIFEST, SMALL, Manifest, must_be, parts, sync, trouble, write_checked
from mailcase.store.engine import Engines, sqlite_file
from mailcase.store.raw import RawPlace, RawSetting
from mailcase.store.store import Store

MARGIN: Final = 1000  # running numbers skipped: as many as may have been given out since the backup
_FILLED: Final = (t.delivery, t.case, t.outbox)  # a store where all are empty may be replaced


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants restored, and how."""

    file: Path
    replace: bool = False  # a store that holds mail goes, and is kept beside
    margin: int = MARGIN


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back."""

    manifest: Manifest
    keys: tuple[bytes, ...]  # in the order of manifest.keys; the caller sees that they verify
    kept: str  # where the store before lies; "": there was none
    raw: int  # raw mails laid back into files
    unnamed: int  # raw mails in files that no row names: what came after the backup


def restore(url: str, state_dir: Path, raw: RawSetting, wish: Wish, now: datetime) -> Restored:
    """Bring a backup back. The caller holds the lock of an SQLite store.

    Raises:
        Permanent: no backup, a damaged one, one of another database; a store with mail and no `replace`.
        ConfigError: the backup is of a newer program.
        Unavailable: a daemon or another command has the store open, or the disk is full.
    """
    full, place = migrate.absolute(url, state_dir), RawPlace.parse(raw, state_dir)
    file = sqlite_file(full)
    migrate.must_be_free(full)
    filled = _is_filled(full)
    if filled and not wish.replace:
        raise Permanent("the store holds mail: --replace puts the backup in its place, and keeps it beside")
    try:
        with TemporaryDirectory(prefix=".restore-", dir=file.parent if file else state_dir) as made:
            unpacked = _unpack(wish.file, Path(made), place, "sqlite" if file else "postgresql")
            bring = _sqlite if file else _postgres
            kept = bring(full, unpacked, state_dir, now, wish.margin, filled)
    except OSError as error:
        raise trouble(state_dir, error) from None
    with _reading(full) as conn:
        unnamed = place.unnamed(conn)
    return Restored(unpacked.manifest, unpacked.keys, kept, unpacked.raw, unnamed)


@dataclass(frozen=True, slots=True)
class _Unpacked:
    manifest: Manifest
    store: Path
    keys: tuple[bytes, ...]
    raw: int


def _unpack(file: Path, folder: Path, place: RawPlace, database: str) -> _Unpacked:
    """Read all of it, checked; raw mail goes to its place at once: what nobody names there does no harm."""
    each = parts(file)
    first = next(each, None)
    if first is None or first.name != MANIFEST:
        raise Permanent(f"{file} is no backup of mailcase")
    manifest = Manifest.read(first.data(SMALL))
    _must_fit(manifest, database)
    keys: list[bytes] = []
    raw, store = 0, folder / "store"
    for part in each:
        if part.name == manifest.store:
            write_checked(part, store, manifest.hashes)
        elif part.name.startswith("raw/"):
            where = part.name.removeprefix("raw/")
            place.lay_back(where, where.rpartition("/")[2], part.data(LARGE))
            raw += 1
        elif part.name.startswith("keys/"):
            keys.append(part.data(SMALL))
            must_be(part.name, sha256(keys[-1]).hexdigest(), manifest.hashes)
    if not store.exists():
        raise Permanent(f"{file} is not whole: the store is not in it")
    if len(keys) != len(manifest.keys):
        raise Permanent(f"{file} is not whole: of {len(manifest.keys)} keys {len(keys)} are in it")
    return _Unpacked(manifest, store, tuple(keys), raw)


def _must_fit(manifest: Manifest, database: str) -> None:
    if manifest.schema not in migrate.SCHEMAS:
        raise ConfigError(f"the backup has schema {manifest.schema}, made by mailcase {manifest.version}: install it")
    if manifest.database != database:
        raise Permanent(f"the backup is of {manifest.database}; [store] url names {database}: change it first")


def _is_filled(url: str) -> bool:
    """Whether there is anything to lose; a file that cannot be read counts as that."""
    try:
        if migrate.current(url) is None:
            return False
        with _reading(url) as conn:
            return any(conn.execute(sa.select(sa.literal(1)).select_from(one).limit(1)).first() for one in _FILLED)
    except Unavailable:
        if sqlite_file(url) is None:
            raise
        return True
    except MailcaseError:
        return True


@contextmanager
def _reading(url: str) -> Iterator[sa.Connection]:
    engines = Engines.open(url)
    try:
        with engines.read() as conn:
            yield conn
    finally:
        engines.close()


def _sqlite(url: str, unpacked: _Unpacked, state_dir: Path, now: datetime, margin: int, filled: bool) -> str:
    """Make the backup ready in a file of its own, and put it into the store's place in one step."""
    ready = f"sqlite:///{unpacked.store}"
    migrate.upgrade(ready, copy=False)
    engines = Engines.open(ready)
    try:
        with engines.write() as conn:
            for statement in restored.statements(now, unpacked.manifest.made, margin, lite=True):
                conn.execute(statement)
    finally:
        engines.close()
    _single(unpacked.store)
    sync(unpacked.store)
    file = sqlite_file(url) or state_dir
    kept = _set_aside(file, now) if file.exists() else ""
    unpacked.store.replace(file)
    sync(file.parent)
    if kept and not filled:
        Path(kept).unlink()
    return kept if filled else ""


def _set_aside(file: Path, now: datetime) -> str:
    """Give the old store a second name: there is a store at every moment."""
    with suppress(sqlite3.DatabaseError):  # one that is damaged is kept as it is
        _single(file)
    kept = f"{file}.before-restore-{now:%Y%m%dT%H%M%S%f}"
    os.link(file, kept)
    for more in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{file}{more}").rename(f"{kept}{more}")
    return kept


def _single(file: Path) -> None:
    """Leave no write-ahead log beside it; Unavailable while another process has it open."""
    with closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as conn:
        try:
            (mode,) = conn.execute("PRAGMA journal_mode=DELETE").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise Unavailable(f"{file} is in use by another command: wait for it to end") from None
            raise
    if mode != "delete":
        raise Unavailable(f"{file} is in use by another command: wait for it to end")


def _postgres(url: str, unpacked: _Unpacked, state_dir: Path, now: datetime, margin: int, filled: bool) -> str:
    """All in one transaction; what was there is dumped before."""
    kept = state_dir / f"mailcase.before-restore-{now:%Y%m%dT%H%M%S%f}.pgdump" if filled else None
    if kept is not None:
        pg_tools.dump(url, kept)
    safe = tuple(restored.statements(now, unpacked.manifest.made, margin, lite=False))
    pg_tools.restore(url, unpacked.store, unpacked.store.parent, safe)
    Store.upgrade(url, state_dir)
    return str(kept) if kept else ""
