"""Small builders of the core's values, so that a test names only what it is about."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mailcase.cases.numbers import Mask
from mailcase.cases.statuses import StatusTable
from mailcase.junk.blacklist import Blacklist
from mailcase.message import Address, Attachment, Delivery, Email, Report, ReportRecipient
from mailcase.policy import (
    AcknowledgePolicy,
    AttachmentPolicy,
    CasePolicy,
    JunkPolicy,
    Limit,
    LinkingPolicy,
    MailboxPolicy,
    Policy,
)
from mailcase.snapshot import Lookup, Snapshot
from mailcase.tokens import TokenKeys

NOW = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)
SUPPORT = "support@helpdesk.example"
CUSTOMER = "erin@visitor.example"
KEYS = TokenKeys((b"k" * 32,))


def address(text: str, name: str = "") -> Address:
    """An Address whose key is the lower-cased text."""
    return Address(name=name, address=text, key=text.lower())


def addresses(*texts: str) -> tuple[Address, ...]:
    """Several of them."""
    return tuple(address(text) for text in texts)


def make_email(headers: Mapping[str, str] | Iterable[tuple[str, str]] = (), **over: Any) -> Email:
    """A plain mail of one customer to support; `headers` come on top, other fields as named.

    Address fields may be given as strings or tuples of strings: `senders="a@x.example"`.
    """
    for name in ("senders", "reply_to", "to", "cc", "resent_to", "resent_cc", "delivered_to"):
        if isinstance(over.get(name), str):
            over[name] = addresses(over[name])
        elif name in over:
            over[name] = tuple(address(one) if isinstance(one, str) else one for one in over[name])
    if isinstance(over.get("sender_header"), str):
        over["sender_header"] = address(over["sender_header"])
    return replace(_plain(), headers=_pairs(headers), **over)


def _pairs(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(headers.items() if isinstance(headers, Mapping) else headers)


def _plain() -> Email:
    digest = hashlib.sha256(b"mail").hexdigest()
    return Email(
        sha256=digest,
        size=1000,
        message_id="<a1@visitor.example>",
        date=NOW,
        date_key=NOW.isoformat(),
        in_reply_to=(),
        references=(),
        senders=(address(CUSTOMER, "Erin Example"),),
        sender_header=None,
        reply_to=(),
        to=(address(SUPPORT),),
        cc=(),
        resent_to=(),
        resent_cc=(),
        delivered_to=(),
        return_path=None,
        subject="Printer on floor 3 jams",
        text="Good morning, the device by the window shows error 17.\n",
        html="",
        html_clean="",
        attachments=(),
        headers=(),
        report=None,
        carried_ids=(),
        calendar_method="",
        fingerprint=digest,
        content_key=digest,
        identity="<a1@visitor.example>|" + NOW.isoformat(),
        defects=(),
    )


def make_attachment(**over: Any) -> Attachment:
    """A small picture."""
    plain = Attachment("2", "photo.jpg", "image/jpeg", 2000, inline=False, content_id="", sha256="0" * 64)
    return replace(plain, **over)


def make_report(
    *actions: str, report_type: str = "delivery-status", part_types: tuple[str, ...] = (), recipient: str = CUSTOMER
) -> Report:
    """A report with one recipient block for each action."""
    blocks = tuple(ReportRecipient(recipient, action, "5.1.1", "unknown user") for action in actions)
    return Report(report_type, part_types, blocks)


def make_mailbox(**over: Any) -> MailboxPolicy:
    """The support mailbox of group `default`; `keys` follows `address` unless given."""
    over.setdefault("address", SUPPORT)
    over.setdefault("keys", frozenset({over["address"].lower()}))
    plain: dict[str, Any] = {
        "name": "support",
        "group": "default",
        "category": "Incident",
        "organization": "",
        "language": "",
        "assignee_group": "",
        "accept_any_recipient": False,
        "reply_to_is_sender": False,
        "form_senders": frozenset(),
        "sub_addressing": False,
        "message_id_domain": "mid.helpdesk.example",
        "from_name": "Help desk",
    }
    return MailboxPolicy(**{**plain, **over})


def make_cases(**over: Any) -> CasePolicy:
    """[cases] as shipped."""
    plain: dict[str, Any] = {
        "mask": Mask.parse("SR-{0}"),
        "retired_masks": (),
        "first_number": 1,
        "categories": ("Incident", "Request", "Question", "Complaint"),
        "organizations": (),
        "title_max": 128,
        "description_max": 20000,
        "timezone": "UTC",
        "clear_assignee_on_reopen": True,
        "duplicates": "flag",
        "duplicate_days": 7,
        "empty_subject": "(no subject)",
        "create_contacts": True,
        "freemail": frozenset({"gmail.com", "gmx.de"}),
        "accounts": {},
    }
    return CasePolicy(**{**plain, **over})


def make_linking(**over: Any) -> LinkingPolicy:
    """[linking] as shipped."""
    plain: dict[str, Any] = {
        "number_in_body": True,
        "body_if_subject_number_unknown": False,
        "strangers": "link",
        "link_across_groups": False,
        "notification_reopens": False,
        "list_creates": True,
        "new_topic_days": 0,
        "own_lists": frozenset(),
    }
    return LinkingPolicy(**{**plain, **over})


def make_junk(**over: Any) -> JunkPolicy:
    """[junk] as shipped; `blacklist` may be given as text."""
    if isinstance(over.get("blacklist"), str):
        over["blacklist"] = Blacklist.parse(over["blacklist"])
    plain: dict[str, Any] = {
        "create_cases": False,
        "case_status": "Canceled",
        "blacklist": Blacklist.parse(""),
        "header_rules": (),
        "closing_reasons": {"blacklisted": "Received from blacklisted email"},
    }
    return JunkPolicy(**{**plain, **over})


def make_acknowledge(**over: Any) -> AcknowledgePolicy:
    """[acknowledge] as shipped."""
    hour = timedelta(hours=1)
    plain: dict[str, Any] = {
        "created": True,
        "followed": True,
        "reopened": False,
        "max_age": timedelta(hours=24),
        "recipients": "sender",
        "per_address": Limit(5, hour),
        "per_domain": Limit(100, hour),
        "total": Limit(1000, hour),
        "neutral": "unauthenticated",
        "suppress_after_bounce": timedelta(days=30),
        "breaker": 5,
        "language": "en",
    }
    return AcknowledgePolicy(**{**plain, **over})


def make_policy(*mailboxes: MailboxPolicy, **over: Any) -> Policy:
    """The shipped policy with one support mailbox (or those given)."""
    boxes = mailboxes or (make_mailbox(),)
    plain: dict[str, Any] = {
        "mailboxes": {box.name: box for box in boxes},
        "statuses": StatusTable(),
        "cases": make_cases(),
        "linking": make_linking(),
        "junk": make_junk(),
        "acknowledge": make_acknowledge(),
        "attachments": AttachmentPolicy(frozenset({"jpg", "pdf"}), 5, 5_000_000, 25_000_000),
        "trusted_authserv_ids": frozenset(),
        "keys": KEYS,
        "hash": "policy",
    }
    return Policy(**{**plain, **over})


def make_lookup(email: Email | None = None, **over: Any) -> Lookup:
    """What a mail that names nothing asks for."""
    email = email or make_email()
    sender = email.sender
    plain: dict[str, Any] = {
        "group": "default",
        "groups": ("default",),
        "identity": email.identity,
        "message_id": email.message_id,
        "fingerprint": email.fingerprint,
        "thread_ids": (),
        "cited_ids": (),
        "carried_ids": email.carried_ids,
        "tokens": (),
        "subject_numbers": (),
        "body_numbers": (),
        "sender_key": sender.key if sender else "",
        "sender_domain": sender.domain if sender else "",
        "participant_keys": frozenset({sender.key} if sender else ()),
        "account_domain": sender.domain if sender else "",
        "final_statuses": ("Closed", "Canceled"),
        "ack_window": timedelta(hours=1),
    }
    return Lookup(**{**plain, **over})


def make_snapshot(email: Email | None = None, **over: Any) -> Snapshot:
    """An empty store's answers."""
    over.setdefault("lookup", make_lookup(email))
    over.setdefault("now", NOW)
    return Snapshot(**over)


def make_delivery(**over: Any) -> Delivery:
    """A delivery that has just arrived by IMAP."""
    plain: dict[str, Any] = {
        "id": 1,
        "mailbox": "support",
        "source": "imap:imap.helpdesk.example:support",
        "folder": "INBOX",
        "key": "1:1",
        "uidvalidity": 1,
        "uid": 1,
        "received_at": NOW,
    }
    return Delivery(**{**plain, **over})
