"""What acts left on a case besides mail: kin, followers, tasks, files, notices; and who may read its notes."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.life.notice_rules import KEPT as KEPT
from mailcase.life.people import Agent
from mailcase.store import tables as t
from mailcase.store.life.erasure import ERASED_FILE

_C, _W, _T, _F, _O, _L = (
    t.case.c, t.case_follower.c, t.case_task.c, t.case_file.c, t.outbox.c, t.case_message.c,
)  # fmt: skip
_TASK = (
    _T.id, _T.title, _T.assignee, _T.due_at, _T.state, _T.result, _T.created_at, _T.created_by, _T.ended_at,
    _T.ended_by,
)  # fmt: skip
_FILE = (_F.id, _F.name, _F.type, _F.size, _F.sha256, _F.at, _F.by, _F.message_pk.label("message"))
_NOTICE = (
    _O.id, _O.kind, _O.audience, _O.to, _O.cc, _O.to_name, _O.subject, _O.state, _O.reason, _O.created_at, _O.sent_at,
)  # fmt: skip
#: Events that are not for everybody (issue 5, shipped), and how an agent's mail that holds one stands on a case.
NOTE: Final = "note"
#: The rule of the mail that tells an agent which of his was kept so, with its words.


def life_of(conn: Connection, running: int) -> dict[str, Any]:
    """Keys parent, children, merged_into, merged_from, followers, tasks, files, notices."""
    own = conn.execute(sa.select(_C.parent_id, _C.merged_into_id).where(_C.running == running)).one()
    return {
        "parent": next(iter(_numbers(conn, _C.running == own.parent_id)), None),
        "children": _numbers(conn, _C.parent_id == running),
        "merged_into": next(iter(_numbers(conn, _C.running == own.merged_into_id)), None),
        "merged_from": _numbers(conn, _C.merged_into_id == running),
        "followers": _rows(conn, sa.select(_W.key).where(_W.case_id == running).order_by(_W.at, _W.key), "key"),
        "tasks": _rows(conn, sa.select(*_TASK).where(_T.case_id == running).order_by(_T.id)),
        "files": _rows(
            conn, sa.select(*_FILE).where(_F.case_id == running, _F.type != ERASED_FILE).order_by(_F.id)
        ),
        "notices": _notices(conn, running),
    }  # fmt: skip


def _notices(conn: Connection, running: int) -> list[dict[str, Any]]:
    """Mails about the case that are not in its thread: to agents, and those that were kept back."""
    in_thread = sa.exists().where(_L.case_id == running, _L.message_pk == _O.message_pk)
    return _rows(conn, sa.select(*_NOTICE).where(_O.case_id == running, ~in_thread).order_by(_O.id))


def visible(events: Sequence[dict[str, Any]], assignee: str, viewer: Agent | None) -> list[dict[str, Any]]:
    """The events that the viewer may read: notes are for the assignee, admins and who wrote them.

    Args:
        events: of one case.
        assignee: its assignee's key.
        viewer: who looks; None: the system's owner, who sees all.
    """
    if viewer is None or sees_notes(assignee, viewer):
        return list(events)
    return [one for one in events if one["event"] != NOTE or viewer.key in _writers(one)]


def _writers(note: dict[str, Any]) -> tuple[str, ...]:
    """Who acted; of a mail that was kept, in whose name it came."""
    return (note["actor"], (note["data"] or {}).get("agent", ""))


def sees_notes(assignee: str, viewer: Agent) -> bool:
    """Whether he may read the notes of others on a case of that assignee."""
    return viewer.is_admin or viewer.key == assignee.lower()


def readable(assignee: str, viewer: Agent | None) -> sa.ColumnElement[bool]:
    """Which mails of a case the viewer may read: one that is a note is for those whom a note is for."""
    if viewer is None or sees_notes(assignee, viewer):
        return sa.true()
    told_of_one = sa.exists().where(_O.message_pk == _L.message_pk, _O.kind == KEPT, _O.to_key != viewer.key)
    return sa.and_(sa.or_(_L.how != NOTE, t.message.c.sender_key == viewer.key), ~told_of_one)


def _numbers(conn: Connection, which: sa.ColumnElement[bool]) -> list[str]:
    return list(conn.execute(sa.select(_C.number).where(which).order_by(_C.running)).scalars())


def _rows(conn: Connection, statement: sa.Select[Any], only: str = "") -> list[Any]:
    """Rows as plain dictionaries, or one column of them."""
    rows = conn.execute(statement).mappings()
    return [row[only] if only else dict(row) for row in rows]
