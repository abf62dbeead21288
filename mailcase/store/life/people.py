"""Reading agents and their groups: what acts, notices and assignment rules ask for."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.life.people import Agent, AgentRole
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow

_A, _G, _M = t.agent.c, t.agent_group.c, t.agent_group_member.c


def agent_by_key(conn: Connection, key: str) -> Agent | None:
    """The agent whose address has this key (`key_of`), active or not; None if there is none."""
    found = _agents(conn, _A.key == key)
    return found[0] if found else None


def agents(conn: Connection) -> list[Agent]:
    """All agents, active or not, by name and then address."""
    return _agents(conn)


def active_keys(conn: Connection) -> frozenset[str]:
    """The address keys of all active agents."""
    return frozenset(conn.execute(sa.select(_A.key).where(_A.active.is_(True))).scalars())


def active_members(conn: Connection, group: str) -> list[Agent]:
    """The active agents of an active group, by name; none of a group that is disabled or unknown."""
    members = sa.select(_M.agent_id).join(t.agent_group, _G.name == _M.of_group)
    mine = members.where(_M.of_group == group, _G.active.is_(True))
    return _agents(conn, _A.id.in_(mine), _A.active.is_(True))


def group_names(conn: Connection) -> list[str]:
    """The names of all groups, active or not, in their order."""
    return list(conn.execute(sa.select(_G.name).order_by(_G.name)).scalars())


def _agents(conn: Connection, *where: sa.ColumnElement[bool]) -> list[Agent]:
    rows = conn.execute(sa.select(t.agent).where(*where)).all()
    groups = _groups(conn, [row.id for row in rows] if where else None)
    return sorted((_agent(row, groups.get(row.id, ())) for row in rows), key=_by_name)


def _by_name(agent: Agent) -> tuple[str, str]:
    """As people sort; the databases differ on letters that are not ASCII."""
    return agent.name.casefold(), agent.key


def _groups(conn: Connection, ids: Sequence[int] | None) -> dict[int, tuple[str, ...]]:
    """The groups of these agents (None: of all), by agent."""
    asked: sa.Select[Any] = sa.select(_M.agent_id, _M.of_group).order_by(_M.of_group)
    found: dict[int, tuple[str, ...]] = {}
    for row in conn.execute(asked if ids is None else asked.where(_M.agent_id.in_(ids))):
        found[row.agent_id] = (*found.get(row.agent_id, ()), row.of_group)
    return found


def _agent(row: AnyRow, groups: tuple[str, ...]) -> Agent:
    return Agent(
        id=row.id,
        key=row.key,
        address=row.address,
        name=row.name,
        language=row.language,
        timezone=row.timezone,
        role=AgentRole(row.role),
        organizations=tuple(row.organizations),
        groups=groups,
        active=row.active,
    )
