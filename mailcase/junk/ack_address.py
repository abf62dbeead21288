"""K5 to K8: may the one address that would be written to be written to."""

from mailcase.junk.ack_question import AckQuestion, No, Yes
from mailcase.junk.recipient import registered
from mailcase.junk.robots import robot
from mailcase.junk.sendable import why_not_sendable


def one_usable_address(q: AckQuestion) -> No | Yes:
    """K5: exactly one From address, and a customer's address that can be sent to, is not ours and no robot's."""
    receiver = q.customer
    if receiver is None:
        by_form = "the web form's mail names no customer in Reply-To"
        return No("no_sender", by_form if q.email.senders else "the mail names no sender")
    if len(q.email.senders) > 1 or "duplicate_from" in q.email.defects:
        return No("several_senders", f"{len(q.email.senders)} From addresses or several From fields")
    if q.by_form and len(q.email.reply_to) > 1:
        return No("several_senders", f"{len(q.email.reply_to)} Reply-To addresses")
    if q.policy.is_ours(receiver.key):
        return No("own_address", f"{receiver.address} is ours")
    if name := robot(receiver.key):
        return No("robot_sender", f"{receiver.address} fits {name}")
    if fault := why_not_sendable(receiver.address):
        return No("not_sendable", f"{receiver.address[:80]}: {fault}")
    return Yes(receiver.address)


def not_forged(q: AckQuestion) -> No | Yes:
    """K6: DMARC by a trusted server has not failed."""
    seen = f"{q.authentication.result}: {q.authentication.detail}"
    return No("dmarc_failed", seen) if q.authentication.result == "fail" else Yes(seen)


def neutral(q: AckQuestion) -> bool:
    """K6, B13: whether the answer must hold nothing that the sender chose.

    Nobody vouches for the Reply-To of a form's mail, so it counts as not authenticated.
    """
    setting = q.policy.acknowledge.neutral
    if setting == "unauthenticated":
        return bool(q.policy.trusted_authserv_ids) and (q.by_form or q.authentication.result != "pass")
    return setting == "always"


def to_us(q: AckQuestion) -> No | Yes:
    """K7: one of our addresses is a recipient, or the mailbox (or an agent's `accept`) takes any."""
    if q.mailbox.accept_any_recipient:
        return Yes("the mailbox accepts any recipient")
    if q.delivery.wish.accept:
        return Yes("accepted by hand")
    ours, seen = registered(q.email, q.mailbox)
    return Yes(seen) if ours else No("recipient_not_registered", seen)


def not_suppressed(q: AckQuestion) -> No | Yes:
    """K8: no bounce, complaint or erasure stands against the address."""
    return No("suppressed", q.snapshot.suppressed) if q.snapshot.suppressed else Yes("not on the suppression list")
