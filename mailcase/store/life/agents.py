"""Agents as entries: entered, changed and listed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.life.entries import FORMS, Entry, Kind, Refused
from mailcase.life.people import Agent
from mailcase.store import tables as t
from mailcase.store.life import people
from mailcase.store.life.register import Stored, texts

_A, _C, _G, _M = t.agent.c, t.case.c, t.agent_group.c, t.agent_group_member.c
_AD = t.contact_address.c
_PLAIN = ("address", "name", "language", "timezone", "role", "active")


class AgentBook:
    """See `register.Book`."""

    form = FORMS[Kind.AGENT]

    def load(self, conn: Connection, keys: Sequence[str] | None) -> list[Stored]:  # noqa: ARG002 - agents are few
        """All of them."""
        return [Stored(one.id, _entry(one)) for one in people.agents(conn)]

    def save(self, conn: Connection, old: Stored | None, new: Entry, now: datetime) -> Stored:
        """The row, and the groups he is in."""
        values = {name: new[name] for name in _PLAIN} | {"organizations": list(texts(new["organizations"]))}
        if old is None:
            row = {**values, "key": key_of(str(new["address"])), "created_at": now}
            agent = conn.execute(sa.insert(t.agent).values(row).returning(_A.id)).scalar_one()
        else:
            agent = old.id
            conn.execute(sa.update(t.agent).where(_A.id == agent).values(values))
        self._groups(conn, agent, texts(old.entry["groups"]) if old else (), texts(new["groups"]))
        return Stored(agent, new)

    def prepare(self, conn: Connection, said: Iterable[Entry], now: datetime) -> list[str]:
        """Groups that a file names are made: agents and groups name each other, and one file comes first."""
        known = people.group_names(conn)
        named = {group for one in said for group in texts(one.get("groups", ()))} - {*known}
        spelled: dict[str, str] = {}
        for group in (*known, *sorted(named)):
            if (other := spelled.setdefault(group.casefold(), group)) != group and group in named:
                raise Refused(f"column groups: {group} is written {other} elsewhere: write it in the same letters")
        rows = [{"name": one, "active": True, "created_at": now} for one in sorted(named)]
        if rows:
            conn.execute(sa.insert(t.agent_group), rows)
        return sorted(named)

    def _groups(self, conn: Connection, agent: int, old: Sequence[str], new: Sequence[str]) -> None:
        fresh, gone = sorted({*new} - {*old}), sorted({*old} - {*new})
        known = people.group_names(conn) if fresh else []
        for group in fresh:
            if group not in known:
                told = (
                    f"there is no group {group}; there are {', '.join(known) or 'none'}: `mailcase group add` makes one"
                )
                raise Refused(told, "groups")
        if fresh:
            conn.execute(sa.insert(t.agent_group_member), [{"of_group": one, "agent_id": agent} for one in fresh])
        conn.execute(sa.delete(t.agent_group_member).where(_M.agent_id == agent, _M.of_group.in_(gone)))


def _entry(agent: Agent) -> Entry:
    return {
        "address": agent.address, "name": agent.name, "language": agent.language, "timezone": agent.timezone,
        "role": agent.role.value, "groups": agent.groups, "organizations": agent.organizations, "active": agent.active,
    }  # fmt: skip


def listing(conn: Connection, final: Sequence[str]) -> list[dict[str, Any]]:
    """`agent list`, by name; `final` are the statuses whose cases are not open."""
    opened = open_cases(conn, _C.assignee, final)
    made = {row.id: row.created_at for row in conn.execute(sa.select(_A.id, _A.created_at))}
    return [
        {**_entry(one), "key": one.key, "open_cases": opened.get(one.key, 0), "created_at": made[one.id]}
        for one in people.agents(conn)
    ]


def cases_as_customer(conn: Connection, address: str, final: Sequence[str]) -> int:
    """How many open cases have the contact with this address; `final` are the statuses that are not open."""
    his = sa.select(_AD.contact_id).where(_AD.key == key_of(address))
    counted = sa.select(sa.func.count()).where(_C.contact_id.in_(his), _C.status.not_in(final))
    return int(conn.execute(counted).scalar_one())


def open_cases(conn: Connection, column: sa.ColumnElement[str], final: Sequence[str]) -> dict[str, int]:
    """How many cases without a final status each has in this column."""
    counted = sa.select(column, sa.func.count()).where(column != "", _C.status.not_in(final)).group_by(column)
    return {str(owner): int(count) for owner, count in conn.execute(counted)}
