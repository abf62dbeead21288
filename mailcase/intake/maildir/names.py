"""What the names in a Maildir say (cr.yp.to/proto/maildir.html; Maildir++ for sub-folders)."""

import re
from pathlib import Path

from mailcase.intake.imap.grammar import encode_utf7

_TIME = re.compile(r"[0-9]{1,18}")
_INFO = ":2,"


def source_of(folder: Path) -> str:
    """The source id of a Maildir; `folder` has no symbolic links left."""
    return f"maildir:{folder}"


def key_of(name: str) -> str:
    """The unique part of a file name: the same in new/ and cur/, whatever flags a mail program sets.

    Octets that are no UTF-8 are written out, since a store keeps text.
    """
    unique = name.partition(":")[0]
    if unique.isascii():
        return unique
    return unique.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def in_order(key: str) -> tuple[int, str]:
    """Sorts keys by the second of their delivery, with which names begin."""
    found = _TIME.match(key)
    return (int(found[0]) if found else 0, key)


def seen(name: str) -> str:
    """The name with the flag S, flags in ASCII order."""
    unique, _, flags = name.partition(_INFO)
    return f"{unique.partition(':')[0]}{_INFO}{''.join(sorted({*flags, 'S'}))}"


def folder_name(folder: str) -> str:
    """The directory of a sub-folder, as Dovecot and Courier write it: `.Archive.2026` for Archive/2026."""
    return f".{encode_utf7(folder.replace('/', '.'))}"
