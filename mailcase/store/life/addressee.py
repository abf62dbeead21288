"""Whom an agent's answer to a notice reaches: the one whose words the notice told, if the case knows him."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.life.by_agent import Answered
from mailcase.life.notice import Addressee, Thread
from mailcase.life.people import Person
from mailcase.reports import REPORTS
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.life import reached

#: Why an answer goes to nobody; `outbox.german` has each of them.
TOLD_OF: Final = "the notice told of {who}: nothing was sent; `mailcase case reply` writes to the customer of the case"
STRANGER: Final = "{who}, who is none of the people of {case}"
SOMEBODY: Final = "somebody who is none of the people of {case}"
_M, _L, _O, _C, _P, _AD, _CO = (
    t.message.c, t.case_message.c, t.outbox.c, t.case.c, t.case_participant.c, t.contact_address.c, t.contact.c,
)  # fmt: skip
_NOTICE: Final = sa.select(
    _M.id, _M.contact_id, _M.group_name, _M.text, sa.func.coalesce(_O.dedup, "").label("dedup"), _O.kind
).select_from(sa.outerjoin(t.message, t.outbox, _O.message_pk == _M.id))


def answered(conn: Connection, running: int, message_id: str) -> Answered:
    """What is to be known of the notice with that id before an answer to it goes out.

    The case may have another customer by now: it was merged, or `case contact` named one. And who wrote need not be
    the customer. An answer is for whoever's words were told, and for nobody else (P5).
    """
    notice = conn.execute(_NOTICE.where(_M.message_id == message_id, _M.direction == "out")).first()
    if notice is None:
        return Answered()
    mail = _told(conn, notice)
    if mail is not None:
        return _writer(conn, running, notice, mail)
    return _customer_then(conn, running, notice)


def _told(conn: Connection, notice: AnyRow) -> AnyRow | None:
    """The mail of somebody else that the notice tells of; its dedup is "notice:in:<group>:<identity>:<rule>:<to>".

    None where that is a report: no person wrote it, and what the notice tells of is the case.
    """
    begin = f"notice:in:{notice.group_name}:"
    if not notice.dedup.startswith(begin):
        return None
    identity = notice.dedup[len(begin) :].rpartition(f":{notice.kind}:")[0]
    ours = sa.exists().where(t.agent.c.key == _M.sender_key)
    found = sa.select(t.message).where(_M.group_name == notice.group_name, _M.identity == f"in:{identity}", ~ours)
    persons = _M.kind.not_in([one.value for one in REPORTS])
    return conn.execute(found.where(_M.direction == "in", persons).order_by(_M.id.desc()).limit(1)).first()


def _writer(conn: Connection, running: int, notice: AnyRow, mail: AnyRow) -> Answered:
    case, place = _case(conn, running), _place(conn, mail.sender_key)
    his = place.contact_id if place is not None else None
    if case.contact_id is not None and his == case.contact_id:
        return Answered(text=notice.text)
    if not _is_known(conn, running, mail.sender_key):
        return _nobody(notice, STRANGER.format(who=mail.sender_address or "nobody", case=case.number))
    person = Person(mail.sender_key, mail.sender_address, mail.sender_name, place.language if place else "")
    thread = Thread(mail.message_id, tuple(mail.references), mail.subject)
    return Answered(Addressee(person, thread, his), text=notice.text)


def _customer_then(conn: Connection, running: int, notice: AnyRow) -> Answered:
    """The case told of had a customer, who need not be that of today."""
    case = _case(conn, running)
    if notice.contact_id is None or case.contact_id in (None, notice.contact_id):
        return Answered(text=notice.text)
    mine = reached.named(running, notice.contact_id, _AD.key, _AD.address)
    place = conn.execute(mine).first()
    mail = _last_of(conn, running, notice.id, place.key) if place is not None else None
    if place is None or mail is None:
        return _nobody(notice, SOMEBODY.format(case=case.number))
    known = _place(conn, place.key)
    named, language = (known.name, known.language) if known is not None else ("", "")
    thread = Thread(mail.message_id, tuple(mail.references), mail.subject)
    return Answered(
        Addressee(Person(place.key, place.address, named, language), thread, notice.contact_id), text=notice.text
    )


def _nobody(notice: AnyRow, who: str) -> Answered:
    return Answered(why_not=TOLD_OF.format(who=who), text=notice.text)


def _case(conn: Connection, running: int) -> AnyRow:
    return conn.execute(sa.select(_C.number, _C.contact_id).where(_C.running == running)).one()


def _place(conn: Connection, key: str) -> AnyRow | None:
    """Whose address it is."""
    joined = sa.join(t.contact_address, t.contact, _CO.id == _AD.contact_id)
    found = sa.select(_AD.contact_id, _CO.name, _CO.language).select_from(joined).where(_AD.key == key)
    return conn.execute(found).first()


def _is_known(conn: Connection, running: int, key: str) -> bool:
    here = sa.select(_P.key).where(_P.case_id == running, _P.key == key)
    return conn.execute(here).first() is not None


def _last_of(conn: Connection, running: int, notice: int, key: str) -> AnyRow | None:
    """His newest mail on the case, or on the one that the notice told of."""
    told: Any = sa.select(_L.case_id).where(_L.message_pk == notice)
    here = sa.select(t.message).join(t.case_message, _L.message_pk == _M.id)
    mine = here.where(_M.sender_key == key, sa.or_(_L.case_id == running, _L.case_id.in_(told)))
    return conn.execute(mine.where(_M.direction == "in").order_by(_M.id.desc()).limit(1)).first()
