"""Two contacts who are one person become one: addresses, cases and mails of both, and what waits for the customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.life.case_state import Actor
from mailcase.life.entries import FORMS, Entry, Kind
from mailcase.life.joining import address_named, joined, may_join
from mailcase.life.refused import Refused
from mailcase.policy import Policy
from mailcase.store import tables as t
from mailcase.store.life.acting import current
from mailcase.store.life.case_read import people
from mailcase.store.life.contacts_edit import ContactBook
from mailcase.store.life.register import Stored

EVENT: Final = "contact_merged"
_CONTACT: Final = "contact_id"
_WAITING: Final = ("pending", "sending")
_C, _CO, _AD, _M, _O = t.case.c, t.contact.c, t.contact_address.c, t.message.c, t.outbox.c
_FORM: Final = FORMS[Kind.CONTACT]


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of two contacts."""

    entry: Entry  # of the one who stays
    gone: str  # the address by which the other one was named
    cases: int  # of the other one
    mails: int


@dataclass(frozen=True, slots=True)
class Join:
    """Two contacts whom somebody takes for one."""

    stays: str  # an address
    goes: str
    actor: Actor
    policy: Policy
    now: datetime


def join(conn: Connection, wanted: Join) -> Joined:
    """Do it, in a transaction that the caller began; see `PeopleDoor.contacts_join`."""
    stays, goes = _both(conn, wanted)
    actor = current(wanted.actor, people(conn))
    may_join(actor, _organizations(conn, stays.id, goes.id), wanted.policy)
    entry = joined(stays.entry, goes.entry, wanted.goes)
    said = {"from": address_named(goes.entry, wanted.goes), "to": address_named(stays.entry, wanted.stays)}
    cases = _cases(conn, stays.id, goes.id, said, actor.name, wanted.now)
    moved = sa.update(t.message).where(_M.contact_id == goes.id).values(contact_id=stays.id)
    mails = conn.execute(moved).rowcount
    conn.execute(sa.update(t.contact_address).where(_AD.contact_id == goes.id).values(contact_id=stays.id))
    with_all = Stored(stays.id, {**stays.entry, "addresses": entry["addresses"]})
    saved = ContactBook().save(conn, with_all, entry, wanted.now)
    _since(conn, stays.id, goes.id)
    conn.execute(sa.delete(t.contact).where(_CO.id == goes.id))
    return Joined(saved.entry, said["from"], cases, mails)


def _both(conn: Connection, wanted: Join) -> tuple[Stored, Stored]:
    """Both, locked: a mail or an act that names one of them waits, or finds the other one afterwards.

    His cases come first, since acts go from the case to its contact; then both are read anew.
    """
    keys = [key_of(one) for one in (wanted.stays, wanted.goes)]
    his = sa.select(_C.running).join(t.contact_address, _AD.contact_id == _C.contact_id).where(_AD.key == keys[1])
    conn.execute(his.order_by(_C.running).with_for_update(of=t.case)).all()
    mine = sa.select(_AD.contact_id).where(_AD.key.in_(keys))
    conn.execute(sa.select(_CO.id).where(_CO.id.in_(mine)).order_by(_CO.id).with_for_update()).all()
    found = {key: one for one in ContactBook().load(conn, keys) for key in _FORM.keys(one.entry)}
    for key, given in zip(keys, (wanted.stays, wanted.goes), strict=True):
        if key not in found:
            raise Refused(f"there is no contact {given}: `mailcase contact list` shows all")
    stays, goes = (found[key] for key in keys)
    if stays.id == goes.id:
        raise Refused(f"{wanted.stays} and {wanted.goes} are addresses of one contact already")
    return stays, goes


def _since(conn: Connection, stays: int, goes: int) -> None:
    """He has been known for as long as the one of the two who came first: `replay` of then finds him."""
    both = sa.select(sa.func.min(_CO.created_at)).where(_CO.id.in_((stays, goes)))
    first = conn.execute(both).scalar_one()
    conn.execute(sa.update(t.contact).where(_CO.id == stays).values(created_at=first))


def _organizations(conn: Connection, *contacts: int) -> Sequence[str]:
    """Of all cases of these."""
    return conn.execute(sa.select(_C.organization).where(_C.contact_id.in_(contacts)).distinct()).scalars().all()


def _cases(conn: Connection, stays: int, goes: int, said: dict[str, str], actor: str, now: datetime) -> int:
    """The other one's cases are his, with a line each; their version tells mails under way."""
    his = sa.select(_C.running).where(_C.contact_id == goes).order_by(_C.running)
    cases = conn.execute(his.with_for_update()).scalars().all()
    if not cases:
        return 0
    _what_waits(conn, stays, goes)
    given = sa.update(t.case).where(_C.contact_id == goes)
    conn.execute(given.values(contact_id=stays, version=_C.version + 1))  # retention counts from updated_at: it stays
    line = {"at": now, "event": EVENT, "actor": actor, "delivery_id": None, "data": said}
    conn.execute(sa.insert(t.case_event), [{"case_id": one, **line} for one in cases])
    return len(cases)


def _what_waits(conn: Connection, stays: int, goes: int) -> None:
    """A delayed notice to the customer is for him still: he is the same person."""
    his = sa.select(_O.id, _O.only_while).join(t.case, _C.running == _O.case_id)
    waits: sa.Select[Any] = his.where(_C.contact_id == goes, _O.state.in_(_WAITING))
    for row in conn.execute(waits).all():
        if row.only_while.get(_CONTACT) == goes:
            values = {**row.only_while, _CONTACT: stays}
            conn.execute(sa.update(t.outbox).where(_O.id == row.id).values(only_while=values))
