"""What makes a mail the same mail again (B2): digests that neither another way nor a footer changes."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from mailcase.message import Address, Attachment
from mailcase.subjects import base_subject

LONGEST: Final = 199  # characters of an identity
BEGINNING: Final = 65_536  # bytes of the body; of an oversize mail four times as many are fetched (I10)
#: What the writer's program wrote; headers of the way differ.
_WRITTEN: Final = frozenset({
    "from", "to", "cc", "date", "subject", "message-id", "in-reply-to", "references", "content-type",
})  # fmt: skip


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


def beginning(fields: Iterable[tuple[str, str, bytes]], body: bytes, message_id: str | None, date_key: str) -> str:
    """By what a mail is known again of which the beginning alone was fetched: sha256 of its own headers and that.

    "" where Message-ID and Date tell it.

    Args:
        fields: of the header block (headers.Block).
        body: the raw mail after its header block, or the beginning of that; a view of it costs no copy.
        message_id: of the mail.
        date_key: of the mail.
    """
    if message_id is not None and date_key:
        return ""
    own = sorted(f"{key}:{value.decode('latin-1')}" for key, _, value in fields if key in _WRITTEN)
    text = body[: 2 * BEGINNING].replace(b"\r\n", b"\n")[:BEGINNING]
    return _digest(*own, text.decode("latin-1"))


def _keys(senders: Sequence[Address]) -> str:
    return " ".join(one.key for one in senders)


def _digest(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(f"{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()
