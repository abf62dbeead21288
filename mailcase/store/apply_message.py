"""The message row of a decided mail: found by its identity, or made (B2)."""

from typing import Any

import sqlalchemy as sa

from mailcase.decision import Outcome
from mailcase.message import Address, Email, Kind
from mailcase.store import tables as t
from mailcase.store.hot import Hot
from mailcase.store.references import cite
from mailcase.store.work import Work

_M = t.message.c
INSERT_MESSAGE = Hot(sa.insert(t.message).returning(_M.id))
_RECIPIENT_FIELDS = ("to", "cc", "resent_to", "resent_cc", "delivered_to", "reply_to")


def write_message(work: Work) -> None:
    """Set work.message_pk: the original of a duplicate, the row of this identity, or a new one."""
    if work.decision.outcome is Outcome.DUPLICATE:
        work.message_pk = work.decision.duplicate_of
        return
    work.message_pk = next((one.pk for one in work.snapshot.same if one.identity == work.lookup.identity), None)
    if work.message_pk is not None:
        work.message_known = True
        work.conn.execute(sa.update(t.message).where(_M.id == work.message_pk).values(_decided(work)))
        return
    pk = int(INSERT_MESSAGE.run(work.conn, _row(work))[0].id)
    work.message_pk = pk
    cite(work, pk)
    work.later.attachments += [_attachment(pk, one) for one in work.email.attachments]
    if work.email.message_id:
        set_reference(work, work.email.message_id, pk)


def set_reference(work: Work, msgid: str, pk: int) -> None:
    """The id is this message from now on (the newest, if an id is used twice)."""
    work.later.references.append({"of_group": work.lookup.group, "of_msgid": msgid, "to_pk": pk})


def _decided(work: Work) -> dict[str, Any]:
    """What a decision says of the message; the rest is the mail's own."""
    decision = work.decision
    return {
        "kind": decision.kind.value, "automatic": decision.kind is not Kind.PERSON,
        "outcome": decision.outcome.value, "reason": decision.reason,
        "sender_unverified": decision.sender_unverified, "contact_id": work.contact_id,
        "account_id": work.account_id, "delivery_id": work.delivery.id,
    }  # fmt: skip


def _row(work: Work) -> dict[str, Any]:
    email, lookup, sender = work.email, work.lookup, work.email.sender
    return {
        "group_name": lookup.group, "identity": f"in:{lookup.identity}", "direction": "in",
        "message_id": email.message_id, "sender_key": lookup.sender_key or (sender.key if sender else ""),
        "sender_name": sender.name if sender else "", "sender_address": sender.address if sender else "",
        "date": email.date, "date_key": email.date_key, "fingerprint": email.fingerprint,
        "content_key": email.content_key, "received_at": work.now, "erased": False,
        "participants": sorted(written(email)), "raw_sha256": email.sha256,
        "in_reply_to": list(email.in_reply_to), "subject": email.subject, "recipients": recipients(email),
        "references": list(email.references), "text": email.text, "new_text": email.new_text,
        "html_clean": email.html_clean,
        "html": email.html, "headers": [list(one) for one in email.headers], **_decided(work),
    }  # fmt: skip


def written(email: Email) -> set[str]:
    """Keys of From, To and Cc."""
    return {one.key for one in (*email.senders, *email.to, *email.cc) if one.key}


def recipients(email: Email) -> list[dict[str, str]]:
    """Every recipient field's addresses, for people and reports."""
    return [recipient(name, one) for name in _RECIPIENT_FIELDS for one in getattr(email, name)]


def recipient(field: str, one: Address) -> dict[str, str]:
    """One entry of the recipients column."""
    return {"field": field, "name": one.name, "address": one.address, "key": one.key}


def _attachment(pk: int, one: Any) -> dict[str, Any]:
    names = ("part", "name", "type", "size", "inline", "content_id", "sha256")
    return {"message_pk": pk, **{name: getattr(one, name) for name in names}}
