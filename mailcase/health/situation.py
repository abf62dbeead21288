"""What is known at one moment: a daemon's own facts, the store's numbers, and what other processes told. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from mailcase.health.proof import Proof
from mailcase.intake.state import MailboxState
from mailcase.life.named import Gone

CLOCKS_DIFFER_S: Final = 60.0  # from the store's: servers that ask for the time (NTP) differ by far less
GONE_AFTER: Final = timedelta(seconds=60)  # a daemon that told nothing for so long is gone
WEEK: Final = timedelta(days=7)
#: Why mail waits for its way out, as the drain writes it: somebody must act, or it may pass by itself.
REFUSED: Final = ("smtp_refused", "token_ended")
NO_WAY_OUT: Final = (*REFUSED, "smtp_lost", "no_smtp")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a daemon knows of itself; times are aware UTC."""

    mailboxes: Mapping[str, MailboxState] = field(default_factory=dict)  # those that are at work
    sources: Mapping[str, str] = field(default_factory=dict)  # every configured one: name -> "imap:host:user"
    paused: frozenset[str] = frozenset()
    policy_hash: str = ""
    config_error: str = ""  # why the last reload was refused
    config_error_at: datetime | None = None
    restart_needed: tuple[str, ...] = ()  # keys whose change waits for the next start
    disk_free: int | None = None  # bytes, where the store lies
    disk_low: bool = False
    disk_low_since: datetime | None = None
    token_expiry: Mapping[str, datetime] = field(default_factory=dict)  # mailbox -> end of its access token
    by_token: frozenset[str] = frozenset()  # who signs in with tokens: "imap:support", "smtp:support"
    unheld: Mapping[str, datetime] = field(default_factory=dict)  # mailboxes that no daemon works, since when
    config: str = ""  # path of the configuration's file on the daemon's host
    quota_over: float = 0.9  # [alarm] quota: from this share of its room on a mailbox is nearly full
    silent_hours: Mapping[str, int] = field(
        default_factory=dict
    )  # of those mailboxes that should not be silent so long
    bounces_over: float = 0.1  # [alarm] bounces: a larger share of automatic mail that came back is too much
    holds: frozenset[str] = frozenset()  # keys of the store's conditions that hold by its own configuration
    over: Mapping[str, datetime] = field(default_factory=dict)  # keys of open alarms: over since then, about to end
    clock_ahead_s: float = 0.0  # so far is the host's clock ahead of that of a store which several share


@dataclass(frozen=True, slots=True)
class Relay:
    """A way out that does not work: mail waits, by the name of its mailbox."""

    reason: str  # one of NO_WAY_OUT
    error: str
    since: datetime  # creation of the oldest mail that waits for it
    mails: int


@dataclass(frozen=True, slots=True)
class Returned:
    """Automatic mail of one mailbox that left in the last 24 hours."""

    sent: int  # those that came back are among them
    bounced: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the store counts; cheap enough to be asked every few seconds."""

    undecided: int = 0
    undecided_since: datetime | None = None
    quarantine: int = 0
    quarantine_since: datetime | None = None
    outbox: Mapping[str, int] = field(default_factory=dict)  # what is still open: pending, sending
    held: int = 0  # of the pending ones: by a limit or the breaker
    held_of: Mapping[str, int] = field(default_factory=dict)  # those by mailbox
    waiting_of: Mapping[str, int] = field(default_factory=dict)  # the other pending ones by mailbox
    pending_since: datetime | None = None  # the oldest that no limit holds
    relays: Mapping[str, Relay] = field(default_factory=dict)
    breaker_since: datetime | None = None
    breaker_threshold: int = 0
    returned: Mapping[str, Returned] = field(default_factory=dict)  # by mailbox; counted every few minutes
    proof: Proof | None = None  # the newest look through the store
    audit_failing: tuple[datetime, str] | None = None  # since when no such look came to its end, and why
    gone: tuple[Gone, ...] = ()  # groups and agents of the configuration whom no case reaches


@dataclass(frozen=True, slots=True)
class Unregistered:
    """Mail of the last seven days whose recipient is no address of the mailbox (B4)."""

    mailbox: str
    mails: int
    addresses: tuple[tuple[str, int], ...] = ()  # the most frequent ones, candidates for an alias


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that the conditions look at."""

    now: datetime
    facts: Facts
    numbers: Numbers
    host: str = ""
    after: timedelta = timedelta(minutes=5)  # [alarm] after
    store_since: datetime | None = None  # since when the store cannot be read or written


@dataclass(frozen=True, slots=True)
class DaemonTold:
    """A daemon's row: what it last told."""

    owner: str
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    facts: Facts  # without the mailboxes' states

    def alive(self, now: datetime) -> bool:
        """Whether it told something of late."""
        return now - self.seen_at < GONE_AFTER


@dataclass(frozen=True, slots=True)
class MailboxTold:
    """A mailbox's row."""

    mailbox: str
    owner: str
    source: str
    state: MailboxState
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class AlarmTold:
    """An alarm that is open."""

    id: int
    key: str  # Condition.key
    word: str
    mailbox: str
    text: str
    since: datetime
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """All that `mailcase status` reads from the store."""

    daemons: tuple[DaemonTold, ...]
    mailboxes: tuple[MailboxTold, ...]
    alarms: tuple[AlarmTold, ...]
    numbers: Numbers
    unregistered: tuple[Unregistered, ...]
    ended: Mapping[str, int]  # mails of the last seven days that left or will not, by state
    paused: frozenset[str] = frozenset()
