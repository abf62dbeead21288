"""What the tests of table 3.3 are asked, and what they answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from mailcase.junk.authentication import Authentication
from mailcase.message import Address, Delivery, Email, Kind
from mailcase.policy import MailboxPolicy, Policy
from mailcase.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class AckQuestion:
    """May this mail be acknowledged? All that the answer depends on."""

    email: Email
    kind: Kind
    customer: Address | None  # the receiver: From, or Reply-To of a form's mail (junk.customer)
    mailbox: MailboxPolicy  # that received it, and would answer
    policy: Policy
    snapshot: Snapshot
    outcome: str  # created, followed, reopened, linked, … (behaviour.md 2)
    junk: bool
    authentication: Authentication
    delivery: Delivery
    now: datetime  # the store's clock, aware UTC

    @property
    def by_form(self) -> bool:
        """Whether the customer is the Reply-To of a web form's mail (B3)."""
        return self.customer is not None and all(one.key != self.customer.key for one in self.email.senders)


@dataclass(frozen=True, slots=True)
class No:
    """A test that forbids the acknowledgement: its stable reason word, and the evidence."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Yes:
    """A test that allows it, with what it saw."""

    detail: str


def moment(at: datetime) -> str:
    """A time in evidence, as people read it: to the minute, in UTC."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(' ', 'minutes')} UTC"


AckRule = Callable[[AckQuestion], No | Yes]
