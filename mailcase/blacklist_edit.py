"""Editing blacklist.txt: entries come and go, comments stay, and the file is never half written."""

import os
import re
import tempfile
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Final

from mailcase.errors import ConfigError, MailcaseError, Permanent
from mailcase.junk.blacklist import Blacklist
from mailcase.junk.blacklist_entry import BlacklistLine, parse_line

_BREAKS: Final = re.compile(r"[;#\x00-\x1f\x7f]")


class NotAnEntry(Permanent):
    """What was given is no entry of a blacklist; the text says what to write instead."""


def add(file: Path, entry: str, *, note: str = "", until: date | None = None) -> BlacklistLine:
    """Append an entry with its end date and note; returns the line as it now stands.

    Raises:
        NotAnEntry: the entry is none.
        Permanent: a line in the file says it already.
        ConfigError: the file has a line that is wrong, or cannot be read or written.
    """
    text = _read(file)
    known = _parse(file, text).lines
    written = _line(entry, note, until)
    new = _entry(written)
    for line in known:
        if (line.form, line.value, line.allows, line.until) == (new.form, new.value, new.allows, new.until):
            raise Permanent(f"{line.entry} stands in line {line.number} already")
    text += "" if not text or text.endswith("\n") else "\n"
    _replace(file, f"{text}{written}\n")
    return _entry(written, text.count("\n") + 1)


def remove(file: Path, entry: str) -> list[BlacklistLine]:
    """Take out every line with this entry, however it is written; returns those lines.

    Raises:
        NotAnEntry: the entry is none.
        Permanent: no line has it.
        ConfigError: as `add`.
    """
    text = _read(file)
    wanted = _entry(entry.strip())
    hits = [
        line
        for line in _parse(file, text).lines
        if (line.form, line.value, line.allows) == (wanted.form, wanted.value, wanted.allows)
    ]
    if not hits:
        raise Permanent(f"no line of {file} has the entry {entry}")
    gone = {line.number for line in hits}
    kept = [line for number, line in enumerate(text.split("\n"), 1) if number not in gone]
    _replace(file, "\n".join(kept))
    return hits


def _line(entry: str, note: str, until: date | None) -> str:
    if _BREAKS.search(entry + note):
        raise NotAnEntry("neither entry nor note may hold ; # or a line break")
    parts = [
        entry.strip(),
        *([f"until={until.isoformat()}"] if until else []),
        *([note.strip()] if note.strip() else []),
    ]
    return " ; ".join(parts)


def _entry(text: str, number: int = 1) -> BlacklistLine:
    try:
        line = parse_line(number, text)
    except ValueError as error:
        raise NotAnEntry(str(error).removeprefix(f"blacklist line {number}: ")) from None
    if line is None:
        raise NotAnEntry("the entry is empty")
    return line


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")  # as it is: line ends of Windows stay
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from None


def _parse(file: Path, text: str) -> Blacklist:
    try:
        return Blacklist.parse(text)
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from None


def _replace(file: Path, text: str) -> None:
    """Write beside it, sync, rename: a crash leaves the old file or the new one, with the old one's mode and owner."""
    target = file.resolve()
    try:
        _write_and_rename(target, text)
    except OSError as error:
        raise _cannot_write(file, error) from None


def _write_and_rename(target: Path, text: str) -> None:
    was = target.stat()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            out.write(text)
            out.flush()
            os.fchmod(out.fileno(), was.st_mode & 0o7777)
            if (os.geteuid(), os.getegid()) != (was.st_uid, was.st_gid):
                os.fchown(out.fileno(), was.st_uid, was.st_gid)
            os.fsync(out.fileno())
        Path(name).replace(target)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _cannot_write(file: Path, error: OSError) -> MailcaseError:
    return ConfigError(f"{file}: cannot be written: {error.strerror}; it belongs to the user with whom to run this")
