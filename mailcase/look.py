"""What must be known to decide a mail: the core names it, the store answers it."""

from datetime import timedelta
from itertools import islice
from typing import Final

from mailcase.erasure import erased_beginnings, erased_identities
from mailcase.junk.customer import customer
from mailcase.junk.recipient import receiving_mailbox
from mailcase.linking.number import body_numbers, subject_numbers
from mailcase.linking.thread import thread_ids
from mailcase.linking.token import token_hits
from mailcase.message import Address, Delivery, Email
from mailcase.own_copies import copies_in
from mailcase.policy import Policy
from mailcase.same_mail import stored_beginning
from mailcase.snapshot import Lookup

_CITED: Final = 200
_CARRIED: Final = 8
_COPIES: Final = 50
_SAME_CONTENT_WINDOW: Final = timedelta(minutes=60)  # K10


def look(email: Email, delivery: Delivery, policy: Policy) -> Lookup:
    """The questions about one mail, for the group of the mailbox that received it."""
    boxes = policy.group_of(delivery.mailbox)
    group = boxes[0].group
    groups = policy.groups if policy.linking.link_across_groups else (group,)
    ids = thread_ids(email)
    mailbox = receiving_mailbox(email, boxes, policy.mailboxes[delivery.mailbox])
    # Who writes says nothing of an agent's own mail: neither contact, account nor limits are his (B16).
    writer = None if delivery.sent else customer(email, mailbox, policy.own_keys)
    writers = email.senders if delivery.sent else _writers(email, writer)
    domain = writer.domain if writer else ""
    return Lookup(
        group=group,
        groups=groups,
        identity=email.identity,
        message_id=email.message_id,
        fingerprint=email.fingerprint,
        thread_ids=ids,
        cited_ids=tuple(dict.fromkeys((*ids, *reversed(email.references))))[:_CITED],
        carried_ids=email.carried_ids[:_CARRIED],
        copies=tuple(copies_in(email, delivery, boxes, policy.keys)),
        tokens=token_hits(email, (*ids, *email.carried_ids[:_CARRIED]), boxes, policy, groups),
        subject_numbers=subject_numbers(email, policy),
        body_numbers=body_numbers(email, policy),
        named_by_hand=() if delivery.wish.case is None else (delivery.wish.case,),
        sender_key=writer.key if writer else "",
        sender_domain=domain,
        participant_keys=policy.not_ours(participants(email, writers)),
        account_domain="" if domain in policy.cases.freemail else domain,
        final_statuses=policy.statuses.final_names,
        ack_window=max(policy.acknowledge.per_address.window, _SAME_CONTENT_WINDOW),
        erased_identities=erased_identities(policy.keys, group, email.identity),
        beginnings=_beginnings(email, delivery, policy, group),
        forwarded_keys=policy.not_ours(one.key for one in email.forwarded),
        copy_keys=_copies(email, policy),
    )


def _beginnings(email: Email, delivery: Delivery, policy: Policy, group: str) -> tuple[str, ...]:
    """How the other one stands in the store, of which this mail is the whole or the beginning."""
    if not email.beginning:
        return ()
    other = stored_beginning(email, oversize=not delivery.oversize)
    return other, *erased_beginnings(policy.keys, group, other)


def _writers(email: Email, writer: Address | None) -> tuple[Address, ...]:
    """From; a web form there is nobody: of its mail the customer in Reply-To, if there is one (B3)."""
    if any(writer is not None and one.key == writer.key for one in email.senders):
        return email.senders
    return () if writer is None else (writer,)


def participants(email: Email, writers: tuple[Address, ...]) -> frozenset[str]:
    """Keys of who wrote it, To and Cc (B8)."""
    written: tuple[Address, ...] = (*writers, *email.to, *email.cc)
    return frozenset(one.key for one in written if "@" in one.key)


def _copies(email: Email, policy: Policy) -> frozenset[str]:
    """Who might get a copy of the acknowledgement (`recipients = "all"`, B13): the store is asked about them."""
    if policy.acknowledge.recipients != "all":
        return frozenset()
    keys = dict.fromkeys(one.key for one in (*email.to, *email.cc) if "@" in one.key)
    others = (key for key in keys if not policy.is_ours(key))
    return frozenset(islice(others, _COPIES))
