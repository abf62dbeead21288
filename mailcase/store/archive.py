"""A backup as one file: a tar with a manifest first, a seal last, and every part's hash between them."""

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from mailcase.errors import MailcaseError, Permanent, Unavailable
from mailcase.places import PASSING

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SEAL: Final = "end.json"  # without it the file is cut off
SMALL: Final = 1024 * 1024  # bytes of a manifest, a key or a seal at most
LARGE: Final = 1024**3  # bytes of one raw mail; more than any database takes as one value
_FIRST_YEAR: Final = 2000  # an earlier backup is none; there is always something to take away from its date
_CHUNK: Final = 1024 * 1024
_NO_MANIFEST: Final = "this is no backup of mailcase: its manifest cannot be read"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    version: str  # of the program that made it
    schema: str
    created: str  # ISO 8601, UTC
    database: str  # sqlite, postgresql
    store: str  # the member that is the store
    counts: dict[str, int]
    last_number: int  # running number last given out
    keys: list[str] = field(default_factory=list)  # where each token key was configured to be, in order
    hashes: dict[str, str] = field(default_factory=dict)  # member -> sha256; raw mail is named by its own
    format: int = FORMAT

    @property
    def made(self) -> datetime:
        """`created` as a moment; what `read` gave has one."""
        return datetime.fromisoformat(self.created).astimezone(UTC)

    @classmethod
    def read(cls, text: bytes) -> "Manifest":
        """Raises Permanent for what is no manifest, or one of a newer program."""
        try:
            values = json.loads(text)
            if values.get("format") != FORMAT:
                raise Permanent(f"this backup has format {values.get('format')!r}: install a newer mailcase")
            found = cls(**values)
            when = found.made
        except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
            raise Permanent(_NO_MANIFEST) from None
        if when.year < _FIRST_YEAR or not _is_plain(values):
            raise Permanent(_NO_MANIFEST)
        return found


def _is_plain(values: Mapping[str, Any]) -> bool:
    """Whether each value of a manifest has its type, what is shown is one line, and each key has a file's name."""
    counts, keys, hashes = values["counts"], values.get("keys", []), values.get("hashes", {})
    if not (isinstance(counts, dict) and isinstance(keys, list) and isinstance(hashes, dict)):
        return False
    shown = [values[name] for name in ("version", "schema", "created", "database", "store")]
    return (
        all(isinstance(one, str) and one.isprintable() for one in (*shown, *counts))
        and all(isinstance(one, int) for one in (values["last_number"], *counts.values()))
        and all(isinstance(one, str) for one in (*keys, *hashes.values()))
        and all("\0" not in one and Path(one).name not in ("", "..") for one in keys)
    )


class ArchiveWriter:
    """Adds parts; `new_archive` makes one."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._raw = 0

    def manifest(self, manifest: Manifest) -> None:
        """The first part."""
        self._add(MANIFEST, json.dumps(asdict(manifest), indent=1).encode())

    def file(self, name: str, path: Path) -> None:
        """A part as large as it likes."""
        with path.open("rb") as content:
            member = tarfile.TarInfo(name)
            member.size, member.mode = os.fstat(content.fileno()).st_size, 0o600
            self._tar.addfile(member, content)

    def data(self, name: str, content: bytes) -> None:
        """A small part."""
        self._add(name, content)

    def raw(self, location: str, content: bytes) -> None:
        """A raw mail that lay outside of the store, with what its row says."""
        self._raw += 1
        self._add(f"raw/{location}", content)

    def seal(self) -> None:
        """The last part."""
        self._add(SEAL, json.dumps({"raw": self._raw}).encode())

    def _add(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o600
        self._tar.addfile(member, io.BytesIO(content))


@contextmanager
def new_archive(target: Path) -> Iterator[tuple[ArchiveWriter, Path]]:
    """An archive that appears under its name when it is whole, for its owner alone, and never over another file.

    Gives the writer and a folder beside the target for what must be made first.

    Raises:
        Permanent: there is such a file, or it cannot be made.
        Unavailable: the disk is full.
    """
    if target.exists():
        raise Permanent(f"{target} is there already: a backup never overwrites; name another file")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.absolute().parent) as made:
            folder = Path(made)
            whole = folder / "whole.tar"
            whole.touch(0o600)
            with tarfile.open(whole, "w", format=tarfile.PAX_FORMAT) as tar:
                yield ArchiveWriter(tar), folder
            sync(whole)
            os.link(whole, target)  # unlike a rename, never over a file that came meanwhile
        sync(target.absolute().parent)
    except OSError as error:
        raise trouble(target, error) from None


@dataclass(frozen=True, slots=True)
class Part:
    """One part while it is read."""

    name: str
    size: int
    content: IO[bytes]

    def data(self, at_most: int) -> bytes:
        """All of it; raises Permanent where it has more bytes than that, or the file is cut off."""
        if self.size > at_most:
            raise Permanent(f"this is no backup of mailcase: {self.name!r} has {self.size} bytes")
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """The same, some at a time."""
        try:
            while chunk := self.content.read(_CHUNK):
                yield chunk
        except tarfile.TarError:
            raise Permanent("the backup is not whole: it ends too early") from None


def parts(file: Path) -> Iterator[Part]:
    """Every part in order, each to be read before the next; a file that is cut off raises Permanent at its end.

    Raises:
        Permanent: no such file, no backup, or not all of one.
    """
    try:
        with tarfile.open(file, "r:") as tar:
            yield from _until_seal(file, tar)
    except (tarfile.TarError, ValueError, OverflowError, RecursionError):
        raise Permanent(f"{file} is no backup of mailcase, or it is damaged") from None
    except OSError as error:
        raise trouble(file, error) from None


def _until_seal(file: Path, tar: tarfile.TarFile) -> Iterator[Part]:
    count, sealed = 0, False
    while (member := tar.next()) is not None:
        # tarfile keeps every header; a million mails would fill the memory. Typeshed does not know them.
        tar.members = []  # type: ignore[attr-defined]
        # a link may point anywhere, and a sparse file of a few bytes claims to be gigabytes
        content = tar.extractfile(member) if member.isreg() and not member.issparse() else None
        if content is None:
            raise Permanent(f"{file} is no backup of mailcase: {member.name!r} is no file")
        part = Part(member.name, member.size, content)
        if part.name == SEAL:
            sealed = json.loads(part.data(SMALL)) == {"raw": count}
            break
        count += member.name.startswith("raw/")
        yield part
    if not sealed:
        raise Permanent(f"{file} is not whole: it ends too early")


def write_checked(part: Part, target: Path, hashes: Mapping[str, str]) -> None:
    """Copy a part to a file, for its owner alone; raises Permanent where it is not what the manifest says."""
    digest = hashlib.sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "wb") as out:
        for chunk in part.chunks():
            digest.update(chunk)
            out.write(chunk)
    must_be(part.name, digest.hexdigest(), hashes)
    sync(target)


def must_be(name: str, digest: str, hashes: Mapping[str, str]) -> None:
    """Raises Permanent where a part is not what the manifest says."""
    if hashes.get(name) != digest:
        raise Permanent(f"the backup is damaged: {name!r} is not what was saved")


def digest_of(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have a file, or a folder's names, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def trouble(file: Path, error: OSError) -> MailcaseError:
    """What the system refuses, in words: Unavailable for what passes, such as a full disk."""
    kind: Any = Unavailable if error.errno in PASSING else Permanent
    made: MailcaseError = kind(f"{file}: {error.strerror or error}")
    return made
