"""Where the raw bytes of a mail lie, and the rows that say so.

A row says where its own mail lies, so that the setting can change: what is there stays there and is found.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import ConfigError, Permanent
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow, insert_new, is_sqlite, new_statement
from mailcase.store.engine import Engines
from mailcase.store.hot import Hot
from mailcase.store.pg_session import unhurried
from mailcase.store.raw.files import Files
from mailcase.store.raw.s3 import Bucket, must_be_there
from mailcase.store.raw.setting import RawSetting, S3Access
from mailcase.store.raw.vault import Vault, is_hash, is_whole, location, name_in

_R = t.raw.c
_INSERT: Final = Hot(new_statement(t.raw, lite=True).returning(_R.sha256))
#: What the row of a mail needs to find its bytes.
_FOUND = (_R.sha256, _R.location, _R.content, _R.purged_at)


class RawPlace:
    """`[store] raw`: the place of new mail, and the way to every place that a row names."""

    def __init__(self, setting: str, state_dir: Path, s3: S3Access) -> None:
        self._state_dir, self._s3 = state_dir, s3
        self._vaults: dict[str, Vault] = {}
        self._refilled: dict[str, datetime] = {}  # mail put again by `keep`, and when it had been removed
        self._new: Vault | None = None if setting == "store" else self._vault(setting.rstrip("/"))

    @classmethod
    def parse(cls, setting: RawSetting, state_dir: Path) -> Self:
        """ "store", "file:FOLDER" (relative to state_dir) or "s3://BUCKET/PREFIX".

        Raises:
            ConfigError: anything else, or S3 without the extra [s3].
        """
        raw = setting.raw
        kind, _, rest = raw.partition(":")
        if raw != "store" and not (kind in ("file", "s3") and rest.strip("/")):
            raise ConfigError(f'[store] raw = {raw!r}: use "store", "file:raw/" or "s3://bucket/prefix"')
        if kind == "s3":
            must_be_there(raw)
        return cls(raw, state_dir, setting.s3)

    @property
    def folder(self) -> Path | None:
        """The folder that new raw mail is written to, if it is one."""
        return self._new.folder if isinstance(self._new, Files) else None

    def probe(self) -> str:
        """Name the place of new mail after a look that changes nothing; raises Unavailable with what is wrong."""
        if self._new is None:
            return "in the store"
        self._new.probe()
        return self._new.name

    def keep(self, engines: Engines, mails: Mapping[str, bytes]) -> None:
        """Before the transaction: what does not go into the store is durable outside of it (R1).

        A crash before the row leaves bytes that no row names: they do no harm and are never removed, since after
        a restore they may be the only copy. Raises Unavailable; then nothing is journalled.
        """
        if self._new is not None:
            known = self._known(engines, mails) if mails else []
            elsewhere = {row.sha256 for row in known if row.purged_at is None and not self._is_new(row)}
            self._new.put_all({sha256: raw for sha256, raw in mails.items() if sha256 not in elsewhere})
            self._refilled.update((row.sha256, row.purged_at) for row in known if row.purged_at is not None)

    def put(self, conn: Connection, mails: Mapping[str, bytes]) -> None:
        """Within it: the rows, after `keep`. A mail whose bytes were removed gets them back, to be decided."""
        rows = [self._row(sha256, mails[sha256]) for sha256 in sorted(mails)]
        if not rows:
            return
        new = _inserted(conn, rows)
        known = [row for row in rows if row["sha256"] not in new]
        if known:
            self._bring_back(conn, known, mails)

    def find(self, conn: Connection, sha256: str) -> AnyRow:
        """The row of `read`; Permanent if there is none."""
        row = conn.execute(sa.select(*_FOUND).where(_R.sha256 == sha256)).one_or_none()
        if row is None:
            raise Permanent(f"raw mail {sha256[:12]}… is not in the store")
        return row

    def read(self, row: AnyRow) -> bytes:
        """The bytes that a row of `find` names, checked; outside of any transaction.

        Raises:
            Permanent: they were removed (retention, erasure), are lost, or are not what was stored.
            Unavailable: their place cannot be asked now.
        """
        if row.purged_at is not None:
            raise Permanent(f"the raw mail was removed on {row.purged_at:%Y-%m-%d} (retention or erasure)")
        if row.content is None:
            return self.fetch(row.location, row.sha256)
        return _checked(bytes(row.content), row.sha256, "the store")

    def fetch(self, where: str, sha256: str) -> bytes:
        """What a row's location names; raises as `read`.

        Where it is not there, it is looked for in the place of new mail: somebody may have moved the folder.
        """
        named = self._vault(name_in(where, sha256))
        others = [self._new] if self._new is not None and self._new is not named else []
        for vault in (named, *others):
            with suppress(FileNotFoundError):
                return _checked(vault.get(sha256), sha256, vault.name)
        raise Permanent(f"raw mail {sha256[:12]}… cannot be read: it is not in {named.name} any more")

    def lay_back(self, where: str, sha256: str, content: bytes) -> None:
        """Put a file of a backup where its row will look for it (`db restore`): in the folder of new mail, or
        below state_dir where new mail goes elsewhere.

        Raises Permanent for a place outside: a backup that somebody made up would write wherever it likes.
        """
        name = name_in(where, sha256)
        _checked(content, sha256, "the backup")
        if isinstance(self._new, Files):
            self._new.put_all({sha256: content})
        elif self._is_below(name):
            self._vault(name).put_all({sha256: content})
        else:
            raise Permanent(
                f"the backup has raw mail of {name!r}, outside of {self._state_dir}: "
                'set [store] raw to a folder ("file:/srv/raw/"), then all of it is laid there'
            )

    def unnamed(self, conn: Connection) -> int:
        """How many files lie in the folder of new mail that no row names: what came after a backup, or a crash."""
        if not isinstance(self._new, Files):
            return 0
        count = 0
        for names in self._new.listing():
            count += len(names) - conn.execute(sa.select(sa.func.count()).where(_R.sha256.in_(names))).scalar_one()
        return count

    def remove(self, conn: Connection, hashes: Sequence[str], now: datetime) -> int:
        """Take the bytes away, the rows with their hashes stay (B2); returns how many had any.

        In the transaction that holds the rows' locks: whoever journals the same mail meanwhile waits, and then
        puts the bytes back.
        """
        mine = _R.sha256.in_(sorted(hashes))
        statement = sa.select(_R.sha256, _R.location).where(mine, _R.purged_at.is_(None)).order_by(_R.sha256)
        rows = conn.execute(statement.with_for_update()).all()
        outside: dict[str, list[str]] = {}
        for row in rows:
            if row.location and is_hash(row.sha256):  # what is no hash was never put anywhere
                outside.setdefault(name_in(row.location, row.sha256), []).append(row.sha256)
        if outside:
            unhurried(conn)  # their server may be slow to answer
        for name, gone in outside.items():
            self._vault(name).remove(gone)
        gone_rows = sa.update(t.raw).where(_R.sha256.in_([row.sha256 for row in rows]))
        conn.execute(gone_rows.values(content=None, location="", purged_at=now))
        return len(rows)

    def _row(self, sha256: str, content: bytes) -> dict[str, Any]:
        outside = self._new is not None
        where = location(self._new, sha256) if self._new is not None else ""
        return {
            "sha256": sha256, "size": len(content), "location": where, "content": None if outside else content,
            "purged_at": None,
        }  # fmt: skip

    def _known(self, engines: Engines, mails: Mapping[str, bytes]) -> Sequence[AnyRow]:
        """The rows of those that are not new."""
        with engines.read() as conn:
            known = sa.select(_R.sha256, _R.location, _R.purged_at).where(_R.sha256.in_(sorted(mails)))
            return conn.execute(known).all()

    def _is_new(self, row: AnyRow) -> bool:
        """Whether its bytes lie in the place of new mail, not in that of an earlier setting."""
        return self._new is not None and row.location == location(self._new, row.sha256)

    def _bring_back(self, conn: Connection, known: Sequence[dict[str, Any]], mails: Mapping[str, bytes]) -> None:
        """Lock the rows that were there, so that nobody removes their bytes now, and refill the empty ones."""
        mine = _R.sha256.in_([row["sha256"] for row in known])
        locked = sa.select(_R.sha256, _R.purged_at).where(mine).order_by(_R.sha256).with_for_update()
        empty = {row.sha256: row.purged_at for row in conn.execute(locked) if row.purged_at is not None}
        # Removed since `keep` put them. Nobody waits longer than a lease for a server that is slow to take them.
        late = [sha256 for sha256, at in empty.items() if self._refilled.pop(sha256, None) != at]
        if late and self._new is not None:
            self._new.put_all({sha256: mails[sha256] for sha256 in late})
        for row in known:
            if row["sha256"] in empty:
                one = sa.update(t.raw).where(_R.sha256 == row["sha256"])
                conn.execute(one.values(location=row["location"], content=row["content"], purged_at=None))

    def _is_below(self, name: str) -> bool:
        """Whether it names a folder that lies below state_dir."""
        kind, _, rest = name.partition(":")
        folder = Path(rest)
        inside = (self._state_dir / folder).is_relative_to(self._state_dir) and not rest.startswith("~")
        return kind == "file" and inside and ".." not in folder.parts and "\0" not in rest

    def _vault(self, name: str) -> Vault:
        """The place of that name, opened once."""
        if name not in self._vaults:
            bucket = name.startswith("s3://")
            folder = self._state_dir / Path(name.removeprefix("file:")).expanduser()
            self._vaults[name] = Bucket(name, self._s3) if bucket else Files(name, folder)
        return self._vaults[name]


def _inserted(conn: Connection, rows: Sequence[dict[str, Any]]) -> set[str]:
    """Hashes of those that were not there. SQLite has no round trip to save: a statement a row is cheaper."""
    if is_sqlite(conn):
        return {found.sha256 for row in rows for found in _INSERT.run(conn, row)}
    return set(conn.execute(insert_new(conn, t.raw).returning(_R.sha256), rows).scalars())


def _checked(content: bytes, sha256: str, where: str) -> bytes:
    if is_whole(content, sha256):
        return content
    raise Permanent(f"raw mail {sha256[:12]}… is damaged: {where} does not hold the bytes that were stored")
