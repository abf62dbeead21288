"""Cases with what acts leave on them, written as rows: what lists, searches and statistics are asked about."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from mailcase.store import tables as t
from mailcase.store.life.case_filter import CaseFilter
from mailcase.store.store import Store
from tests.contract.store_kit import NOW, STATUSES, Desk, mail

KIM, LEE = "kim@helpdesk.example", "lee@helpdesk.example"


def open_case(desk: Desk, name: str, **over: Any) -> str:
    """A case made by a mail of that name, then changed by hand; its number."""
    columns = {key: over.pop(key) for key in list(over) if key in t.case.c and key not in ("subject", "text")}
    (made,) = desk.receive(mail(name, **over))
    number = str(made.case)
    if columns:
        change(desk.store, number, **columns)
    return number


def change(store: Store, number: str, **columns: Any) -> None:
    with store._engines.write() as conn:
        conn.execute(sa.update(t.case).where(t.case.c.number == number).values(columns))


def running_of(store: Store, number: str) -> int:
    with store._engines.read() as conn:
        return int(conn.execute(sa.select(t.case.c.running).where(t.case.c.number == number)).scalar_one())


def event(store: Store, number: str, what: str, /, at: datetime = NOW, actor: str = KIM, **data: Any) -> None:
    row = {"case_id": running_of(store, number), "at": at, "event": what, "actor": actor, "data": data}
    with store._engines.write() as conn:
        conn.execute(sa.insert(t.case_event), row)


def file(store: Store, number: str, content: bytes, name: str = "log.txt", message: int | None = None) -> str:
    """A file of the case, its bytes where raw mail lies; their hash."""
    from hashlib import sha256

    digest = sha256(content).hexdigest()
    row = {
        "case_id": running_of(store, number), "message_pk": message, "name": name, "type": "text/plain",
        "size": len(content), "sha256": digest, "at": NOW, "by": KIM,
    }  # fmt: skip
    store._raw.keep(store._engines, {digest: content})
    with store._engines.write() as conn:
        store._raw.put(conn, {digest: content})
        conn.execute(sa.insert(t.case_file), row)
    return digest


_PDF = {"type": "application/pdf", "size": 7, "sha256": "0" * 64, "part": ""}


def reply(store: Store, number: str, at: datetime, *, audience: str = "customer", state: str = "sent") -> int:
    """An agent's mail about the case, in its thread, with its row in the outbox; the message."""
    running = running_of(store, number)
    named = f"{number}-{at:%H%M%S}-{audience}-{state}"
    message = {
        "group_name": "default", "identity": f"out:{named}", "direction": "out", "kind": "own", "automatic": False,
        "sender_key": "support@helpdesk.example", "sender_name": "Help desk", "message_id": f"<{named}@x>",
        "sender_address": "support@helpdesk.example", "received_at": at, "subject": "Re: secret", "text": "secret",
        "html": "<p>secret</p>", "sender_unverified": False, "erased": False, "participants": [], "recipients": [],
        "in_reply_to": [], "references": [], "headers": [["Subject", "secret"]], "date_key": "", "fingerprint": "",
        "content_key": "", "beginning": "", "outcome": "", "reason": "", "new_text": "", "html_clean": "secret",
    }  # fmt: skip
    with store._engines.write() as conn:
        pk = conn.execute(sa.insert(t.message).returning(t.message.c.id), message).scalar_one()
        link = {"case_id": running, "message_pk": pk, "how": "sent", "linked_by": "", "verified": False, "at": at}
        conn.execute(sa.insert(t.case_message), link)
        conn.execute(sa.insert(t.outbox), _mail(running, pk, named, at, audience, state))
    return int(pk)


def notice(
    store: Store, number: str, at: datetime, to: str = KIM, state: str = "pending", told: str = "secret text"
) -> None:
    """A mail to an agent that is in no thread."""
    row = _mail(running_of(store, number), None, f"n-{number}-{at:%H%M%S}", at, "agent", state)
    with store._engines.write() as conn:
        conn.execute(sa.insert(t.outbox), {**row, "to": to, "to_key": to, "text": told})


def _mail(running: int, pk: int | None, name: str, at: datetime, audience: str, state: str) -> dict[str, Any]:
    return {
        "dedup": name, "kind": "reply", "state": state, "reason": "", "mailbox": "support", "group_name": "default",
        "case_id": running, "message_pk": pk, "to_key": "x@y.example", "to_domain": "y.example", "to": "x@y.example",
        "to_name": "", "cc": [], "automatic": audience == "agent", "audience": audience, "only_while": {},
        "still_to": [], "files": [{"name": "secret.pdf", **_PDF}], "attempts": 0, "created_at": at, "created_hour": 1,
        "expires_at": at, "next_attempt_at": None, "sent_at": at + timedelta(seconds=2) if state == "sent" else None,
        "owner": "", "content_key": "", "from_name": "", "from_address": "", "last_error": "",
        "subject": "secret subject", "headers": [["X", "secret"]], "text": "secret text", "html": "secret html",
        "message_id": f"<{name}@x>",
    }  # fmt: skip


def numbers(store: Store, **wanted: Any) -> list[str]:
    """The numbers that `case list` shows with this filter."""
    return [one["number"] for one in store.case_list(STATUSES, CaseFilter(**wanted))]
