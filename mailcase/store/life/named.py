"""Which groups and agents that the configuration names are not there; asked every few seconds."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.life import named
from mailcase.life.named import Gone, Named
from mailcase.store import tables as t
from mailcase.store.life.people import agents

_A, _G, _M = t.agent.c, t.agent_group.c, t.agent_group_member.c


def gone(conn: Connection, wanted: Sequence[Named]) -> tuple[Gone, ...]:
    """See `life.named.gone`; everybody is read only where somebody is gone."""
    if not wanted or not _lacks(conn, wanted):
        return ()
    groups = {row.name: bool(row.active) for row in conn.execute(sa.select(_G.name, _G.active).order_by(_G.name))}
    return named.gone(wanted, agents(conn), groups)


def _lacks(conn: Connection, wanted: Sequence[Named]) -> bool:
    """Whether one of them is not there; by the indexes of their keys."""
    groups = {one.key for one in wanted if one.kind == "group"}
    people = {one.key for one in wanted if one.kind == "agent"}
    at_work = sa.select(_M.of_group).join(t.agent, _A.id == _M.agent_id).join(t.agent_group, _G.name == _M.of_group)
    manned = at_work.where(_M.of_group.in_(groups), _A.active.is_(True), _G.active.is_(True)).distinct()
    active = sa.select(_A.key).where(_A.key.in_(people), _A.active.is_(True))
    return bool(groups.difference(conn.execute(manned).scalars()) or people.difference(conn.execute(active).scalars()))
