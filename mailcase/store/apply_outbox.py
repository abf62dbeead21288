"""Handlers of the actions that send mail, keep it back, or record that it came back."""

from typing import Any

import sqlalchemy as sa

from mailcase.actions import KeepAnswerBack, LearnId, MarkBounced, QueueMail, SuppressAddress
from mailcase.errors import Permanent
from mailcase.intake.addresses import key_of
from mailcase.intake.texts import clean_text
from mailcase.life.notice_rules import DELAYED, NOT_COMPOSED
from mailcase.log import Event, emit
from mailcase.message import Address
from mailcase.ports import CaseFacts, Composed
from mailcase.store import tables as t
from mailcase.store.aliases import learn
from mailcase.store.apart import in_words
from mailcase.store.apply_case import LINK
from mailcase.store.apply_message import INSERT_MESSAGE, recipient, set_reference
from mailcase.store.dialect import insert_or_set, is_sqlite, new_statement
from mailcase.store.hot import Hot
from mailcase.store.outbox_state import take_back
from mailcase.store.work import Work

_O = t.outbox.c
_S = t.suppression.c
_C = t.case.c
_INSERT = Hot(sa.insert(t.outbox))
_REFERENCE = Hot(new_statement(t.message_reference, lite=False))  # on SQLite there are none (references)
_SAME_MAIL = sa.select(_O.id, _O.state).where(_O.dedup == sa.bindparam("of_dedup"))


def queue_mail(work: Work, action: QueueMail) -> None:
    """Into the outbox, pending or suppressed; at most one acknowledgement a mail and group (R3)."""
    row = _row(work, action)
    known = None
    if work.message_known:  # only a mail that is decided again can have one
        known = work.conn.execute(_SAME_MAIL, {"of_dedup": row["dedup"]}).one_or_none()
    if known is not None and (known.state != "suppressed" or action.suppressed):
        return
    if not action.suppressed:
        row |= _written(work, action)
    if known is not None:
        work.conn.execute(sa.update(t.outbox).where(_O.id == known.id).values(row))
    else:
        _INSERT.run(work.conn, row)


def _written(work: Work, action: QueueMail) -> dict[str, Any]:
    """Its words; where they cannot be written the row says so, and the mail that it answers stays decided (P1, P4)."""
    facts = _facts(work, action.case)
    try:
        composed = work.judge.compose(action, facts, work.email, work.lookup.group)
    except Exception as error:
        emit(Event.NOT_COMPOSED, case=facts.number, rule=action.rule, error=type(error).__name__)
        told = clean_text(in_words(error))
        return {"state": "suppressed", "reason": NOT_COMPOSED, "next_attempt_at": None, "last_error": told}
    work.queued = True
    return {**_composed(composed), "message_pk": _outgoing(work, action, composed)}


def _row(work: Work, action: QueueMail) -> dict[str, Any]:
    key = key_of(action.to)
    return {
        "dedup": f"ack:{work.lookup.group}:{work.lookup.identity}", "kind": action.rule,
        "state": "suppressed" if action.suppressed else "pending",
        "reason": action.suppressed or (DELAYED if action.delay else ""),
        "mailbox": action.mailbox, "group_name": work.lookup.group, "case_id": work.case(action.case),
        "delivery_id": work.delivery.id, "message_pk": None, "to_key": key, "to_domain": key.rpartition("@")[2],
        "to": action.to, "to_name": action.to_name, "cc": list(action.cc), "automatic": True, "attempts": 0,
        "created_at": work.now, "created_hour": int(work.now.timestamp() // 3600),
        "next_attempt_at": None if action.suppressed else work.now + action.delay, "expires_at": action.expires_at,
        "claimed_at": None, "sent_at": None, "owner": "", "content_key": work.email.content_key,
        "in_reply_to": action.in_reply_to, "message_id": None, "from_name": "", "from_address": "",
        "last_error": "", "subject": action.subject, "headers": [], "text": "", "html": "",
        "audience": "customer", "only_while": _only_while(work, action), "files": [], "still_to": [],
    }  # fmt: skip


def _only_while(work: Work, action: QueueMail) -> dict[str, object]:
    """What the case must still be when the delay ends (L6)."""
    if not action.delay:
        return {}
    facts, rule = _facts(work, action.case), work.judge.policy_of(work.delivery).notice(action.rule)
    asked = {"status": facts.status} if action.rule == "reopened" else {}
    return {"merged": False, **asked, **({"category": facts.category} if rule.category else {})}


def _composed(composed: Composed) -> dict[str, Any]:
    names = ("message_id", "subject", "text", "html", "from_name", "from_address")
    return {
        **{name: getattr(composed, name) for name in names},
        "headers": [list(one) for one in composed.headers],
    }


def _facts(work: Work, running: int) -> CaseFacts:
    """What a template may know; of a case that was there before, read anew."""
    number = work.case(running)
    if work.created is not None and work.created.running == number:
        return work.created
    columns = (_C.number, _C.running, _C.title, _C.status, _C.category, _C.priority, _C.created_at)
    row = work.conn.execute(sa.select(*columns).where(_C.running == number)).one_or_none()
    if row is None:
        raise Permanent(f"a mail is to be sent about case {number}, which is not there")
    return CaseFacts(*row)


def _outgoing(work: Work, action: QueueMail, composed: Composed) -> int:
    """Our mail as a message of the thread, so that an answer to it finds the case."""
    sender = key_of(composed.from_address)
    to = Address(action.to_name, action.to, key_of(action.to))
    copies = [Address("", one, key_of(one)) for one in action.cc]
    row = {
        "group_name": work.lookup.group, "identity": f"out:{composed.message_id}", "direction": "out",
        "message_id": composed.message_id, "kind": "own", "automatic": True, "sender_key": sender,
        "sender_name": composed.from_name, "sender_address": composed.from_address, "date": None,
        "date_key": "", "fingerprint": "", "content_key": "", "beginning": "", "received_at": work.now, "outcome": "",
        "reason": action.rule, "sender_unverified": False, "erased": False, "contact_id": work.contact_id,
        "account_id": work.account_id, "delivery_id": None, "raw_sha256": None,
        "participants": sorted({sender, to.key, *(one.key for one in copies)}),
        "in_reply_to": [action.in_reply_to] if action.in_reply_to else [], "subject": composed.subject,
        "recipients": [recipient("to", to), *(recipient("cc", one) for one in copies)],
        "references": list(action.references), "text": composed.text, "new_text": "", "html_clean": composed.html,
        "html": "", "headers": [list(one) for one in composed.headers],
    }  # fmt: skip
    pk = int(INSERT_MESSAGE.run(work.conn, row)[0].id)
    if not is_sqlite(work.conn):
        _REFERENCE.run(work.conn, {"group_name": work.lookup.group, "msgid": composed.message_id, "message_pk": None})
        set_reference(work, composed.message_id, pk)
    link = {
        "case_id": work.case(action.case), "message_pk": pk, "how": "sent", "linked_by": "", "verified": False,
        "at": work.now,
    }  # fmt: skip
    LINK[is_sqlite(work.conn)].run(work.conn, link)
    return pk


def keep_answer_back(work: Work, action: KeepAnswerBack) -> None:
    """What still waits to be sent is suppressed and leaves its case; what is under way is not stopped."""
    answered = sa.select(t.delivery.c.id).where(t.delivery.c.message_pk == action.message_pk)
    waits = (_O.delivery_id.in_(answered), _O.automatic.is_(True), _O.state == "pending")
    rows = work.conn.execute(sa.select(_O.id, _O.message_pk).where(*waits).with_for_update()).all()
    for row in rows:
        take_back(work.conn, row.id, row.message_pk, action.reason)


def mark_bounced(work: Work, action: MarkBounced) -> None:
    """The outgoing mail came back, with its SMTP status (B5); a copy that came back is only told beside it."""
    row = sa.update(t.outbox).where(_O.message_pk == action.message_pk)
    values = {"state": "bounced", "reason": action.status, "next_attempt_at": None}
    work.conn.execute(row.where(_O.to_key == action.recipient).values(values))
    told = f"copy to {action.recipient}: {action.status or 'failed'}"
    of_copy = row.where(_O.to_key != action.recipient, ~_O.last_error.contains(told, autoescape=True))
    before = sa.case((_O.last_error == "", ""), else_=_O.last_error + "; ")
    work.conn.execute(of_copy.values(last_error=before + told))


def learn_id(work: Work, action: LearnId) -> None:
    """An answer to the id that a relay gave our mail answers our mail from now on."""
    learn(work.conn, action.message_pk, (action.other,), action.source, work.now)


def suppress_address(work: Work, action: SuppressAddress) -> None:
    """No automatic mail there until then; a longer suppression that is there stays."""
    known = work.conn.execute(sa.select(_S.until).where(_S.key == action.key)).one_or_none()
    if known is not None and (known.until is None or (action.until is not None and known.until >= action.until)):
        return
    row = {"key": action.key, "until": action.until, "reason": action.reason, "at": work.now}
    work.conn.execute(insert_or_set(work.conn, t.suppression, "until", "reason", "at"), row)
