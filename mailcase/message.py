"""The mail as the core sees it: decoded, bounded, and free of anything a store could refuse."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from mailcase.packing import packed

T = TypeVar("T")


class Kind(StrEnum):
    """What a mail is (behaviour.md 1 and B5); decided by `junk.kinds`."""

    PERSON = "person"
    NOTIFICATION = "notification"
    LIST = "list"
    BULK = "bulk"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    DELAY = "delay"
    DELIVERED = "delivered"
    RECEIPT = "receipt"
    COMPLAINT = "complaint"
    OWN = "own"


@packed()
@dataclass(frozen=True, slots=True)
class Address:
    """One mail address.

    `name` is the decoded display name, `address` what a person should read, `key` the form that is
    compared everywhere: local part unquoted and lower case, domain as lower-case A-labels without
    a trailing dot (`intake.addresses.key_of`).
    """

    name: str
    address: str
    key: str

    @property
    def domain(self) -> str:
        """The domain of the key ("" where there is none)."""
        return self.key.rpartition("@")[2] if "@" in self.key else ""

    @property
    def local(self) -> str:
        """The local part of the key, with its +tag; the whole key where it has no domain (MAILER-DAEMON)."""
        return self.key.rpartition("@")[0] if "@" in self.key else self.key


@packed()
@dataclass(frozen=True, slots=True)
class Attachment:
    """One attachment or inline part; its bytes stay in the raw mail (B14)."""

    part: str  # IMAP-like part number, "2.1"
    name: str  # safe for a file system, never empty
    type: str  # "image/png", lower case
    size: int  # decoded bytes
    inline: bool  # shown inside the HTML (cid)
    content_id: str
    sha256: str  # of the decoded bytes


@packed()
@dataclass(frozen=True, slots=True)
class ReportRecipient:
    """One recipient block of a delivery report (RFC 3464 2.3)."""

    address: str  # key of Final-Recipient, else Original-Recipient
    action: str  # failed, delayed, delivered, relayed, expanded, or ""
    status: str  # "5.1.1" or ""
    diagnostic: str


@packed()
@dataclass(frozen=True, slots=True)
class Report:
    """What the mail's own report parts say (RFC 6522); never read inside a carried message."""

    report_type: str  # parameter of multipart/report, lower case, or ""
    part_types: tuple[str, ...]  # report parts found, e.g. "message/delivery-status"
    recipients: tuple[ReportRecipient, ...]


@packed(fresh="_by_name")
@dataclass(frozen=True, slots=True)
class Email:
    """One parsed mail. Every text is without NUL, lone surrogates and C0 controls but tab/newline."""

    sha256: str  # of the raw bytes
    size: int  # of the raw bytes
    message_id: str | None  # with angle brackets; None: the mail has none that can be used
    date: datetime | None  # aware, UTC
    date_key: str  # canonical Date for identity: ISO 8601 UTC, else the header's text, else ""
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]  # oldest first, at most 200 (the newest are kept)
    senders: tuple[Address, ...]  # the From header
    sender_header: Address | None  # the Sender header
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    resent_to: tuple[Address, ...]
    resent_cc: tuple[Address, ...]
    delivered_to: tuple[Address, ...]  # Delivered-To, X-Original-To, Envelope-To
    return_path: str | None  # None: absent; "": null path; else the address's key
    subject: str  # decoded, one line
    text: str  # the visible body: text/plain, else text made from HTML; quotes kept
    html: str  # decoded HTML as it came ("" where there is none)
    html_clean: str  # allow-listed HTML, safe to show
    attachments: tuple[Attachment, ...]
    headers: tuple[tuple[str, str], ...]  # all, in order, decoded, unfolded
    report: Report | None
    carried_ids: tuple[str, ...]  # Message-IDs of mails it carries or quotes (bounces), best first
    calendar_method: str  # METHOD of a text/calendar part, upper case, or ""
    fingerprint: str  # sha256 of subject, sender, date, text and attachments' sha256 (B2)
    content_key: str  # sha256 of normalised subject, sender, text, attachments; no date (K10)
    identity: str  # what makes it the same mail again (B2); unique in a group
    defects: tuple[str, ...]  # stable words: "duplicate_from", "charset_guessed", "truncated", …
    carried_marks: tuple[tuple[str, str], ...] = ()  # of mails it carries: Message-ID and loop header
    beginning: str = ""  # digest by which a mail that was fetched in part is the same, where the content decides (B2)
    forwarded: tuple[Address, ...] = ()  # who wrote the mail that this one forwards and those in it, outermost first
    new_text: str = ""  # what `text` says anew, for display: no quotation, no signature; "" where that is all of it
    nothing_new: bool = False  # that is all of it: quotation, signature, and no word of the writer's
    known: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)  # see `once`
    _by_name: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def sender(self) -> Address | None:
        """The first From address, or None."""
        return self.senders[0] if self.senders else None

    def header(self, name: str) -> str | None:
        """The first header of that name (case-insensitive), or None."""
        return next(self.header_all(name), None)

    def header_all(self, name: str) -> Iterator[str]:
        """All headers of that name (case-insensitive), in order."""
        if not self._by_name and self.headers:
            self._by_name.update(_grouped(self.headers))
        return iter(self._by_name.get(name.lower(), ()))

    def has(self, name: str) -> bool:
        """Whether a header of that name is there."""
        return self.header(name) is not None


def once(ask: Callable[[Email], T]) -> Callable[[Email], T]:
    """For a question about the mail alone: it is answered once, and the answer stays with the mail.

    So what was found out in the process that read the mail (`foreseeing`) is not found out again by the one thread
    that decides. The answer must be something that nobody changes. It goes by the question's name, whoever asks;
    called where it is asked, and not written above the function: mutmut changes no function with a decorator.
    """
    name = f"{ask.__module__}.{ask.__qualname__}"

    @wraps(ask)
    def answer(email: Email) -> T:
        if name not in email.known:
            email.known[name] = ask(email)
        found: T = email.known[name]
        return found

    return answer


def _grouped(headers: tuple[tuple[str, str], ...]) -> dict[str, tuple[str, ...]]:
    """Values by name in lower case: a mail is asked for some thirty headers while it is decided."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = (*found.get(key, ()), value)
    return found


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as found once at one source (behaviour.md 1), as the core needs it.

    `key` with source and folder is unique: "uidvalidity:uid" for IMAP, the unique part of the file
    name for Maildir, sha256 and position for files, a new id for pipes.
    """

    id: int  # of the journal row; 0 when nothing is stored (explain)
    mailbox: str  # name of the mailbox that received it
    source: str  # "imap:host:user", "file", "pipe"
    folder: str
    key: str
    uidvalidity: int | None
    uid: int | None
    received_at: datetime  # INTERNALDATE, file time, else now; aware UTC
    backlog: bool = False  # lay there at the first connection: never acknowledged (B1)
    no_ack: bool = False  # `ingest --no-ack`
    oversize: bool = False  # only its beginning was fetched
    sent: bool = False  # found in a watched sent folder: an agent's own mail (B16)
    wish: "Wish" = field(default_factory=lambda: Wish())


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for with `message accept` (contract.md)."""

    accept: bool = False  # decide as if allowed: no blacklist, header rule or recipient test
    case: int | None = None  # running number of the case it shall go to
    actor: str = ""
