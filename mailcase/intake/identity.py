"""What makes a mail the same mail again (B2): digests that neither another way nor a footer changes."""

import hashlib
from collections.abc import Sequence
from typing import Final

from mailcase.message import Address, Attachment
from mailcase.subjects import base_subject

LONGEST: Final = 199  # characters of an identity


def fingerprint(
    subject: str, senders: Sequence[Address], date_key: str, text: str, attachments: Sequence[Attachment]
) -> str:
    """sha256 of subject, senders, date, text and attachments; nothing that a relay adds goes in."""
    return _digest(subject, _keys(senders), date_key, text, *(one.sha256 for one in attachments))


def content_key(subject: str, senders: Sequence[Address], text: str, attachments: Sequence[Attachment]) -> str:
    """sha256 of what the mail says: subject without prefixes, senders, text, attachments; no date (K10)."""
    return _digest(
        base_subject(subject).text.strip().casefold(),
        _keys(senders),
        " ".join(text.split()).casefold(),
        *sorted(one.sha256 for one in attachments),
    )


def identity(message_id: str | None, date_key: str, content: str) -> str:
    """Unique for a mail within a group, shorter than 200 characters (B2).

    With a Message-ID: it and the date, or without a date the content's fingerprint; else the fingerprint.
    """
    if message_id is None:
        return f"c:{content}"
    made = f"m:{message_id}:{date_key}" if date_key else f"m:{message_id}:c:{content}"
    return made if len(made) <= LONGEST else f"m:h:{_digest(made)}"


def _keys(senders: Sequence[Address]) -> str:
    return " ".join(one.key for one in senders)


def _digest(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(f"{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()
