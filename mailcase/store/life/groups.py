"""Groups of agents as entries: entered, changed and listed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.life.entries import FORMS, Entry, Kind, Refused
from mailcase.store import tables as t
from mailcase.store.life.agents import open_cases
from mailcase.store.life.register import Stored, texts

_A, _C, _G, _M = t.agent.c, t.case.c, t.agent_group.c, t.agent_group_member.c


class GroupBook:
    """See `register.Book`."""

    form = FORMS[Kind.GROUP]

    def load(self, conn: Connection, keys: Sequence[str] | None) -> list[Stored]:  # noqa: ARG002 - groups are few
        """All of them, by name."""
        members: dict[str, list[str]] = {}
        joined = sa.join(t.agent_group_member, t.agent, _A.id == _M.agent_id)
        for row in conn.execute(sa.select(_M.of_group, _A.address).select_from(joined).order_by(_A.key)):
            members.setdefault(row.of_group, []).append(row.address)
        rows = conn.execute(sa.select(_G.name, _G.active).order_by(_G.name))
        return [
            Stored(row.name, {"name": row.name, "members": tuple(members.get(row.name, ())), "active": row.active})
            for row in rows
        ]

    def save(self, conn: Connection, old: Stored | None, new: Entry, now: datetime) -> Stored:
        """The row, and its members; where a round robin stands with those who stay is kept."""
        name = str(new["name"])
        if old is None:
            conn.execute(sa.insert(t.agent_group).values(name=name, active=new["active"], created_at=now))
        else:
            conn.execute(sa.update(t.agent_group).where(_G.name == name).values(active=new["active"]))
        before, after = (
            {key_of(one): one for one in texts(entry["members"])}
            for entry in (old.entry if old else {"members": ()}, new)
        )
        ids = _ids(conn, {**before, **after})
        fresh, gone = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
        if fresh:
            conn.execute(sa.insert(t.agent_group_member), [{"of_group": name, "agent_id": ids[one]} for one in fresh])
        left = _M.agent_id.in_([ids[one] for one in gone])
        conn.execute(sa.delete(t.agent_group_member).where(_M.of_group == name, left))
        return Stored(name, new)

    def prepare(self, conn: Connection, said: Iterable[Entry], now: datetime) -> list[str]:  # noqa: ARG002 - as Register asks
        """Nothing."""
        return []


def _ids(conn: Connection, wanted: dict[str, str]) -> dict[str, int]:
    """The agents with these address keys."""
    rows = conn.execute(sa.select(_A.key, _A.id).where(_A.key.in_(list(wanted))))
    found: dict[str, int] = {row.key: row.id for row in rows}
    for key, text in sorted(wanted.items()):
        if key not in found:
            raise Refused(f"{text} is no agent: `mailcase agent add {text} --name …` makes one", "members")
    return found


def listing(conn: Connection, final: Sequence[str]) -> list[dict[str, Any]]:
    """`group list`, by name; `final` are the statuses whose cases are not open."""
    opened = open_cases(conn, _C.assignee_group, final)
    made = {row.name: row.created_at for row in conn.execute(sa.select(_G.name, _G.created_at))}
    return [
        {**one.entry, "open_cases": opened.get(one.id, 0), "created_at": made[one.id]}
        for one in GroupBook().load(conn, None)
    ]
