"""Mail from files: single mails, an mbox, a Maildir, or a pipe (contract.md, `mailcase ingest`)."""

import mailbox
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from mailcase.acts import file_arrival
from mailcase.errors import Permanent, Unavailable
from mailcase.intake.maildir import files
from mailcase.intake.maildir.names import source_of
from mailcase.ports import Arrival

_MBOX: Final = b"From "
_LONGEST_LINE: Final = 1000  # bytes of the line that opens a mail of an mbox


def arrivals(place: Path, name: str, now: datetime, unread: list[str], *, no_ack: bool) -> Iterator[Arrival]:
    """Every mail of a file, an mbox or a Maildir, one after another.

    Args:
        place: the file or folder.
        name: the mailbox that receives it.
        now: what counts as its arrival where the place does not tell (B13).
        unread: gets a sentence for each mail of a Maildir that cannot be read; the others are not held up (P4).
        no_ack: it is not to be acknowledged.

    Raises:
        Permanent: it cannot be read, or is a folder that is no Maildir.
    """
    try:
        if place.is_dir():
            yield from _maildir(place, name, unread, no_ack=no_ack)
        elif _is_mbox(place):
            for position, raw in enumerate(_mbox(place)):
                yield file_arrival(name, raw, position, now, no_ack=no_ack)
        else:
            yield file_arrival(name, place.read_bytes(), 0, now, no_ack=no_ack)
    except OSError as error:
        raise Permanent(f"{place}: cannot be read: {error.strerror or error}") from None


def piped(raw: bytes, name: str, now: datetime, *, no_ack: bool) -> Arrival:
    """One mail from a pipe: a new delivery each time (behaviour.md 1).

    A line `From sender date` before the header is the envelope's, as Exim, procmail and Postfix's flag F write it.

    Raises:
        Unavailable: nothing but white space came; no mail server hands in such a thing, so something went wrong there.
    """
    if raw.startswith(_MBOX) and not raw[len(_MBOX) :].lstrip(b" ").startswith(b":"):
        raw = raw.partition(b"\n")[2]
    if not raw.strip():
        raise Unavailable("the pipe was empty: there was no mail on standard input")
    return Arrival(name, "pipe", "", uuid.uuid4().hex, None, None, now, raw, no_ack=no_ack)


def _is_mbox(file: Path) -> bool:
    """Whether a line opens it as in an mbox; one that ends in CR alone would swallow the mail behind it."""
    with file.open("rb") as stream:
        first = stream.readline(_LONGEST_LINE)
    return first.startswith(_MBOX) and first.endswith(b"\n") and b"\r" not in first.rstrip(b"\r\n")


def _mbox(file: Path) -> Iterator[bytes]:
    box = mailbox.mbox(file, create=False)
    try:
        for key in box.iterkeys():
            raw = _unquoted(box.get_bytes(key))
            if not raw.strip():
                raise Permanent(f"{file}: holds an empty mail, so it is no mbox; nothing of it was taken from there on")
            yield raw
    finally:
        box.close()


def _unquoted(raw: bytes) -> bytes:
    """`>From ` at the beginning of a line was `From ` before it came into the mbox (mboxo)."""
    return raw.replace(b"\n>From ", b"\nFrom ")


def _maildir(folder: Path, name: str, unread: list[str], *, no_ack: bool) -> Iterator[Arrival]:
    """With the keys of the daemon's Maildir source, so that a mail taken in by both is one delivery."""
    try:
        found = files.listing(folder)
    except (FileNotFoundError, NotADirectoryError):
        raise Permanent(
            f"{folder}: is no Maildir (it has no folders cur and new); name the files in it instead"
        ) from None
    source = source_of(folder.resolve())
    for mail in sorted(files.facts(folder, found.items()), key=lambda one: (one.received_at, one.key)):
        try:
            raw = files.read(folder, mail.place)
        except FileNotFoundError:
            continue  # a mail program moved it meanwhile: the next run finds it
        except OSError as error:
            unread.append(f"{folder / mail.place}: cannot be read: {error.strerror or error}")
            continue
        yield Arrival(name, source, "", mail.key, None, None, mail.received_at, raw, no_ack=no_ack)
