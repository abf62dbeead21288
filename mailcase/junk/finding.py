"""What a rule of table 3.1 is asked, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailcase.message import Email, Kind

if TYPE_CHECKING:  # a parser process asks what depends on the mail alone, and needs neither policy nor keys for it
    from mailcase.policy import MailboxPolicy, Policy
    from mailcase.tokens import Mark


@dataclass(frozen=True, slots=True)
class KindQuestion:
    """One mail with all that a row may look at."""

    email: Email
    mailbox: "MailboxPolicy"
    policy: "Policy"
    mark: "Mark | None"  # the mail's own, verified (row 4)
    form: bool  # the customer is in Reply-To (B3): a person's mail whatever form software stamps on it


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that fits: what the mail is, and the evidence for a person."""

    kind: Kind
    detail: str


Rule = Callable[[KindQuestion], Hit | None]
MailRule = Callable[[Email], Hit | None]  # one that looks at nothing but the mail
