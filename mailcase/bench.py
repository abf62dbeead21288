"""The core with its policy bound: what the store's transaction and `explain` ask (ports.Judge). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mailcase.actions import QueueMail
from mailcase.decision import decide, look
from mailcase.errors import Permanent
from mailcase.life.assigning import assignment_for
from mailcase.life.assignment import AssignmentRule, CaseToAssign
from mailcase.life.happened import happened
from mailcase.life.happening import Happening
from mailcase.life.notice import Notice, NoticeFacts
from mailcase.life.notices import nobody_left, notices
from mailcase.message import Delivery, Email
from mailcase.outbox.compose import Composer
from mailcase.outbox.compose_notice import NoticeComposer
from mailcase.policy import Policy
from mailcase.ports import CaseFacts, Composed
from mailcase.snapshot import Lookup, Snapshot
from mailcase.verdict import Decision


@dataclass(frozen=True, slots=True)
class Bench:
    """One policy in force.

    `before` judges the mail of mailboxes that a reload took out. `sources` is source id -> mailbox: mail that was
    journalled under another name of its mailbox is judged under that of today.
    """

    policy: Policy
    composer: Composer
    before: "Bench | None" = None
    sources: Mapping[str, str] = field(default_factory=dict)

    def after(self, old: "Bench") -> "Bench":
        """This bench with the old one behind it, as far as that knows mailboxes which this one does not."""
        gone = old.policy.mailboxes.keys() - self.policy.mailboxes.keys()
        return replace(self, before=old if gone else old.before)

    def of(self, mailbox: str) -> "Bench":
        """Who judges the mail of this mailbox; Permanent if nobody knows it."""
        bench: Bench | None = self
        while bench is not None:
            if mailbox in bench.policy.mailboxes:
                return bench
            bench = bench.before
        raise Permanent(
            f"no mailbox is named {mailbox!r} any more: configure it again, then `mailcase quarantine retry`"
        )

    def knows(self, delivery: Delivery) -> bool:
        """Whether somebody here can judge it."""
        mailbox, bench = self._named(delivery).mailbox, self
        while mailbox not in bench.policy.mailboxes and bench.before is not None:
            bench = bench.before
        return mailbox in bench.policy.mailboxes

    def _named(self, delivery: Delivery) -> Delivery:
        """The delivery under its mailbox's name of today, where that was renamed."""
        if delivery.mailbox in self.policy.mailboxes:
            return delivery
        return replace(delivery, mailbox=self.sources.get(delivery.source, delivery.mailbox))

    @property
    def policy_hash(self) -> str:
        """Of the policy in force; each decision keeps it."""
        return self.policy.hash

    def number(self, running: int) -> str:
        """The number of a new case: the mask in force with this running number."""
        return self.policy.cases.mask.format(running)

    def look(self, email: Email, delivery: Delivery) -> Lookup:
        """What must be known to decide this mail."""
        named = self._named(delivery)
        return look(email, named, self.of(named.mailbox).policy)

    def decide(self, email: Email, snapshot: Snapshot, delivery: Delivery) -> Decision:
        """What is to be done with it, and why."""
        named = self._named(delivery)
        return decide(email, snapshot, self.of(named.mailbox).policy, named)

    def compose(self, mail: QueueMail, case: CaseFacts, email: Email, group: str) -> Composed:
        """The mail of a QueueMail action."""
        return self.of(mail.mailbox).composer.compose(mail, case, email, group)

    def happened(
        self, decision: Decision, email: Email, delivery: Delivery, snapshot: Snapshot
    ) -> tuple[Happening, ...]:
        """What this decision does to cases that a notice rule waits for."""
        named = self._named(delivery)
        return happened(decision, email, named, snapshot, self.of(named.mailbox).policy)

    def policy_of(self, delivery: Delivery) -> Policy:
        """The rules that judge this mail."""
        return self.of(self._named(delivery).mailbox).policy

    def notices(self, happening: Happening, facts: NoticeFacts) -> tuple[Notice, ...]:
        """The mails that the rules owe for it (L6); none where nobody could send them."""
        mailbox = self._sender(facts)
        if not mailbox:
            return ()
        return notices(happening, replace(facts, mailbox=mailbox), self.of(mailbox).policy)

    def stand_in(self, happening: Happening, facts: NoticeFacts) -> str:
        """The agent group that is told where nobody has the case any more, its mailbox's; "" where somebody has."""
        mailbox = self._sender(facts)
        policy = self.of(mailbox).policy if mailbox else self.policy
        box = policy.mailboxes.get(mailbox)
        return box.assignee_group if box and nobody_left(happening, facts, policy) else ""

    def compose_notice(self, notice: Notice, facts: NoticeFacts) -> Composed:
        """Such a mail, or an agent's reply; Permanent where no mailbox can send it."""
        mailbox = notice.mailbox if notice.mailbox in self.policy.mailboxes else self._sender(facts)
        bench = self.of(mailbox or notice.mailbox)
        composer = NoticeComposer(bench.policy, bench.composer.templates)
        return composer.compose(replace(notice, mailbox=mailbox or notice.mailbox), facts)

    def _sender(self, facts: NoticeFacts) -> str:
        """The case's mailbox; of one that was taken out, another of its group, else its own old rules; else ""."""
        if facts.mailbox in self.policy.mailboxes:
            return facts.mailbox
        boxes = (name for name, box in self.policy.mailboxes.items() if box.group == facts.group)
        if found := next(boxes, ""):
            return found
        return facts.mailbox if self.before is not None and self.before._sender(facts) == facts.mailbox else ""

    def assignment(self, case: CaseToAssign) -> AssignmentRule | None:
        """The assignment rule that a new case falls under."""
        return assignment_for(case, self.policy)
