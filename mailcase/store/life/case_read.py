"""A case as an act finds it: locked, with its tasks, followers, kin and since when it has its status."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import Permanent
from mailcase.life.asked import Mail
from mailcase.life.case_state import CaseState, People, Task
from mailcase.life.people import Agent
from mailcase.life.status_lines import STATUS_EVENTS
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.life import people as agents_of
from mailcase.store.life.case_life import readable

_C, _E, _L, _R, _T, _W, _M, _D = (
    t.case.c, t.case_event.c, t.case_message.c, t.case_relation.c, t.case_task.c, t.case_follower.c, t.message.c,
    t.delivery.c,
)  # fmt: skip
_SAME: Final = (
    "running", "number", "mailbox", "title", "description", "status", "priority", "category", "source", "contact_id",
    "account_id", "assignee", "assignee_group", "organization", "closing_reason", "first_kind", "version",
    "support_level", "expected_at", "first_response_at", "resolved_at", "closed_at", "status_before", "solution",
    "created_at",
)  # fmt: skip
_DEEPEST: Final = 1000  # steps upwards, whatever a store holds


def states(conn: Connection, numbers: Sequence[str], *, lock: bool = True) -> dict[str, CaseState]:
    """These cases, locked in one order everywhere, so that two acts on the same two never wait for each other.

    `lock`: whether they are to be changed.

    Raises:
        Permanent: one of them is not there.
    """
    wanted = sa.select(t.case).where(_C.number.in_(sorted(set(numbers)))).order_by(_C.running)
    rows = {row.number: row for row in conn.execute(wanted.with_for_update() if lock else wanted)}
    for number in numbers:
        if number not in rows:
            raise Permanent(f"there is no case {number}")
    return {number: _state(conn, row) for number, row in rows.items()}


def _state(conn: Connection, row: AnyRow) -> CaseState:
    running = row.running
    above = _ancestors(conn, row.parent_id)
    return CaseState(
        **{name: getattr(row, name) for name in _SAME},
        group=row.group_name,
        parent=row.parent_id,
        merged_into=row.merged_into_id,
        junk=_junk(conn, running),
        followers=frozenset(conn.execute(sa.select(_W.key).where(_W.case_id == running)).scalars()),
        tasks=_tasks(conn, running),
        status_since=status_since(conn, running) or row.created_at,
        parent_number=_number(conn, row.parent_id),
        merged_number=_number(conn, _end(conn, row.merged_into_id)),
        ancestors=frozenset(above),
        related=_related(conn, running),
    )


def _junk(conn: Connection, running: int) -> bool:
    junk = sa.select(_L.message_pk).where(_L.case_id == running, _L.how == "junk_case")
    return conn.execute(junk.limit(1)).one_or_none() is not None


def _tasks(conn: Connection, running: int) -> tuple[Task, ...]:
    columns = (_T.id, _T.title, _T.state, _T.assignee, _T.due_at)
    return tuple(Task(*row) for row in conn.execute(sa.select(*columns).where(_T.case_id == running).order_by(_T.id)))


def status_since(conn: Connection, running: int) -> datetime | None:
    """When the newest line of its history gave it a status; None where none has: it has the one it was made with."""
    lines = sa.select(_E.at).where(_E.case_id == running, _E.event.in_(STATUS_EVENTS))
    found: datetime | None = conn.execute(lines.order_by(_E.id.desc()).limit(1)).scalar_one_or_none()
    return found


def _related(conn: Connection, running: int) -> frozenset[int]:
    """Those related by hand, from either side."""
    by_hand = _R.relation == "related"
    here = sa.select(_R.other_id).where(_R.case_id == running, by_hand)
    there = sa.select(_R.case_id).where(_R.other_id == running, by_hand)
    return frozenset(conn.execute(sa.union(here, there)).scalars())


def _number(conn: Connection, running: int | None) -> str:
    if running is None:
        return ""
    return str(conn.execute(sa.select(_C.number).where(_C.running == running)).scalar_one())


def _ancestors(conn: Connection, parent: int | None) -> list[int]:
    return _walk(conn, parent, _C.parent_id)


def _end(conn: Connection, merged: int | None) -> int | None:
    """Where a chain of merged cases ends."""
    chain = _walk(conn, merged, _C.merged_into_id)
    return chain[-1] if chain else None


def _walk(conn: Connection, start: int | None, column: Any) -> list[int]:
    found: list[int] = []
    while start is not None and start not in found and len(found) < _DEEPEST:
        found.append(start)
        start = conn.execute(sa.select(column).where(_C.running == start)).scalar_one_or_none()
    return found


def people(conn: Connection) -> People:
    """All agents, and the groups that are active."""
    group = t.agent_group.c
    names = conn.execute(sa.select(group.name).where(group.active.is_(True)).order_by(group.name)).scalars()
    return People(tuple(agents_of.agents(conn)), tuple(names))


def mail_of(conn: Connection, on: CaseState, delivery: int, reader: Agent | None) -> Mail:
    """The message that this delivery brought; Permanent if it does not stand on the case, or is a note of others."""
    joined = sa.join(t.delivery, t.message, _M.id == _D.message_pk).join(t.case_message, _L.message_pk == _M.id)
    wanted = sa.select(_M.id, _M.subject, _M.new_text, _M.text).select_from(joined)
    row = conn.execute(
        wanted.where(_D.id == delivery, _L.case_id == on.running, readable(on.assignee, reader))
    ).one_or_none()
    if row is None:
        raise Permanent(
            f"message {delivery} does not stand on {on.number}: `mailcase message list` shows each mail's ID and case"
        )
    return Mail(row.id, row.subject, row.new_text or row.text, _split_into(conn, on.running, row.id))


def _split_into(conn: Connection, running: int, message_pk: int) -> str:
    """The newest other case that the mail was split off to, from whichever one."""
    links = sa.join(t.case_message, t.case, _C.running == _L.case_id)
    others = sa.select(_C.number).select_from(links).where(_L.message_pk == message_pk, _L.how == "split")
    found = conn.execute(others.where(_C.running != running).order_by(_C.running.desc()).limit(1))
    return str(found.scalar_one_or_none() or "")
