"""Agents who must not have a notice any more when its time has come: disabled, or of another organization (L6)."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.life.notice import ISOLATED
from mailcase.life.people import Agent
from mailcase.outbox.wire import wire_address
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.life.people import agent_by_key

_O, _C = t.outbox.c, t.case.c
AGENT_GONE: Final = "agent_gone"
#: What `gone` and `without` read of a row.
ASKED: Final = (_O.audience, _O.to, _O.cc, _O.to_name, _O.still_to)


def gone(conn: Connection, row: AnyRow) -> list[str]:
    """Which of a row's addresses must not have it; members who have it already are not asked for."""
    if row.audience != "agent":
        return []
    waiting = [one for one in (row.to, *row.cc) if not row.still_to or wire_address(one).text in row.still_to]
    found = [(one, agent_by_key(conn, key_of(one))) for one in waiting]
    whose = sa.select(_C.organization).where(_C.running == row.case_id)
    organization = str(conn.execute(whose).scalar() or "") if row.only_while.get(ISOLATED) else None
    return [one for one, agent in found if agent is not None and not _may(agent, organization)]


def _may(agent: Agent, organization: str | None) -> bool:
    """`organization`: of the case; None: organizations are not apart."""
    return agent.active and agent.may_have(organization or "", apart=organization is not None)


def without(conn: Connection, row: AnyRow, away: Sequence[str]) -> bool:
    """The row names those alone who may have it; False where nobody who waits for it is left, and nothing is done."""
    waiting = [one for one in row.still_to if one not in {wire_address(each).text for each in away}]
    left = [one for one in (row.to, *row.cc) if one not in away]
    if not (waiting if row.still_to else left):
        return False
    values: dict[str, Any] = {"still_to": waiting} if row.still_to else _to(conn, row, left)
    conn.execute(sa.update(t.outbox).where(_O.id == row.id).values(values))
    return True


def _to(conn: Connection, row: AnyRow, left: Sequence[str]) -> dict[str, Any]:
    first, key = left[0], key_of(left[0])
    agent = agent_by_key(conn, key)
    name = row.to_name if first == row.to else agent.name if agent else ""
    return {"to": first, "to_key": key, "to_domain": key.rpartition("@")[2], "to_name": name, "cc": list(left[1:])}
