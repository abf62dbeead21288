"""What a place outside of the store can do with raw mail, whatever it is made of."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from mailcase.errors import Permanent

_HASH: Final = re.compile(r"[0-9a-f]{64}")


class Vault(Protocol):
    """Raw mail by its sha256. Mail is never changed, so that putting it twice does no harm."""

    @property
    def name(self) -> str:
        """How rows name it: "file:raw" or "s3://bucket/prefix"."""
        ...

    def put_all(self, mails: Mapping[str, bytes]) -> None:
        """Keep each mail durably, all of them before this returns; raises Unavailable."""
        ...

    def get(self, sha256: str) -> bytes:
        """The bytes as they lie there, not checked.

        Raises:
            FileNotFoundError: it is not there.
            Unavailable: the place cannot be asked now.
        """
        ...

    def probe(self) -> None:
        """See whether it is there, changing nothing; raises Unavailable with what is wrong."""
        ...

    def remove(self, hashes: Sequence[str]) -> None:
        """Delete for good; what is not there is no error. Raises Unavailable."""
        ...


def path_of(sha256: str) -> str:
    """Below the place: 256 folders, so that none grows too large.

    Raises Permanent for what is no hash, as a manipulated store may name it: it would lie outside of the place.
    """
    if not is_hash(sha256):
        raise Permanent(f"raw mail {sha256[:80]!r} is none: that is no sha256")
    return f"{sha256[:2]}/{sha256}"


def location(vault: Vault, sha256: str) -> str:
    """How a row says where its mail lies: it stays true when the setting is changed later."""
    return f"{vault.name}/{path_of(sha256)}"


def name_in(location: str, sha256: str) -> str:
    """The name of the vault in a row's location."""
    return location.removesuffix(f"/{path_of(sha256)}")


def is_hash(sha256: str) -> bool:
    """Whether this is the name of a mail, and nothing else."""
    return _HASH.fullmatch(sha256) is not None


def is_whole(content: bytes, sha256: str) -> bool:
    """Whether these are the bytes that were put."""
    return hashlib.sha256(content).hexdigest() == sha256
