"""`contact forget`: what was stored of a person is overwritten; hashes stay, so that nothing comes back (B2)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.erasure import address_digests, erased_beginning, erased_identity
from mailcase.health.notices import KINDS
from mailcase.store import tables as t
from mailcase.store.aliases import forget, of_messages
from mailcase.store.dialect import insert_new
from mailcase.store.life.erasure import erase_work, note_words
from mailcase.store.person import Person, chunked
from mailcase.store.references import unnamed
from mailcase.store.scrub import GONE, scrub_histories, without

_M, _D, _C, _O = t.message.c, t.delivery.c, t.case.c, t.outbox.c
_R, _CI, _CO, _A = t.message_reference.c, t.citation.c, t.contact.c, t.attachment.c
#: What a message has of a person, and what stands there afterwards.
_MESSAGE: Final[dict[str, Any]] = {
    "date": None, "date_key": "", "fingerprint": "", "content_key": "", "in_reply_to": [],
    "references": [], "subject": "", "recipients": [], "participants": [], "text": "", "new_text": "",
    "html_clean": "", "html": "", "headers": [], "account_id": None, "erased": True,
}  # fmt: skip
_INBOUND: Final[dict[str, Any]] = {
    **_MESSAGE,
    "message_id": None,
    "sender_key": "",
    "sender_address": "",
    "sender_name": GONE,
    "reason": "erased",
}
_DELIVERY: Final[dict[str, Any]] = {
    "mail_from": None, "mail_to": None, "subject": None, "message_id": None, "date": None, "error": "",
}  # fmt: skip
_OUTBOX: Final[dict[str, Any]] = {
    "to_key": "", "to_domain": "", "to": "", "to_name": "", "cc": [], "content_key": "", "in_reply_to": None,
    "last_error": "", "subject": "", "headers": [], "text": "", "html": "", "files": [],
    "only_while": {}, "still_to": [],
}  # fmt: skip
_CASE: Final[dict[str, Any]] = {"description": "", "solution": "", "article": "", "account_id": None}
_WAITING: Final = ("pending", "sending")


def erase(conn: Connection, person: Person, key: bytes, now: datetime, actor: str) -> None:
    """Overwrite every row of the person; the raw bytes are the caller's.

    Args:
        conn: the write transaction.
        person: what `person.find` found in it.
        key: the token key that signs.
        now: the moment.
        actor: who does it, for the cases' histories.
    """
    words = _words(conn, person)
    scrub_histories(conn, person, words)
    _messages(conn, person, key)
    in_rows(
        person.deliveries, lambda some: conn.execute(sa.update(t.delivery).where(_D.id.in_(some)).values(_DELIVERY))
    )
    _outbox(conn, person)
    _notices(conn, person)
    _people(conn, person)
    erase_work(conn, person)
    _cases(conn, person, now, actor)
    note_words(conn)
    marks = [{"digest": one, "what": "address", "at": now} for one in address_digests(key, person.keys)]
    conn.execute(insert_new(conn, t.erased), marks)


def in_rows(values: Sequence[Any], work: Callable[[Sequence[Any]], object]) -> None:
    """Do the work for so many values at a time."""
    for start in range(0, len(values), 500):
        work(values[start : start + 500])


def _words(conn: Connection, person: Person) -> tuple[str, ...]:
    """What must not stand in a history any more: addresses, and ids of the mails that go."""
    inbound = person.received
    ids: list[str] = []
    in_rows(inbound, lambda some: ids.extend(conn.execute(sa.select(_M.message_id).where(_M.id.in_(some))).scalars()))
    return (*person.keys, *(one for one in ids if one))


def _messages(conn: Connection, person: Person, key: bytes) -> None:
    inbound = person.received
    rows: list[Any] = []
    columns = (_M.id, _M.group_name, _M.identity, _M.beginning)
    in_rows(inbound, lambda some: rows.extend(conn.execute(sa.select(*columns).where(_M.id.in_(some)))))
    for row in rows:
        mark = erased_identity(key, row.group_name, row.identity)
        begins = erased_beginning(key, row.group_name, row.beginning) if row.beginning else ""
        conn.execute(sa.update(t.message).where(_M.id == row.id).values(**_INBOUND, identity=mark, beginning=begins))
    ours = sa.update(t.message).values(_MESSAGE)
    in_rows(person.sent, lambda some: conn.execute(ours.where(_M.id.in_(some))))
    in_rows(person.messages, lambda some: conn.execute(sa.delete(t.attachment).where(_A.message_pk.in_(some))))
    others = [one for ids in of_messages(conn, person.sent).values() for one in ids]
    in_rows(person.sent, lambda some: forget(conn, some))
    _named_ids(conn, person, inbound, others)


def _named_ids(conn: Connection, person: Person, inbound: Sequence[int], others: Sequence[str]) -> None:
    """The ids of the person's mails, those that they alone name, and the `others` that relays gave to ours."""
    cited = sorted(set(chunked(conn, _CI.cited, _CI.message_pk, person.messages)))
    in_rows(person.messages, lambda some: conn.execute(sa.delete(t.citation).where(_CI.message_pk.in_(some))))
    in_rows(inbound, lambda some: conn.execute(sa.delete(t.message_reference).where(_R.message_pk.in_(some))))
    in_rows([*cited, *others], lambda some: conn.execute(unnamed(some)))


def _outbox(conn: Connection, person: Person) -> None:
    """Addresses and texts go; what still waits is never sent."""

    def blank(some: Sequence[int]) -> None:
        mine = _O.id.in_(some)
        stopped = {"state": "suppressed", "reason": "erased", "next_attempt_at": None}
        conn.execute(sa.update(t.outbox).where(mine, _O.state.in_(_WAITING)).values(stopped))
        mark = sa.literal("erased:") + sa.cast(_O.id, sa.String)
        conn.execute(sa.update(t.outbox).where(mine).values(**_OUTBOX, dedup=mark))

    in_rows(person.outbox, blank)


def _notices(conn: Connection, person: Person) -> None:
    """Mails to the administrators: a digest has names and subjects without the address, so all that left are emptied.

    What still waits loses the lines about the person.
    """
    mine = _O.kind.in_(KINDS)
    gone = sa.update(t.outbox).where(mine, _O.kind == "digest", _O.state.not_in(_WAITING), _O.text != "")
    conn.execute(gone.values(text=""))
    for row in conn.execute(sa.select(_O.id, _O.text, _O.last_error).where(mine)).all():
        text, error = (without(one, person.keys) for one in (row.text, row.last_error))
        if (text, error) != (row.text, row.last_error):
            conn.execute(sa.update(t.outbox).where(_O.id == row.id).values(text=text, last_error=error))


def _people(conn: Connection, person: Person) -> None:
    """The contact stays as a row without a name; he may write anew and is another one then."""
    for contact in person.contacts:
        values = {"name": f"erased contact {contact}", "language": "", "timezone": "", "account_id": None}
        conn.execute(sa.update(t.contact).where(_CO.id == contact).values(values))
    for table, column in (
        (t.contact_address, t.contact_address.c.key),
        (t.case_participant, t.case_participant.c.key),
        (t.suppression, t.suppression.c.key),
    ):
        conn.execute(sa.delete(table).where(column.in_(person.keys)))


def _cases(conn: Connection, person: Person, now: datetime, actor: str) -> None:
    """The person's cases stay as numbers; each case where he was tells that, without him."""
    rows: list[Any] = []
    columns = (_C.running, _C.contact_id)
    in_rows(person.cases, lambda some: rows.extend(conn.execute(sa.select(*columns).where(_C.running.in_(some)))))
    reason = sa.case((_C.closing_reason == "", ""), else_=GONE)  # an agent may have written it
    for row in rows:
        title = f"erased contact {row.contact_id}" if row.contact_id in person.contacts else GONE
        values = {**_CASE, "title": title, "closing_reason": reason, "updated_at": now, "version": _C.version + 1}
        conn.execute(sa.update(t.case).where(_C.running == row.running).values(values))
    told = {"at": now, "event": "contact_erased", "actor": actor, "delivery_id": None, "data": {}}
    if person.all_cases:
        conn.execute(sa.insert(t.case_event), [{"case_id": one, **told} for one in person.all_cases])
