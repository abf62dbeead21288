"""`mailcase db backup`: one consistent file of store, raw mail and keys, while the daemon works."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection

from mailcase.errors import MailcaseError, Permanent, Unavailable
from mailcase.store import migrate, numbers, pg_tools
from mailcase.store import tables as t
from mailcase.store.archive import ArchiveWriter, Manifest, digest_of, new_archive
from mailcase.store.engine import Engines, sqlite_file
from mailcase.store.raw import RawPlace, RawSetting
from mailcase.store.readonly import reader_place

_COUNTED: Final = {"cases": t.case, "messages": t.message, "deliveries": t.delivery, "outbox": t.outbox}
_R = t.raw.c


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes with the store: token keys and the configuration's files."""

    keys: Sequence[tuple[str, bytes]]  # where each is configured to be, and itself; the first signs
    files: Mapping[str, bytes]  # name below config/ -> content


@dataclass(frozen=True, slots=True)
class Saved:
    """What a backup holds, and what it does not."""

    manifest: Manifest
    raw: int  # raw mails that lay in files
    lost: tuple[str, ...]  # why raw mails of files could not be saved, one line each
    in_s3: int  # raw mails that stay in their bucket


def backup(
    url: str, state_dir: Path, raw: RawSetting, beside: Beside, target: Path, version: str, now: datetime
) -> Saved:
    """Write it; readers and the daemon's writer go on meanwhile.

    Raises:
        Permanent: there is no store, the file is there already, or PostgreSQL's programs are missing or refuse.
        ConfigError: the store's schema is not current (`mailcase db upgrade`).
        Unavailable: the store cannot be reached, or the disk is full.
    """
    full = migrate.absolute(url, state_dir)
    if migrate.current(full) is None:
        raise Permanent("there is no store yet: nothing to back up")
    migrate.must_be_current(full)
    with new_archive(target) as (writer, folder), _snapshot(full, folder) as (conn, store):
        parts = {**{f"keys/{at}": key for at, (_, key) in enumerate(beside.keys)}, **_config(beside)}
        manifest = Manifest(
            version=version,
            schema=migrate.SCHEMAS[-1],
            created=now.isoformat(),
            database="sqlite" if sqlite_file(full) else "postgresql",
            store=store.name,
            counts={name: _count(conn, table) for name, table in _COUNTED.items()},
            last_number=numbers.last_running(conn),
            keys=[place for place, _ in beside.keys],
            hashes={store.name: digest_of(store), **{name: sha256(data).hexdigest() for name, data in parts.items()}},
        )
        writer.manifest(manifest)
        writer.file(store.name, store)
        for name, data in parts.items():
            writer.data(name, data)
        saved, lost = _raw(conn, writer, RawPlace.parse(raw, state_dir))
        writer.seal()
        in_s3 = _count(conn, t.raw, _R.location.startswith("s3://"))
    return Saved(manifest, saved, lost, in_s3)


def _config(beside: Beside) -> dict[str, bytes]:
    return {f"config/{name}": data for name, data in beside.files.items()}


@contextmanager
def _snapshot(url: str, folder: Path) -> Iterator[tuple[Connection, Path]]:
    """The store as it is at one moment: a file of it, and a connection that sees the same."""
    file = sqlite_file(url)
    if file is None:
        with _postgres_snapshot(url, folder) as found:
            yield found
        return
    copy = folder / "store.sqlite"
    _vacuum_into(file, copy)
    engines = Engines.open(f"sqlite:///{copy}")
    try:
        with engines.read() as conn:
            yield conn, copy
    finally:
        engines.close()


def _vacuum_into(file: Path, copy: Path) -> None:
    """A copy without the free pages: what was erased is not in it."""
    copy.touch(0o600)
    place = reader_place(str(file))
    try:
        with closing(sqlite3.connect(place or file, uri=place is not None, timeout=30)) as conn:
            conn.execute("VACUUM INTO ?", (str(copy),))
    except sqlite3.Error as error:
        raise Unavailable(f"store: {error}") from None


@contextmanager
def _postgres_snapshot(url: str, folder: Path) -> Iterator[tuple[Connection, Path]]:
    dumped = folder / "store.pgdump"
    engines = Engines.open(url)
    try:
        with engines.reader.connect().execution_options(isolation_level="REPEATABLE READ") as conn:
            name = conn.execute(sa.select(sa.func.pg_export_snapshot())).scalar_one()
            pg_tools.dump(url, dumped, name)
            yield conn, dumped
    except exc.OperationalError as error:
        raise Unavailable(f"store: {str(error.orig).partition(chr(10))[0]}") from None
    finally:
        engines.close()


def _count(conn: Connection, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    return int(conn.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one())


def _raw(conn: Connection, writer: ArchiveWriter, place: RawPlace) -> tuple[int, tuple[str, ...]]:
    """Every raw mail that lies in a file; one that is lost or damaged does not hold up the backup."""
    saved, after = 0, ""
    lost: list[str] = []
    while True:
        some = sa.select(_R.sha256, _R.location).where(_R.location.startswith("file:"), _R.sha256 > after)
        rows = conn.execute(some.order_by(_R.sha256).limit(500)).all()
        if not rows:
            return saved, tuple(lost)
        for row in rows:
            try:
                writer.raw(row.location, place.fetch(row.location, row.sha256))
                saved += 1
            except MailcaseError as error:
                lost.append(str(error))
        after = rows[-1].sha256
