"""What a rule of table 3.1 is asked, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass

from mailcase.message import Email, Kind
from mailcase.policy import MailboxPolicy, Policy
from mailcase.tokens import Mark


@dataclass(frozen=True, slots=True)
class KindQuestion:
    """One mail with all that a row may look at."""

    email: Email
    mailbox: MailboxPolicy
    policy: Policy
    mark: Mark | None  # the mail's own, verified (row 4)
    form: bool  # the customer is in Reply-To (B3): a person's mail whatever form software stamps on it


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that fits: what the mail is, and the evidence for a person."""

    kind: Kind
    detail: str


Rule = Callable[[KindQuestion], Hit | None]
