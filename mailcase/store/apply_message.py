"""The message row of a decided mail: found by its identity, or made (B2)."""

from typing import Any

import sqlalchemy as sa

from mailcase.actions import TakeAsSent
from mailcase.decision import Outcome
from mailcase.message import Address, Email, Kind
from mailcase.same_mail import stored_beginning
from mailcase.store import tables as t
from mailcase.store.dialect import is_sqlite
from mailcase.store.hot import Hot
from mailcase.store.references import cite
from mailcase.store.work import Work

_M = t.message.c
INSERT_MESSAGE = Hot(sa.insert(t.message).returning(_M.id))
_RECIPIENT_FIELDS = ("to", "cc", "resent_to", "resent_cc", "delivered_to", "reply_to")


def write_message(work: Work) -> None:
    """Set work.message_pk: the original of a duplicate, the row of this identity, or a new one."""
    if work.decision.outcome is Outcome.DUPLICATE or work.decision.duplicate_of is not None:
        work.message_pk = work.decision.duplicate_of
        return
    work.message_pk = _known(work)
    if work.message_pk is not None:
        work.message_known = True
        place = _place(work) if work.delivery.sent else {}
        work.conn.execute(sa.update(t.message).where(_M.id == work.message_pk).values({**_decided(work), **place}))
        return
    pk = int(INSERT_MESSAGE.run(work.conn, _row(work))[0].id)
    work.message_pk = pk
    cite(work, pk)
    work.later.attachments += [_attachment(pk, one) for one in work.email.attachments]
    if work.email.message_id:
        set_reference(work, work.email.message_id, pk)


def _known(work: Work) -> int | None:
    """The row of this identity; that of a received copy too, where an agent's own mail turns out to be it (B16)."""
    mine = [one for one in work.snapshot.same if one.identity == work.lookup.identity]
    way = "out" if work.delivery.sent else "in"
    rows = [one for one in mine if one.direction == way] or [one for one in mine if work.delivery.sent]
    return rows[0].pk if rows else None


def _place(work: Work) -> dict[str, Any]:
    """Which way it went: with the identity it is unique in its group."""
    way = "out" if work.delivery.sent else "in"
    return {"direction": way, "identity": f"{way}:{work.lookup.identity}"}


def take_as_sent(work: Work, action: TakeAsSent) -> None:
    """A received copy becomes the agent's outgoing mail; its links count as his (B16)."""
    values = {**_place(work), "kind": Kind.OWN.value, "automatic": False, "sender_unverified": False}
    work.conn.execute(sa.update(t.message).where(_M.id == action.message_pk).values(values))
    links = sa.update(t.case_message).where(t.case_message.c.message_pk == action.message_pk)
    work.conn.execute(links.values(how="sent", verified=True))


def set_reference(work: Work, msgid: str, pk: int) -> None:
    """The id is this message from now on (the newest, if an id is used twice); on SQLite nobody asks (references)."""
    if not is_sqlite(work.conn):
        work.later.references.append({"of_group": work.lookup.group, "of_msgid": msgid, "to_pk": pk})


def _decided(work: Work) -> dict[str, Any]:
    """What a decision says of the message; the rest is the mail's own."""
    decision = work.decision
    return {
        "kind": decision.kind.value, "automatic": decision.kind is not Kind.PERSON and not work.delivery.sent,
        "outcome": decision.outcome.value, "reason": decision.reason,
        "sender_unverified": decision.sender_unverified, "contact_id": work.contact_id,
        "account_id": work.account_id, "delivery_id": work.delivery.id,
    }  # fmt: skip


def _row(work: Work) -> dict[str, Any]:
    email, lookup, sender = work.email, work.lookup, work.email.sender
    return {
        "group_name": lookup.group, **_place(work),
        "message_id": email.message_id, "sender_key": lookup.sender_key or (sender.key if sender else ""),
        "sender_name": sender.name if sender else "", "sender_address": sender.address if sender else "",
        "date": email.date, "date_key": email.date_key, "fingerprint": email.fingerprint,
        "content_key": email.content_key, "beginning": stored_beginning(email, oversize=work.delivery.oversize),
        "received_at": work.now, "erased": False,
        "participants": sorted(written(email) | lookup.participant_keys), "raw_sha256": email.sha256,
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
