"""An agent who forwards a customer's mail to the support address opens the case for the one who wrote it."""

from mailcase.actions import NewContact
from mailcase.hearing import Hearing
from mailcase.junk.sendable import why_not_sendable
from mailcase.message import Address


def forwarded_for(hearing: Hearing) -> Address | None:
    """The customer whose mail an agent forwards; None where nobody is to be taken for him.

    It may have come through colleagues and our own mailbox, who are not he; and nothing is opened for who is
    blacklisted. Where trusted servers are configured, one of them must say that the mail is the agent's (B8). The
    address stands in a text, so that this mail is never acknowledged (P5); see `is_proven` for what follows.
    """
    if not hearing.email.forwarded or not hearing.from_agent or not hearing.person:
        return None
    if hearing.policy.trusted_authserv_ids and not is_proven(hearing):
        return None
    found = next((one for one in hearing.email.forwarded if not _is_ours(one, hearing)), None)
    if found is None or why_not_sendable(found.address) or _is_blacklisted(found, hearing):
        return None
    return found


def _is_ours(one: Address, hearing: Hearing) -> bool:
    """The agent himself, a colleague, or an address of ours, be it with a tag."""
    agents = {sender.key for sender in hearing.email.senders} | hearing.snapshot.forwarded_agents
    return one.key in agents or hearing.policy.is_ours(one.key)


def _is_blacklisted(one: Address, hearing: Hearing) -> bool:
    """As any mail that he sends is judged, unless a person accepted this one."""
    listed = hearing.policy.junk.blacklist.judge((one.key,), hearing.snapshot.now.date())
    return listed.blocked and not hearing.delivery.wish.accept


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
