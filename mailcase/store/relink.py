"""`message relink`: a person puts a mail on another case, and the same taken back (P2, P6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import Permanent
from mailcase.intake.among import not_among
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow, insert_new
from mailcase.store.relink_state import Place, case_rows, put_back, record, state_of

_D, _M, _C, _L, _R, _P = t.delivery.c, t.message.c, t.case.c, t.case_message.c, t.relink.c, t.case_participant.c
_O = t.outbox.c
#: Outcomes without a case that could be changed, with what to do instead.
_INSTEAD: Final = {
    None: "is not decided yet: `mailcase run --once` decides it",
    "quarantined": "is in quarantine: `mailcase quarantine retry {id}` takes it up again",
    "ignored": "was ignored ({reason}): `mailcase message accept {id} --case NUMBER` puts it on a case",
    "junk_case": "is junk ({reason}): `mailcase message accept {id} --case NUMBER` puts it on a case",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks for."""

    delivery_id: int
    number: str  # of the case it shall stand on
    actor: str
    own_keys: frozenset[str]  # our own addresses: never participants
    across_groups: bool  # [linking] link_across_groups


def relink(conn: Connection, wanted: Wanted, now: datetime) -> dict[str, Any]:
    """Put the mail on another case; see `RelinkDoor.relink`."""
    place = _place(conn, wanted.delivery_id)
    old, new = _cases(conn, place, wanted)
    before = state_of(conn, place)
    noted = place.outcome == "noted"
    for pk in (place.message_pk, *place.answers):
        _move(conn, pk, old, new, _link(before, pk, noted=noted), now)
    outcome = "noted" if noted else "linked"
    _set(conn, place, {"outcome": outcome, "reason": "manual", "sender_unverified": False}, new.running)
    joined = [] if noted else _join(conn, place, new, wanted.own_keys)
    told = f"{old.number} → {new.number}, by {wanted.actor}"
    record(conn, place, {"test": "by hand", "result": new.number, "evidence": told}, now, wanted.actor)
    after = {**state_of(conn, place), "joined": joined}
    row = {"message_pk": place.message_pk, "at": now, "actor": wanted.actor, "before": before, "after": after}
    conn.execute(sa.insert(t.relink), row)
    _events(conn, "relinked", place, (old, new), now, wanted.actor)
    return _told(conn, place, old, new)


def undo(conn: Connection, delivery_id: int, now: datetime, actor: str) -> dict[str, Any]:
    """Take the newest relinking of the mail back; see `RelinkDoor.undo_relink`."""
    place = _place(conn, delivery_id)
    newest = sa.select(t.relink).where(_R.message_pk == place.message_pk, _R.undone_at.is_(None))
    row = conn.execute(newest.order_by(_R.id.desc()).limit(1)).one_or_none()
    if row is None:
        raise Permanent(f"message {delivery_id} was not relinked: there is nothing to undo")
    after, current = row.after, state_of(conn, place)
    if any(current[part] != after[part] for part in ("delivery", "message", "links")):
        raise Permanent(
            f"message {delivery_id} was changed since it was relinked at {row.at:%Y-%m-%d %H:%M}: "
            "relink it to the case where it belongs"
        )
    left, back = case_rows(conn, [after["delivery"]["case_id"], row.before["delivery"]["case_id"]])
    put_back(conn, place, row.before)
    _leave(conn, place, left, after["joined"])
    told = f"{left.number} → {back.number}: the relinking was undone by {actor}"
    record(conn, place, {"test": "relink", "result": "undone", "evidence": told}, now, actor, row.before["outcome_id"])
    conn.execute(sa.update(t.relink).where(_R.id == row.id).values(undone_at=now))
    _events(conn, "relink_undone", place, (left, back), now, actor)
    return _told(conn, place, left, back)


def _place(conn: Connection, delivery_id: int) -> Place:
    """The delivery that decided the mail, locked; of a duplicate, that of the mail that came first."""
    asked = conn.execute(sa.select(_D.id, _D.outcome, _D.message_pk).where(_D.id == delivery_id)).one_or_none()
    if asked is None:
        raise Permanent(f"there is no message {delivery_id}")
    decided = asked.id
    if asked.outcome == "duplicate":
        decided = conn.execute(sa.select(_M.delivery_id).where(_M.id == asked.message_pk)).scalar_one()
    row = conn.execute(
        sa.select(_D.id, _D.outcome, _D.reason, _D.message_pk, _D.case_id).where(_D.id == decided).with_for_update()
    ).one()
    if row.outcome in _INSTEAD:
        raise Permanent(f"message {row.id} " + _INSTEAD[row.outcome].format(id=row.id, reason=row.reason))
    mail = conn.execute(sa.select(_M.group_name, _M.erased).where(_M.id == row.message_pk)).one_or_none()
    if mail is None or mail.erased or row.case_id is None:
        raise Permanent(f"message {row.id} was erased, or stands on no case: it cannot be relinked")
    return Place.of(conn, row, mail.group_name)


def _cases(conn: Connection, place: Place, wanted: Wanted) -> tuple[AnyRow, AnyRow]:
    """The case it stands on and the one it shall stand on, both locked."""
    target = conn.execute(sa.select(_C.running).where(_C.number == wanted.number)).scalar_one_or_none()
    if target is None:
        raise Permanent(f"there is no case {wanted.number}")
    if target == place.case_id:
        raise Permanent(f"message {place.delivery_id} stands on {wanted.number} already")
    old, new = case_rows(conn, [place.case_id, target])
    if new.merged_into_id is not None:
        into = conn.execute(sa.select(_C.number).where(_C.running == new.merged_into_id)).scalar_one()
        raise Permanent(f"{new.number} was merged into {into}: relink to {into}")
    if new.group_name != place.group and not wanted.across_groups:
        raise Permanent(
            f"{new.number} belongs to group {new.group_name}, the mail to {place.group}: "
            "set link_across_groups = true in [linking] to link across groups"
        )
    return old, new


def _link(before: Mapping[str, Any], pk: int, *, noted: bool) -> dict[str, Any]:
    """How the mail will stand on the new case; an answer of ours goes with the mail that it answers."""
    was = next((one for one in before["links"] if one["message_pk"] == pk and one["how"] == "sent"), None)
    if was is not None:
        return {"how": "sent", "linked_by": "manual", "verified": was["verified"]}
    return {"how": "noted" if noted else "linked", "linked_by": "manual", "verified": not noted}


def _move(conn: Connection, pk: int, old: AnyRow, new: AnyRow, values: Mapping[str, Any], now: datetime) -> None:
    """One link instead of another; where the mail was shown on the new case, that link is the one (P2)."""
    both = sa.delete(t.case_message).where(_L.message_pk == pk, _L.case_id.in_((old.running, new.running)))
    conn.execute(both)
    conn.execute(sa.insert(t.case_message), {"case_id": new.running, "message_pk": pk, "at": now, **values})


def _set(conn: Connection, place: Place, values: Mapping[str, Any], running: int) -> None:
    """The current outcome of the delivery and of the message."""
    conn.execute(sa.update(t.message).where(_M.id == place.message_pk).values(**values))
    more = {"case_id": running, "linked_by": "manual"}
    conn.execute(sa.update(t.delivery).where(_D.id == place.delivery_id).values(**values, **more))


def _join(conn: Connection, place: Place, new: AnyRow, own_keys: frozenset[str]) -> list[str]:
    """Who stands in From, To and Cc is a participant now: a person said so (B8); returns who was none before."""
    people = conn.execute(sa.select(_M.participants).where(_M.id == place.message_pk)).scalar_one()
    there = set(conn.execute(sa.select(_P.key).where(_P.case_id == new.running)).scalars())
    joined = sorted(one for one in not_among(people, own_keys) - there if "@" in one)
    if joined:
        conn.execute(insert_new(conn, t.case_participant), [{"case_id": new.running, "key": one} for one in joined])
    return joined


def _leave(conn: Connection, place: Place, left: AnyRow, joined: Sequence[str]) -> None:
    """Who became a participant by the relinking alone is none any more."""
    others = sa.select(_M.participants).select_from(sa.join(t.case_message, t.message, _M.id == _L.message_pk))
    others = others.where(_L.case_id == left.running, _L.verified.is_(True), _M.id != place.message_pk)
    kept = {key for keys in conn.execute(others).scalars() for key in keys}
    gone = [one for one in joined if one not in kept]
    conn.execute(sa.delete(t.case_participant).where(_P.case_id == left.running, _P.key.in_(gone)))


def _events(
    conn: Connection, event: str, place: Place, cases: tuple[AnyRow, AnyRow], now: datetime, actor: str
) -> None:
    """A line in the history of both cases; the version tells mails under way that the case changed."""
    old, new = cases
    data = {"mail": place.delivery_id, "from": old.number, "to": new.number}
    shared = {"at": now, "event": event, "actor": actor, "delivery_id": place.delivery_id, "data": data}
    conn.execute(sa.insert(t.case_event), [{"case_id": one.running, **shared} for one in sorted(cases)])
    touched = sa.update(t.case).where(_C.running.in_([one.running for one in cases]))
    conn.execute(touched.values(updated_at=now, version=_C.version + 1))


def _told(conn: Connection, place: Place, old: AnyRow, new: AnyRow) -> dict[str, Any]:
    mails = sa.select(sa.func.count()).select_from(t.case_message).where(_L.case_id == old.running)
    waits = sa.select(_C.number).join_from(t.outbox, t.case, _C.running == _O.case_id)
    waits = waits.where(_O.delivery_id == place.delivery_id, _O.state == "pending")
    return {
        "id": place.delivery_id, "from": old.number, "to": new.number, "answers": len(place.answers),
        "left": int(conn.execute(mails).scalar_one()), "from_status": old.status,
        "pending": list(conn.execute(waits).scalars()),
    }  # fmt: skip
