"""What a mail is and what must become of it; cases are named by the key of the mail that makes them."""

from dataclasses import dataclass, field
from datetime import datetime

SUPPORT, SALES, CLINIC = "support@desk.example", "sales@desk.example", "clinic@ward.example"
ADDRESS = {"support": SUPPORT, "sales": SALES, "clinic": CLINIC}
#: A further address of support@, whose domain is written in two ways.
IDN_ALIAS, IDN_ALIAS_ASCII = "hilfe@bücher-desk.example", "hilfe@xn--bcher-desk-9db.example"
ANY = "*"


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The expected line of `message list`, and whether an acknowledgement leaves."""

    outcome: str
    kind: str = "person"
    case: str = ""  # the key of the mail that made it; ANY: not asked
    also: tuple[str, ...] = ()  # further cases that it is shown in
    by: str = ""  # linked_by; ANY: not asked
    reason: str = ""  # only where the spec names the word
    unverified: bool | None = False  # None: not asked
    ack: str = ""  # to whom; "": none leaves
    ack_from: str = ""  # the mailbox's address
    neutral: bool = False  # nothing that the sender chose
    title: str = ""


@dataclass(frozen=True)
class Mail:
    """One mail on its way to one mailbox."""

    key: str
    box: str
    raw: bytes
    truth: Truth
    rule: str  # of behaviour.md or reliability.md
    received: datetime | None = None
    pair: str = ""  # the other delivery of the same mail: whichever is decided first
    message_id: str = ""


@dataclass(frozen=True)
class Sent:
    """An acknowledgement that left, as its receiver has it."""

    message_id: str
    references: tuple[str, ...]
    reply_to: str
    subject: str
    text: str
    raw: bytes


@dataclass
class Past:
    """What the earlier batches brought: numbers and acknowledgements by the key of the mail."""

    numbers: dict[str, str] = field(default_factory=dict)
    sent: dict[str, Sent] = field(default_factory=dict)
