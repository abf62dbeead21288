"""The core with its policy bound: what the store's transaction and `explain` ask (ports.Judge). Pure."""

from dataclasses import dataclass

from mailcase.actions import QueueMail
from mailcase.decision import decide, look
from mailcase.message import Delivery, Email
from mailcase.outbox.compose import Composer
from mailcase.policy import Policy
from mailcase.ports import CaseFacts, Composed
from mailcase.snapshot import Lookup, Snapshot
from mailcase.verdict import Decision


@dataclass(frozen=True, slots=True)
class Bench:
    """One policy in force."""

    policy: Policy
    composer: Composer

    @property
    def policy_hash(self) -> str:
        """Of the policy in force; each decision keeps it."""
        return self.policy.hash

    def number(self, running: int) -> str:
        """The number of a new case: the mask in force with this running number."""
        return self.policy.cases.mask.format(running)

    def look(self, email: Email, delivery: Delivery) -> Lookup:
        """What must be known to decide this mail."""
        return look(email, delivery, self.policy)

    def decide(self, email: Email, snapshot: Snapshot, delivery: Delivery) -> Decision:
        """What is to be done with it, and why."""
        return decide(email, snapshot, self.policy, delivery)

    def compose(self, mail: QueueMail, case: CaseFacts, email: Email, group: str) -> Composed:
        """The mail of a QueueMail action."""
        return self.composer.compose(mail, case, email, group)
