"""The raw mail's side of the store's door: reading it, and what retention takes away."""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from mailcase.store import purge
from mailcase.store.engine import Engines
from mailcase.store.marks import outside, reads
from mailcase.store.raw import RawPlace


class RawDoor:
    """What the store can do with raw mail; `Store` is one."""

    _engines: Engines
    _raw: RawPlace

    @property
    def raw_folder(self) -> Path | None:
        """The folder that new raw mail is written to; None where it goes into the store or to S3."""
        return self._raw.folder

    @outside
    def probe_raw(self) -> str:
        """Where new raw mail goes, after a look that changes nothing (`mailcase check`); raises Unavailable."""
        return self._raw.probe()

    @outside
    def raw(self, sha256: str) -> bytes:
        """The raw bytes of a mail, checked against its hash.

        Raises:
            Permanent: they were removed (the text says when), are lost or damaged.
            Unavailable: their place cannot be asked now.
        """
        with self._engines.read() as conn:
            row = self._raw.find(conn, sha256)
        return self._raw.read(row)

    @reads
    def expired_raw(self, before: datetime, final: Collection[str], after: int) -> purge.Slice:
        """What retention may take of the next deliveries behind `after`; see `purge.expired`."""
        with self._engines.read() as conn:
            return purge.expired(conn, before, final, after)

    def purge_raw(self, hashes: Sequence[str], before: datetime, final: Collection[str], now: datetime) -> int:
        """Remove the bytes of those that retention may still take, in one transaction; returns how many."""
        with self._engines.write() as conn:
            return purge.purge(conn, self._raw, hashes, purge.Rule(before, tuple(final)), now)
