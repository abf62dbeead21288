"""Everything at hand while one mail is decided, and the trace that grows with each test."""

from dataclasses import dataclass, field
from typing import Final

from mailcase.actions import Action
from mailcase.junk.authentication import Authentication, authenticate
from mailcase.junk.customer import customer
from mailcase.junk.kinds import KindVerdict, classify
from mailcase.junk.recipient import receiving_mailbox
from mailcase.message import Address, Delivery, Email, Kind
from mailcase.policy import MailboxPolicy, Policy
from mailcase.snapshot import Snapshot
from mailcase.verdict import Decision, Evidence, Outcome

#: What stands in a watched sent folder is an agent's own mail, whatever it looks like (B16).
FROM_SENT_FOLDER: Final = KindVerdict(Kind.OWN, "sent folder", "found in the watched sent folder: an agent's own", 1)


@dataclass(slots=True)
class Hearing:
    """One mail before the bench."""

    email: Email
    snapshot: Snapshot
    policy: Policy
    delivery: Delivery
    delivered: MailboxPolicy  # the mailbox it was found in
    mailbox: MailboxPolicy  # the mailbox it counts for (B4)
    customer: Address | None
    kind: KindVerdict
    authentication: Authentication
    trace: list[Evidence] = field(default_factory=list)

    @classmethod
    def open(cls, email: Email, snapshot: Snapshot, policy: Policy, delivery: Delivery) -> "Hearing":
        """Gather what needs no weighing: mailbox, customer, kind, authentication."""
        delivered = policy.mailboxes[delivery.mailbox]
        if delivery.sent:
            trust = Authentication("unknown", "not asked of an agent's own mail")
            return cls(email, snapshot, policy, delivery, delivered, delivered, email.sender, FROM_SENT_FOLDER, trust)
        boxes = policy.group_of(delivery.mailbox)
        mailbox = receiving_mailbox(email, boxes, delivered)
        return cls(
            email,
            snapshot,
            policy,
            delivery,
            delivered,
            mailbox,
            customer(email, mailbox, policy.own_keys),
            classify(email, mailbox, policy),
            authenticate(email, policy.trusted_authserv_ids),
        )

    @property
    def person(self) -> bool:
        """Whether a person wrote it."""
        return self.kind.kind is Kind.PERSON

    @property
    def from_agent(self) -> bool:
        """Whether an agent stands in From, alone: not beside others, and not in a Reply-To that anybody can fill in."""
        return self.snapshot.agent and [one.key for one in self.email.senders] == [self.snapshot.lookup.sender_key]

    @property
    def again(self) -> bool:
        """It is decided once more on purpose: its own stored copy does not count (explain, accept)."""
        return self.delivery.wish.accept or self.delivery.source == "explain"

    def note(self, test: str, result: str, detail: str) -> None:
        """Add one line to the trace."""
        self.trace.append(Evidence(test, result, detail))

    def rule(
        self, outcome: Outcome, reason: str, *, duplicate_of: int | None = None, actions: tuple[Action, ...] = ()
    ) -> Decision:
        """A verdict that makes and joins no case; `duplicate_of` is the message that is the same mail."""
        return Decision(
            kind=self.kind.kind,
            outcome=outcome,
            reason=reason,
            trace=tuple(self.trace),
            actions=actions,
            acknowledge_reason="not_a_case",
            duplicate_of=duplicate_of,
        )
