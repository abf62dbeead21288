"""Fills a store with plausible rows, as it would look after years: through the package's own tables, in bulk."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from bench.corpus import DESK
from mailcase.store import tables as t

MESSAGES_A_CASE: Final = 3  # what a customer wrote, the acknowledgement, and what he answered
_CHUNK: Final = 2_000  # cases of one statement
_GROUP: Final = "default"
_STATUSES: Final = ("Closed",) * 17 + ("Resolved", "New", "In progress")
_TEXT: Final = "The device by the window shows an error again, it worked until last Thursday. " * 12
_HEADERS: Final = [["Received", "from out.example by mx.example; Mon, 2 Mar 2026 08:00:00 +0000"]] * 4
_TRACE: Final = [{"test": f"test {n}", "result": "no", "evidence": "nothing of it was found"} for n in range(12)]
_YEAR: Final = timedelta(days=365)

Row = dict[str, Any]


def fill(file: Path, cases: int) -> None:
    """Put that many cases, each with its messages, into an SQLite store that has none."""
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as conn:
        conn.exec_driver_sql("PRAGMA synchronous = OFF")
        for start in range(1, cases + 1, _CHUNK):
            numbers = range(start, min(start + _CHUNK, cases + 1))
            for table, rows in _rows(numbers, cases):
                conn.execute(sa.insert(table), rows)
        conn.exec_driver_sql("UPDATE counter SET value = ? WHERE name = 'case'", (cases,))
    engine.dispose()


def _rows(numbers: range, cases: int) -> Iterator[tuple[sa.Table, list[Row]]]:
    """The rows of these cases, table by table, so that every key points to what is there."""
    at = {number: datetime.now(UTC) - _YEAR * (cases - number + 1) / (cases + 1) for number in numbers}
    firsts = [number for number in numbers if number % 2]  # every contact has two cases
    yield t.contact, [{"id": _contact(n), "name": f"Customer {n}", "language": "", "created_at": at[n]} for n in firsts]
    yield t.contact_address, [{"key": _who(n), "address": _who(n), "contact_id": _contact(n)} for n in firsts]
    yield t.raw, [_raw(n, place) for n in numbers for place in (0, 2)]
    yield t.message, [_message(n, place, at[n]) for n in numbers for place in range(MESSAGES_A_CASE)]
    yield t.case, [_case(n, at[n]) for n in numbers]
    yield t.delivery, [_delivery(n, place, at[n]) for n in numbers for place in (0, 2)]
    yield t.delivery_outcome, [_outcome(n, place, at[n]) for n in numbers for place in (0, 2)]
    yield t.message_reference, [_reference(n, place) for n in numbers for place in range(MESSAGES_A_CASE)]
    yield t.citation, [_citation(n, at[n], *pair) for n in numbers for pair in ((1, 0), (2, 0), (2, 1))]
    yield t.case_message, [_link(n, place, at[n]) for n in numbers for place in range(MESSAGES_A_CASE)]
    yield t.case_event, [_event(n, word, at[n]) for n in numbers for word in ("created", "mail", "status")]
    yield t.case_participant, [{"case_id": n, "key": _who(n)} for n in numbers]
    yield t.outbox, [_outbox(n, at[n]) for n in numbers]


def _contact(number: int) -> int:
    return (number + 1) // 2


def _who(number: int) -> str:
    who = _contact(number)
    return f"stored.{who}@firm{who % 997}.example"


def _pk(number: int, place: int) -> int:
    return (number - 1) * MESSAGES_A_CASE + place + 1


def _id(number: int, place: int) -> str:
    return f"<stored.{number}.{place}@mail.example>"


def _sha256(number: int, place: int) -> str:
    return hashlib.sha256(_id(number, place).encode()).hexdigest()


def _raw(number: int, place: int) -> Row:
    content = f"From: {_who(number)}\r\nMessage-ID: {_id(number, place)}\r\n\r\n{_TEXT}".encode()
    return {"sha256": _sha256(number, place), "size": len(content), "location": "", "content": content}


def _message(number: int, place: int, at: datetime) -> Row:
    ours, cited = place == 1, [_id(number, one) for one in range(place)]
    sender = DESK if ours else _who(number)
    return {
        "id": _pk(number, place), "group_name": _GROUP, "direction": "out" if ours else "in",
        "identity": f"{'out' if ours else 'in'}:{_id(number, place)}", "message_id": _id(number, place),
        "kind": "own" if ours else "person", "automatic": ours, "sender_key": sender, "sender_name": "",
        "sender_address": sender, "date": at, "date_key": at.isoformat(),
        "fingerprint": _sha256(number, place)[:32], "content_key": _sha256(number, place)[32:], "beginning": "",
        "received_at": at, "outcome": "", "reason": "", "sender_unverified": False, "erased": False,
        "contact_id": None if ours else _contact(number), "participants": [DESK, _who(number)],
        "raw_sha256": None if ours else _sha256(number, place), "in_reply_to": cited[-1:],
        "subject": f"Printer {number} jams", "recipients": [], "references": cited, "text": _TEXT,
        "new_text": _TEXT, "html_clean": "", "html": "", "headers": [] if ours else _HEADERS,
    }  # fmt: skip


def _case(number: int, at: datetime) -> Row:
    return {
        "running": number, "number": f"SR-{number}", "group_name": _GROUP, "mailbox": "support",
        "title": f"Printer {number} jams", "status": _STATUSES[number % len(_STATUSES)], "priority": "Medium",
        "category": "Incident", "source": "Email", "contact_id": _contact(number), "assignee": "",
        "assignee_group": "", "organization": "", "closing_reason": "", "origin_pk": _pk(number, 0),
        "first_kind": "person", "created_at": at, "updated_at": at, "version": 1, "description": _TEXT,
    }  # fmt: skip


def _delivery(number: int, place: int, at: datetime) -> Row:
    uid = _pk(number, place)
    return {
        "id": uid, "mailbox": "support", "group_name": _GROUP, "source": "imap:old:support", "folder": "INBOX",
        "key": f"1:{uid}", "uidvalidity": 1, "uid": uid, "received_at": at, "journalled_at": at,
        "raw_sha256": _sha256(number, place), "size": len(_TEXT), "attempts": 0, "backlog": False, "no_ack": False,
        "oversize": False, "sent": False, "marked": True, "outcome": "linked" if place else "created",
        "reason": "thread" if place else "new", "kind": "person", "linked_by": "thread" if place else "",
        "case_id": number, "message_pk": uid, "sender_unverified": False, "acknowledge": not place,
        "acknowledge_reason": "", "policy_hash": "0" * 16, "decided_at": at, "error": "",
        "message_id": _id(number, place), "mail_from": _who(number), "mail_to": DESK,
        "subject": f"Printer {number} jams", "date": at,
    }  # fmt: skip


def _outcome(number: int, place: int, at: datetime) -> Row:
    return {
        "delivery_id": _pk(number, place), "at": at, "outcome": "linked" if place else "created", "reason": "new",
        "case_id": number, "actor": "", "policy_hash": "0" * 16, "trace": _TRACE,
    }  # fmt: skip


def _reference(number: int, place: int) -> Row:
    return {"group_name": _GROUP, "msgid": _id(number, place), "message_pk": _pk(number, place)}


def _citation(number: int, at: datetime, place: int, cited: int) -> Row:
    sender = DESK if place == 1 else _who(number)
    return {
        "message_pk": _pk(number, place), "cited": _id(number, cited), "group_name": _GROUP, "sender_key": sender,
        "received_at": at,
    }  # fmt: skip


def _link(number: int, place: int, at: datetime) -> Row:
    how = ("created", "sent", "linked")[place]
    return {
        "case_id": number,
        "message_pk": _pk(number, place),
        "how": how,
        "linked_by": "",
        "verified": True,
        "at": at,
    }


def _event(number: int, word: str, at: datetime) -> Row:
    return {"case_id": number, "at": at, "event": word, "actor": "mail", "data": {}}


def _outbox(number: int, at: datetime) -> Row:
    to = _who(number)
    return {
        "dedup": f"ack:{_GROUP}:stored:{number}", "kind": "registration", "state": "sent", "reason": "",
        "mailbox": "support", "group_name": _GROUP, "case_id": number, "message_pk": _pk(number, 1), "to_key": to,
        "to_domain": to.partition("@")[2], "to": to, "to_name": "", "cc": [], "automatic": True, "attempts": 1,
        "created_at": at, "created_hour": int(at.timestamp()) // 3600, "expires_at": at + timedelta(days=1),
        "claimed_at": at, "sent_at": at, "owner": "", "content_key": "", "in_reply_to": _id(number, 0),
        "message_id": _id(number, 1), "from_name": "", "from_address": DESK, "last_error": "",
        "subject": f"Re: Printer {number} jams [SR-{number}]", "headers": [], "text": _TEXT[:400], "html": "",
    }  # fmt: skip
