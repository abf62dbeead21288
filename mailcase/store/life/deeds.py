"""Handlers of what acts do besides setting columns: replies, files, followers, tasks, other cases."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from mailcase.errors import Permanent
from mailcase.life.changes import (
    AddFollower,
    AddParticipant,
    AddTask,
    Deed,
    Did,
    DropFollower,
    EndTask,
    File,
    PutFiles,
    Relate,
    SendReply,
    SplitOff,
    StoredFile,
    TakeAlong,
    TellOther,
)
from mailcase.store import tables as t
from mailcase.store.dialect import insert_new
from mailcase.store.life.assign import assign_by_rules
from mailcase.store.life.doing import Doing, act_key
from mailcase.store.life.making import insert_case
from mailcase.store.life.notify import send_reply

_C, _L, _M, _P, _T, _W = (
    t.case.c, t.case_message.c, t.message.c, t.case_participant.c, t.case_task.c, t.case_follower.c,
)  # fmt: skip


def carry_out(doing: Doing, deeds: Sequence[Deed]) -> None:
    """Do them in order, each with its line of history."""
    for deed in deeds:
        _HANDLERS[type(deed)](doing, deed)


def hash_of(file: File) -> str:
    """What the bytes of a file are found by."""
    return hashlib.sha256(file.content).hexdigest()


def _put(doing: Doing, files: Sequence[File], message_pk: int | None) -> None:
    """The rows of files whose bytes `keep` has put already, where they lie outside of the store."""
    rows = [
        {
            "case_id": doing.running, "message_pk": message_pk, "name": one.name, "type": one.type,
            "size": len(one.content), "sha256": hash_of(one), "at": doing.now, "by": doing.actor.name,
        }
        for one in files
    ]  # fmt: skip
    if not rows:
        return
    if doing.place is None:
        raise Permanent("an act that brings files needs the place where they are kept")
    doing.place.put(doing.conn, {hash_of(one): one.content for one in files})
    doing.conn.execute(sa.insert(t.case_file), rows)


def _put_files(doing: Doing, deed: PutFiles) -> None:
    _put(doing, deed.files, None)


def _send_reply(doing: Doing, deed: SendReply) -> None:
    stored = [StoredFile(one.name, one.type, len(one.content), hash_of(one)) for one in deed.files]
    stored += deed.parts
    pk = send_reply(doing.conn, doing.judge, doing.running, deed, stored, doing.actor, doing.key, doing.now)
    _put(doing, deed.files, pk)
    doing.replies.append(pk)
    doing.event(doing.running, Did("replied", {"message": pk}))


def _add_follower(doing: Doing, deed: AddFollower) -> None:
    row = {"case_id": doing.running, "key": deed.key, "at": doing.now}
    doing.conn.execute(insert_new(doing.conn, t.case_follower), row)


def _drop_follower(doing: Doing, deed: DropFollower) -> None:
    doing.conn.execute(sa.delete(t.case_follower).where(_W.case_id == doing.running, _W.key == deed.key))


def _add_participant(doing: Doing, deed: AddParticipant) -> None:
    _add_all(doing, t.case_participant, doing.running, [deed.key])


def _add_task(doing: Doing, deed: AddTask) -> None:
    row = {
        "case_id": doing.running, "title": deed.title, "assignee": deed.assignee, "due_at": deed.due_at,
        "state": "open", "result": "", "created_at": doing.now, "created_by": doing.actor.name, "ended_at": None,
        "ended_by": "",
    }  # fmt: skip
    made = int(doing.conn.execute(sa.insert(t.case_task).returning(_T.id), row).scalar_one())
    doing.task = made
    doing.event(doing.running, Did("task_created", {"task": made, "title": deed.title, "assignee": deed.assignee}))


def _end_task(doing: Doing, deed: EndTask) -> None:
    values = {"state": deed.state, "result": deed.result, "ended_at": doing.now, "ended_by": doing.actor.name}
    mine = sa.update(t.case_task).where(_T.id == deed.task, _T.case_id == doing.running)
    title = doing.conn.execute(mine.values(values).returning(_T.title)).scalar_one()
    doing.event(doing.running, Did(f"task_{deed.state}", {"task": deed.task, "title": title, "result": deed.result}))


def _relate(doing: Doing, deed: Relate) -> None:
    _relation(doing, doing.running, deed.other, deed.relation)


def _relation(doing: Doing, case: int, other: int, relation: str) -> None:
    row = {"case_id": case, "other_id": other, "relation": relation, "at": doing.now}
    doing.conn.execute(insert_new(doing.conn, t.case_relation), row)


def _tell_other(doing: Doing, deed: TellOther) -> None:
    doing.change(deed.other, deed.values)
    doing.event(deed.other, deed.did)


def _take_along(doing: Doing, deed: TakeAlong) -> None:
    """So that who was told of the one is told of the other, and who wrote there is no stranger here (B8)."""
    conn, here = doing.conn, doing.running
    followers = conn.execute(sa.select(_W.key).where(_W.case_id == here)).scalars().all()
    known = sa.select(_P.key).where(_P.case_id == here)
    own = sa.select(t.contact_address.c.key).join(t.case, _C.contact_id == t.contact_address.c.contact_id)
    participants = conn.execute(sa.union(known, own.where(_C.running == here))).scalars().all()
    _add_all(doing, t.case_follower, deed.other, followers, at=doing.now)
    _add_all(doing, t.case_participant, deed.other, participants)
    open_ = sa.update(t.case_task).where(_T.case_id == here, _T.state == "open")
    conn.execute(open_.values(case_id=deed.other))


def _add_all(doing: Doing, table: sa.Table, case: int, keys: Sequence[str], **more: object) -> None:
    rows = [{"case_id": case, "key": key, **more} for key in sorted(keys)]
    if rows:
        doing.conn.execute(insert_new(doing.conn, table), rows)


def _split_off(doing: Doing, deed: SplitOff) -> None:
    running, number = insert_case(doing.conn, doing.judge, deed.values, doing.now)
    doing.made = number
    data: Mapping[str, object] = {"message": deed.message_pk} if deed.message_pk is not None else {}
    doing.event(running, Did("created", {"by": doing.actor.name, "mailbox": deed.values["mailbox"]}))
    doing.event(running, Did("split", {"from": doing.number, **data}))
    doing.event(doing.running, Did("split", {"into": number, **data}))
    _relation(doing, running, doing.running, "split_from")
    _add_all(doing, t.case_participant, running, _customer_here(doing))
    if deed.message_pk is not None:
        _on_both(doing, running, deed.message_pk)
    placed = None if deed.values.get("assignee_group") else assign_by_rules(doing.conn, doing.judge, running, doing.now)
    doing.tell((placed,) if placed else deed.happened, running, act_key(running, 1))


def _customer_here(doing: Doing) -> Sequence[str]:
    """Those of the customer's addresses that are people of this case: there he is reached on the new one too."""
    place = t.contact_address.c
    his = sa.select(_P.key).join(t.contact_address, place.key == _P.key).join(t.case, _C.contact_id == place.contact_id)
    here = his.where(_P.case_id == doing.running, _C.running == doing.running)
    return doing.conn.execute(here).scalars().all()


def _on_both(doing: Doing, running: int, message_pk: int) -> None:
    """The message stands on the new case too, and who wrote it and to whom is a participant there, if he is here."""
    conn = doing.conn
    verified = conn.execute(
        sa.select(_L.verified).where(_L.case_id == doing.running, _L.message_pk == message_pk)
    ).scalar_one()
    row = {
        "case_id": running, "message_pk": message_pk, "how": "split", "linked_by": "manual", "verified": verified,
        "at": doing.now,
    }  # fmt: skip
    conn.execute(sa.insert(t.case_message), row)
    written = conn.execute(sa.select(_M.participants).where(_M.id == message_pk)).scalar_one()
    here = set(conn.execute(sa.select(_P.key).where(_P.case_id == doing.running)).scalars())
    if verified:
        _add_all(doing, t.case_participant, running, [key for key in written if key in here])


_HANDLERS: Final[Mapping[type, Callable[[Doing, Any], None]]] = {
    SendReply: _send_reply,
    PutFiles: _put_files,
    AddFollower: _add_follower,
    DropFollower: _drop_follower,
    AddParticipant: _add_participant,
    AddTask: _add_task,
    EndTask: _end_task,
    Relate: _relate,
    TellOther: _tell_other,
    TakeAlong: _take_along,
    SplitOff: _split_off,
}
