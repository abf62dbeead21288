"""How full a Maildir is, by its Maildir++ quota file: what whoever delivers there goes by; blocking.

The file `maildirsize` of the Maildir itself: a line with the limits ("1000000S,500C": bytes, mails), then a line for
each change ("bytes mails", either may be negative); their sums are what is used.
"""

import os
import stat
from pathlib import Path
from typing import Final

_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC  # as files.read
_LONGEST: Final = 64 * 1024  # bytes; above 5,120 it is to be written anew


def share_used(folder: Path) -> float | None:
    """The larger share of its limits that is used, to a thousandth; None without a limit or a file that says it."""
    root = folder.parent if (folder / "maildirfolder").exists() else folder  # a folder of a Maildir has none of its own
    try:
        handle = os.open(root / "maildirsize", _READ)
        try:
            return _share_of(handle)
        finally:
            os.close(handle)
    except OSError:
        return None


def _share_of(handle: int) -> float | None:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        return None
    with open(handle, "rb", closefd=False) as file:  # it takes no directory, and would leave its handle open
        return used_share(file.read(_LONGEST + 1))


def used_share(content: bytes) -> float | None:
    """The same of what the file holds."""
    first, *lines = content.split(b"\n")
    try:
        limits = _limits(first)
        changes = [tuple(map(int, line.split())) for line in lines if line.strip()]
        used = {b"S": sum(size for size, _ in changes), b"C": sum(mails for _, mails in changes)}
    except ValueError:  # cut off, or none
        return None
    if len(content) > _LONGEST or not limits:
        return None
    try:
        return round(max(max(0, used[kind]) / limit for kind, limit in limits.items()), 3)
    except OverflowError:  # a size of hundreds of digits
        return None


def _limits(line: bytes) -> dict[bytes, int]:
    """By S (bytes) and C (mails); 0 limits nothing, other letters are for others. Raises ValueError."""
    told = [one.strip() for one in line.split(b",") if one.strip()]
    found = {one[-1:].upper(): int(one[:-1]) for one in told if one[-1:].upper() in (b"S", b"C")}
    return {kind: limit for kind, limit in found.items() if limit > 0}
