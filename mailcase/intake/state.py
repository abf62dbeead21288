"""How a mailbox fares: what its source tells, what health checks, alarms and `status` read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

#: Why a mailbox cannot be read, as a stable word; "" when it can.
Trouble = Literal[
    "",
    "mailbox_unreachable",
    "login_refused",
    "token_ended",
    "folder_missing",
    "folder_refused",
    "store_busy",
    "disk_low",
]


@dataclass(frozen=True, slots=True)
class Withheld:
    """Mails that the server lists and does not give, as the last looks at each folder found them."""

    mails: int
    named: str  # folders and UIDs; of many the first ones
    since: datetime


@dataclass(frozen=True, slots=True)
class MailboxState:
    """One mailbox at one moment; times are aware UTC."""

    last_look: datetime | None = None  # the last look that read every folder to its end
    last_mail: datetime | None = None  # when a mail that was new was journalled
    lag_s: float = 0.0  # seconds from the arrival of that mail at its server to its journal row
    connected: bool = False
    trouble: Trouble = ""
    error: str = ""  # the trouble in words
    failing_since: datetime | None = None
    failed_at: datetime | None = None  # the last try that failed; None: the last one did not
    quota: float | None = None  # share of its room on the server that is used; None: the server tells none
    withheld: Withheld | None = None  # None: it gives whatever it lists
