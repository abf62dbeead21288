"""What one mailbox's Maildir source is told by the configuration."""

from dataclasses import dataclass
from pathlib import Path

from mailcase.intake.imap.settings import MEBIBYTE
from mailcase.intake.maildir.names import source_of


@dataclass(frozen=True, slots=True)
class MaildirSettings:
    """One mailbox's Maildir and habits (contract.md `[mailbox.maildir]`).

    `path` has no symbolic links left; `after` is "keep", "seen", "move:Folder" or "delete"; `start` is "new", "all"
    or an ISO date. Times are seconds, sizes are bytes.
    """

    mailbox: str
    path: Path
    after: str = "keep"
    start: str = "new"
    poll_s: float = 10.0  # between two looks
    max_size: int = 50 * MEBIBYTE  # above it only the beginning is taken
    batch_bytes: int = 16 * MEBIBYTE
    batch_mails: int = 200

    @property
    def source(self) -> str:
        """The source id of every delivery, the same as that of `mailcase ingest`."""
        return source_of(self.path)
