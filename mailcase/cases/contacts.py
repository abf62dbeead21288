"""Whose case it is: contact and account of a new case (B11)."""

from mailcase.actions import NewContact
from mailcase.message import Address
from mailcase.policy import Policy
from mailcase.snapshot import Snapshot


def contact(customer: Address | None, snapshot: Snapshot, policy: Policy) -> int | NewContact | None:
    """The contact with the sender's address, or a new one; never for our own addresses."""
    if snapshot.contact is not None:
        return snapshot.contact.id
    if customer is None or "@" not in customer.key or policy.is_ours(customer.key):
        return None
    if not policy.cases.create_contacts:
        return None
    name = customer.name.strip() or customer.address
    return NewContact(customer.key, customer.address, name, account(snapshot))


def account(snapshot: Snapshot) -> int | None:
    """The contact's account, else the one that owns the sender's domain (never a freemail domain)."""
    if snapshot.contact is not None and snapshot.contact.account_id is not None:
        return snapshot.contact.account_id
    return snapshot.account.id if snapshot.account is not None else None


def language(snapshot: Snapshot, mailbox_language: str, default: str) -> str:
    """The contact's language, else the mailbox's, else the default (B13)."""
    own = snapshot.contact.language if snapshot.contact is not None else ""
    return own or mailbox_language or default
