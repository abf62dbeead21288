"""An agent who forwards a customer's mail to the support address opens the case for the one who wrote it."""

from mailcase.actions import NewContact
from mailcase.hearing import Hearing
from mailcase.junk.sendable import why_not_sendable
from mailcase.message import Address


def forwarded_for(hearing: Hearing) -> Address | None:
    """The customer whose mail an agent forwards; None where nobody is to be taken for him.

    Where trusted servers are configured, one of them must say that the mail is the agent's (B8). The address stands
    in a text, so that this mail is never acknowledged (P5); see `is_proven` for what follows.
    """
    found, email = hearing.email.forwarded_from, hearing.email
    if found is None or not hearing.from_agent or not hearing.person:
        return None
    if hearing.policy.trusted_authserv_ids and not is_proven(hearing):
        return None
    ours = found.key in hearing.policy.own_keys or any(found.key == one.key for one in email.senders)
    return None if ours or why_not_sendable(found.address) else found


def is_proven(hearing: Hearing) -> bool:
    """Whether a trusted server says that the agent forwarded it.

    Else the link is not verified: no notice goes to that customer before he has written to the case himself.
    """
    return hearing.authentication.result == "pass"


def forwarded_contact(customer: Address, hearing: Hearing) -> NewContact | None:
    """As contact of the new case: whoever has the address by then, else a new one of the account of his domain."""
    if not hearing.policy.cases.create_contacts:
        return None
    domain = "" if customer.domain in hearing.policy.cases.freemail else customer.domain
    return NewContact(customer.key, customer.address, customer.name.strip() or customer.address, None, domain)
