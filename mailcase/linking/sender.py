"""Who writes, compared with the case (B8): participant, agent, same account, or a stranger."""

from dataclasses import dataclass

from mailcase.cases.contacts import account
from mailcase.snapshot import CaseView, Snapshot


@dataclass(frozen=True, slots=True)
class Relation:
    """How the sender stands to the case."""

    name: str  # participant, agent, account, stranger
    detail: str

    @property
    def stranger(self) -> bool:
        """Whether he is nobody the case knows."""
        return self.name == "stranger"

    @property
    def verified(self) -> bool:
        """Whether what he says counts as his, and whom he names belong to the case (B8).

        Not of an agent: anybody can write in his name, and only his answer to a notice is proof (answering.py).
        """
        return self.name in ("participant", "account")


def relation(case: CaseView, snapshot: Snapshot, authentication: str) -> Relation:
    """The sender's relation; a failed authentication makes anyone a stranger, none raises trust.

    Args:
        case: the case that was found.
        snapshot: with the lookup's sender, contact and account.
        authentication: "pass", "fail" or "unknown" (`junk.authentication`).
    """
    sender = snapshot.lookup.sender_key
    if authentication == "fail":
        return Relation("stranger", f"{sender or 'no sender'}: DMARC failed, so the address proves nothing")
    if snapshot.agent and (snapshot.contact is None or snapshot.contact.id != case.contact_id):
        return Relation("agent", f"{sender} is an agent")
    if sender and sender in case.participants:
        return Relation("participant", f"{sender} is contact or participant of {case.number}")
    ours = account(snapshot)
    if ours is not None and ours == case.account_id:
        return Relation("account", f"{sender} belongs to the account of {case.number}")
    return Relation("stranger", f"{sender or 'no sender'} is not a participant of {case.number}")
