"""The files of a Maildir: listed by name, read, and moved; blocking, so it is called in a thread."""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mailcase.faults import hit
from mailcase.intake.imap.marking import After
from mailcase.intake.imap.session import HEADER_LIMIT, TEXT_LIMIT
from mailcase.intake.maildir.names import folder_name, key_of, seen

_PARTS: Final = ("new", "cur")  # in this order: a mail that is read meanwhile moves from new to cur
# no symbolic link is followed, and a pipe that nobody writes to holds up nobody
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_TICK_NS: Final = 2_000_000_000  # the coarsest clock of a file system
_BLANKS: Final = (b"\r\n\r\n", b"\n\n")


@dataclass(frozen=True, slots=True)
class MailFile:
    """One mail as it lies there; `place` is relative to the Maildir."""

    key: str
    place: str
    size: int
    received_at: datetime  # its mtime (B13)


def stamp(folder: Path) -> tuple[int, ...] | None:
    """What changes whenever a mail comes or goes; None where a change just now might not show. Raises OSError."""
    times = tuple(os.stat(folder / part).st_mtime_ns for part in _PARTS)
    return times if max(times) < time.time_ns() - _TICK_NS else None


def listing(folder: Path, hidden: list[str] | None = None) -> dict[str, str]:
    """key -> place of every mail in new/ and cur/; names only, nothing is opened. Raises OSError.

    `hidden` is given the places of mails that it does not have, because another mail has the same key.
    """
    all_: list[tuple[str, str]] = []
    for part in _PARTS:
        with os.scandir(folder / part) as entries:
            all_ += [(key_of(entry.name), f"{part}/{entry.name}") for entry in entries if _is_mail(entry)]
    found = dict(all_)
    if hidden is not None and len(found) < len(all_):
        hidden += [place for key, place in all_ if found[key] != place and _are_two(folder, place, found[key])]
    return found


def _are_two(folder: Path, one: str, other: str) -> bool:
    """Whether both are there and not the same: a mail that moves meanwhile is seen twice."""
    try:
        return not os.path.samestat(os.lstat(folder / one), os.lstat(folder / other))
    except FileNotFoundError:
        return False


def _is_mail(entry: "os.DirEntry[str]") -> bool:
    return not entry.name.startswith(".") and not entry.is_dir(follow_symlinks=False)


def facts(folder: Path, mails: Iterable[tuple[str, str]]) -> list[MailFile]:
    """Size and time of each (key, place); one that is gone is left out. Raises PermissionError, which is the folder's.

    Of one that cannot be asked nothing is known: reading it says why.
    """
    found = []
    base = str(folder)  # paths of pathlib cost more than the disk
    for key, place in mails:
        try:
            told = os.lstat(f"{base}/{place}")
        except FileNotFoundError:
            continue
        except PermissionError:
            raise
        except OSError:
            found.append(MailFile(key, place, 0, _moment(0)))
        else:
            found.append(MailFile(key, place, told.st_size, _moment(told.st_mtime)))
    return found


def newest(folder: Path, places: Iterable[str]) -> datetime | None:
    """The newest time of those that are there."""
    return max((one.received_at for one in facts(folder, (("", place) for place in places))), default=None)


def _moment(seconds: float) -> datetime:
    """A file's time as a moment; one that no calendar has is the beginning of time."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)


def read(folder: Path, place: str, *, oversize: bool = False) -> bytes:
    """The raw mail as it lies there; of an oversize one header (1 MiB) and the first 256 KiB of the text.

    Raises OSError: FileNotFoundError where it is gone, EINVAL where it is no regular file.
    """
    handle = os.open(folder / place, _READ)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "is no regular file")
        return _beginning(file.read(HEADER_LIMIT + TEXT_LIMIT)) if oversize else file.read()


def _beginning(raw: bytes) -> bytes:
    """Header and the beginning of the text, as IMAP gives them of a large mail (I10)."""
    ends = [at + len(blank) for blank in _BLANKS if (at := raw.find(blank, 0, HEADER_LIMIT)) >= 0]
    header = min(ends, default=HEADER_LIMIT)
    return raw[: header + TEXT_LIMIT]


def tell(folder: Path, after: After, places: Sequence[str]) -> dict[str, OSError]:
    """Do what `after` says to these files. Harmless when repeated.

    Returns those where it failed; FileNotFoundError: it is gone, or a mail program was quicker and it has a new place.
    """
    failed: dict[str, OSError] = {}
    try:
        act = _act(folder, after)
    except OSError as error:
        return dict.fromkeys(places, error)
    for place in places:
        try:
            act(place)
            hit("after_move")
        except OSError as error:
            failed[place] = error
    return failed


def _act(folder: Path, after: After) -> Callable[[str], None]:
    if after.kind == "delete":
        return lambda place: os.unlink(folder / place)
    if after.kind == "move":
        target = _sub_folder(folder, after.folder)
        return lambda place: os.rename(folder / place, target / place)
    if after.kind == "seen":
        return lambda place: os.rename(folder / place, folder / "cur" / seen(Path(place).name))
    return lambda _: None


def _sub_folder(folder: Path, name: str) -> Path:
    """The Maildir++ sub-folder, made where it is missing, with the rights of the Maildir itself."""
    target = folder / folder_name(name)
    mode = stat.S_IMODE(folder.stat().st_mode)
    for made in (target, target / "tmp", target / "new", target / "cur"):
        if not made.is_dir():
            made.mkdir()
            made.chmod(mode)
    (target / "maildirfolder").touch()
    return target
