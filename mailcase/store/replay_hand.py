"""Doing again in a scratch store what people did by hand; what makes no sense in that other past is Permanent."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.cases.statuses import StatusTable
from mailcase.errors import Permanent
from mailcase.intake.addresses import key_of
from mailcase.store import edit
from mailcase.store import tables as t
from mailcase.store.aliases import learn
from mailcase.store.dialect import insert_new, insert_or_set
from mailcase.store.replay_acts import Act, Changed, Given, Hired, Made, Merged, Renamed, Told, customer_columns

_A, _C, _L, _M, _P = t.contact_address.c, t.case.c, t.case_message.c, t.message.c, t.case_participant.c
_STATUSES = StatusTable()  # for dates that no decision reads


def again(conn: Connection, act: Act) -> None:
    """Do it; Permanent where a case that it is about is not there."""
    match act:
        case Changed():
            edit.set_case(
                conn, number_of(conn, act.running), act.at, act.actor, {act.column: act.value}, None, _STATUSES
            )
        case Given():
            _give(conn, act)
        case Merged():
            _merge(conn, act)
        case Made():
            _make(conn, act)
        case Hired():
            conn.execute(sa.insert(t.agent), act.agent)
        case Told():
            _tell(conn, act)
        case Renamed():
            _rename(conn, act)


def number_of(conn: Connection, running: int | None) -> str:
    """The number of a case of the scratch store.

    Raises:
        Permanent: it is not there.
    """
    found = conn.execute(sa.select(_C.number).where(_C.running == running)).scalar_one_or_none()
    if found is None:
        raise Permanent(f"there is no case {running} in this past")
    return str(found)


def _tell(conn: Connection, act: Told) -> None:
    """The notice stands on its case, unless the decision of a mail has made it again."""
    number_of(conn, act.running)
    mail = act.message
    there = (_M.group_name == mail["group_name"], _M.identity == mail["identity"])
    if conn.execute(sa.select(_M.id).where(*there)).first() is not None:
        return
    pk = conn.execute(sa.insert(t.message).returning(_M.id), dict(mail)).scalar_one()
    link = {"case_id": act.running, "message_pk": pk, "how": act.how, "linked_by": "", "at": act.at}
    conn.execute(sa.insert(t.case_message), {**link, "verified": False})
    known = {"group_name": mail["group_name"], "msgid": mail["message_id"], "message_pk": pk}
    conn.execute(insert_or_set(conn, t.message_reference, "message_pk"), known)


def _rename(conn: Connection, act: Renamed) -> None:
    """Our mail is known by it, if it is there in this past too."""
    ours = (_M.group_name == act.group, _M.message_id == act.ours, _M.direction == "out")
    for pk in conn.execute(sa.select(_M.id).where(*ours)).scalars().all():
        learn(conn, pk, (act.other,), act.source, act.at)


def _give(conn: Connection, act: Given) -> None:
    number_of(conn, act.running)
    key = key_of(act.contact)
    if act.contact and customer_columns(conn, act.contact, "")["contact_id"] is None:
        row = {"name": act.contact, "language": "", "timezone": "", "active": True, "created_at": act.at}
        _new_contact(conn, {**row, "account_id": None}, {key: act.contact})
    values = customer_columns(conn, act.contact, act.account)
    mine = sa.update(t.case).where(_C.running == act.running)
    conn.execute(mine.values(**values, version=_C.version + 1))
    _join(conn, act.running, [key] if act.contact else [])


def _merge(conn: Connection, act: Merged) -> None:
    number_of(conn, act.running), number_of(conn, act.into)
    merged = sa.update(t.case).where(_C.running == act.running)
    conn.execute(merged.values(merged_into_id=act.into, version=_C.version + 1))
    take_along(conn, act.running, act.into)


def take_along(conn: Connection, running: int, into: int) -> None:
    """The people of a merged case are people of the other (B8), as `store.life.deeds` does it."""
    known = sa.select(_P.key).where(_P.case_id == running)
    own = sa.select(_A.key).join(t.case, _C.contact_id == _A.contact_id).where(_C.running == running)
    _join(conn, into, conn.execute(sa.union(known, own)).scalars().all())


def _join(conn: Connection, running: int, keys: Any) -> None:
    rows = [{"case_id": running, "key": key} for key in sorted(keys)]
    if rows:
        conn.execute(insert_new(conn, t.case_participant), rows)


def _make(conn: Connection, act: Made) -> None:
    if act.split_from is not None:
        number_of(conn, act.split_from)
    conn.execute(sa.insert(t.case), {**act.case, "contact_id": _contact(conn, act)})
    if act.split_from is not None and act.delivery is not None:
        _on_both(conn, act, act.split_from)


def _contact(conn: Connection, act: Made) -> int | None:
    """The one with one of the addresses, else a new one: mails decided again may have given them to another."""
    if act.contact is None:
        return None
    there = sa.select(_A.contact_id).where(_A.key.in_(sorted(act.addresses))).order_by(_A.contact_id).limit(1)
    found: int | None = conn.execute(there).scalar_one_or_none()
    if found is not None:
        return found
    return _new_contact(conn, {name: value for name, value in act.contact.items() if name != "id"}, act.addresses)


def _new_contact(conn: Connection, row: Mapping[str, Any], addresses: Mapping[str, str]) -> int:
    made = int(conn.execute(sa.insert(t.contact).returning(t.contact.c.id), row).scalar_one())
    rows = [{"key": key, "address": text, "contact_id": made} for key, text in addresses.items()]
    if rows:
        conn.execute(sa.insert(t.contact_address), rows)
    return made


def _on_both(conn: Connection, act: Made, origin: int) -> None:
    """The mail stands on the new case too, if it stands on the old one here."""
    joined = sa.join(t.message, t.case_message, _L.message_pk == _M.id)
    mine = sa.select(_M.id, _M.participants, _L.verified).select_from(joined)
    row = conn.execute(mine.where(_M.delivery_id == act.delivery, _L.case_id == origin)).one_or_none()
    if row is None:
        return
    running = act.case["running"]
    link = {"case_id": running, "message_pk": row.id, "how": "split", "linked_by": "manual", "at": act.at}
    conn.execute(sa.insert(t.case_message), {**link, "verified": row.verified})
    if row.verified:
        here = set(conn.execute(sa.select(_P.key).where(_P.case_id == origin)).scalars())
        _join(conn, running, here & set(row.participants))
