"""Who wrote a mail that lies in a watched sent folder: an agent, or somebody whose mail was put there (B16, P1)."""

from typing import Final

from mailcase.hearing import Hearing
from mailcase.junk.customer import form_customer
from mailcase.junk.recipient import registered
from mailcase.policy import Policy
from mailcase.sent_before import UNMATCHED
from mailcase.snapshot import KnownMessage

_NOBODY: Final = "nobody but our own addresses"


def written_to_us(hearing: Hearing) -> str:
    """Why a mail of the sent folder is none of an agent's to a customer; "" where it is one.

    A web form that sends through the mailbox's account leaves a copy there; a person or a rule of the provider
    moves a customer's mail there. Either is decided by the copy that we receive.
    """
    email, policy = hearing.email, hearing.policy
    if form := form_customer(email, hearing.delivered, policy.own_keys):
        return f"a web form's mail for {form.address}"
    hidden = any(True for _ in email.header_all("Bcc"))
    written_to = {one.key for one in (*email.to, *email.cc)}
    if written_to and not policy.not_ours(written_to) and not hidden:
        return _NOBODY
    return _put_there(hearing)


def _put_there(hearing: Hearing) -> str:
    """Somebody else's mail to us: From no address of ours, to one of ours, and not written in our house.

    Of colleagues an agent's is the one that no server delivered: customers may work in the same house.
    """
    email, policy = hearing.email, hearing.policy
    keys = {one.key for one in email.senders}
    if any(map(policy.is_ours, keys)):
        return ""
    carried = was_delivered(hearing)
    if not (_names_us(hearing) or (carried and hearing.delivered.accept_any_recipient)):
        return ""
    who = email.sender.address if email.sender else "nobody"
    if carried:
        return f"From {who}, which is not ours, and a server delivered it"
    ours = any(of_our_house(key, policy) for key in keys)
    return "" if ours else f"From {who}, which is neither ours nor of a domain of ours, to us"


def was_delivered(hearing: Hearing) -> bool:
    """Whether a mail server delivered the copy; what a mail program puts there bears no such line (RFC 5321 4.4)."""
    return hearing.email.has("Received") or bool(hearing.email.delivered_to)


def of_our_house(key: str, policy: Policy) -> bool:
    """One of our addresses, or one of a domain of ours; a freemail provider's domain is nobody's."""
    domains = {own.rpartition("@")[2] for own in policy.own_keys} - policy.cases.freemail
    return policy.is_ours(key) or key.rpartition("@")[2] in domains


def surely_an_agents(hearing: Hearing) -> bool:
    """Whether a mail that is not `written_to_us` may take back what its received copy did."""
    own = any(hearing.policy.is_ours(one.key) for one in hearing.email.senders)
    return own or not was_delivered(hearing)


def never_swallows(known: KnownMessage, policy: Policy) -> bool:
    """A mail of the sent folder on no case, of a stranger to our house: what we receive is decided all the same."""
    return known.direction == "out" and known.reason == UNMATCHED and not of_our_house(known.sender_key, policy)


def _names_us(hearing: Hearing) -> bool:
    """Whether we receive it: any mailbox of the group counts, for they share what they know (B4)."""
    boxes = hearing.policy.group_of(hearing.delivery.mailbox)
    return any(registered(hearing.email, box)[0] for box in boxes)
