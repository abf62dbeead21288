"""What one mailbox's IMAP source is told by the configuration."""

from dataclasses import dataclass, field
from typing import Literal

from mailcase.ports import SignIn

Security = Literal["tls", "starttls", "none"]

_STANDARD_PORTS = frozenset({143, 993})
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """One mailbox's server, account and habits (contract.md `[mailbox.imap]`).

    `after` is "keep", "seen", "move:Folder" or "delete"; `start` is "new", "all" or an ISO date.
    Times are seconds, sizes are bytes.
    """

    mailbox: str
    host: str
    user: str
    password: str = field(default="", repr=False)
    port: int = 993
    security: Security = "tls"
    ca_file: str | None = None
    folders: tuple[str, ...] = ("INBOX",)
    sent_folder: str = ""  # agents' own mails (B16): read like the others, never marked
    after: str = "keep"
    start: str = "new"
    idle: bool = True
    poll_s: float = 60.0  # the longest gap between looks
    timeout_s: float = 60.0  # silence of the server in a command
    greeting_s: float = float("inf")  # until its greeting, TLS included; where that is less than timeout_s
    compare_s: float = 900.0  # between two comparisons of the whole UID list (I3)
    max_size: int = 50 * MEBIBYTE  # above it only the beginning is fetched (I10)
    batch_bytes: int = 16 * MEBIBYTE
    batch_mails: int = 100
    sign_in: SignIn | None = field(default=None, repr=False)  # tokens, instead of the password

    @property
    def watched(self) -> tuple[str, ...]:
        """Every folder that is read; IDLE watches the first one."""
        return (*self.folders, self.sent_folder) if self.sent_folder else self.folders

    @property
    def source(self) -> str:
        """The source id of every delivery: kind, host and user; the port only where it is unusual."""
        port = "" if self.port in _STANDARD_PORTS else f":{self.port}"
        return f"imap:{self.host.lower()}{port}:{self.user}"
