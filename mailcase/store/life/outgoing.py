"""A mail of ours that no incoming mail asked for: its message on the case, and its row in the outbox."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.intake.texts import clean_text
from mailcase.life.changes import StoredFile
from mailcase.life.notice import Notice, NoticeFacts
from mailcase.life.notice_rules import DELAYED
from mailcase.life.people import Person
from mailcase.message import Address
from mailcase.ports import Composed
from mailcase.store import tables as t
from mailcase.store.apply_case import LINK
from mailcase.store.apply_message import INSERT_MESSAGE, recipient
from mailcase.store.dialect import insert_or_set, is_sqlite

_O = t.outbox.c


def put_message(conn: Connection, notice: Notice, facts: NoticeFacts, composed: Composed, now: datetime) -> int:
    """The message on its case, so that an answer to it finds the case and a bounce its recipient; its row's id."""
    sender = key_of(composed.from_address)
    headers = dict(composed.headers)
    row = {
        "group_name": facts.group, "identity": f"out:{composed.message_id}", "direction": "out",
        "message_id": composed.message_id, "kind": "own", "automatic": notice.automatic, "sender_key": sender,
        "sender_name": composed.from_name, "sender_address": composed.from_address, "date": None, "date_key": "",
        "fingerprint": "", "content_key": "", "beginning": "", "received_at": now, "outcome": "",
        "reason": notice.rule, "sender_unverified": False, "erased": False, "contact_id": facts.contact_id,
        "account_id": facts.account_id, "delivery_id": None, "raw_sha256": None,
        "participants": sorted({sender, notice.to.key, *(one.key for one in notice.also_to)}),
        "in_reply_to": [headers["In-Reply-To"]] if "In-Reply-To" in headers else [], "subject": composed.subject,
        "recipients": _recipients(notice), "references": headers.get("References", "").split(),
        "text": composed.text, "new_text": "", "html_clean": composed.html, "html": "",
        "headers": [list(one) for one in composed.headers],
    }  # fmt: skip
    pk = int(INSERT_MESSAGE.run(conn, row)[0].id)
    if not is_sqlite(conn):  # there are none (references)
        reference = {"group_name": facts.group, "msgid": composed.message_id, "message_pk": pk}
        conn.execute(insert_or_set(conn, t.message_reference, "message_pk"), reference)
    how = "sent" if notice.audience == "customer" else "notified"
    link = {
        "case_id": facts.running, "message_pk": pk, "how": how, "linked_by": "", "verified": not notice.automatic,
        "at": now,
    }  # fmt: skip
    LINK[is_sqlite(conn)].run(conn, link)
    return pk


def to_be_sent(conn: Connection) -> set[str]:
    """Hashes of what mails that wait take files out of: retention leaves it until they are sent."""
    waits = sa.select(_O.files).where(_O.state.in_(("pending", "sending")), sa.cast(_O.files, sa.Text) != "[]")
    return {str(one["sha256"]) for files in conn.execute(waits).scalars() for one in files}


def _recipients(notice: Notice) -> list[dict[str, str]]:
    """As the mail names them: a group stands in To."""
    further = "to" if notice.audience == "agent" else "cc"
    first = recipient("to", _address(notice.to))
    return [first, *(recipient(further, _address(one)) for one in notice.also_to)]


def _address(person: Person) -> Address:
    return Address(person.name, person.address, person.key)


def put_row(
    conn: Connection, notice: Notice, facts: NoticeFacts, composed: Composed | None, files: Sequence[StoredFile],
    pk: int | None, now: datetime, lifetime: timedelta, error: str = "",
) -> None:  # fmt: skip
    """Its row: pending, due when the delay ends; or suppressed with its reason, where nothing was composed."""
    ready = composed or Composed("", facts.title, "", "", (), "", "")
    delayed = DELAYED if notice.delay else ""
    row: dict[str, Any] = {
        "dedup": notice.dedup, "kind": notice.rule, "state": "pending" if composed else "suppressed",
        "reason": notice.suppressed or delayed, "mailbox": notice.mailbox, "group_name": facts.group,
        "case_id": facts.running, "delivery_id": None, "message_pk": pk, "to_key": notice.to.key,
        "to_domain": notice.to.key.rpartition("@")[2], "to": notice.to.address, "to_name": notice.to.name,
        "cc": [one.address for one in notice.also_to], "automatic": notice.automatic, "audience": notice.audience,
        "only_while": dict(notice.only_while), "files": [asdict(one) for one in files], "still_to": [],
        "attempts": 0, "created_at": now,
        "created_hour": int(now.timestamp() // 3600), "next_attempt_at": now + notice.delay if composed else None,
        "expires_at": now + notice.delay + lifetime, "claimed_at": None, "sent_at": None, "owner": "",
        "content_key": "", "in_reply_to": dict(ready.headers).get("In-Reply-To"),
        "message_id": ready.message_id or None, "from_name": ready.from_name, "from_address": ready.from_address,
        "last_error": clean_text(error), "subject": ready.subject, "headers": [list(one) for one in ready.headers],
        "text": ready.text, "html": ready.html,
    }  # fmt: skip
    conn.execute(sa.insert(t.outbox).values(row))
