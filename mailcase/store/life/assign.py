"""Carrying out an assignment rule: which agent of the group it is, in the transaction that makes the case."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.life.assignment import AssignmentRule, CaseToAssign, Member, pick
from mailcase.life.happening import What
from mailcase.life.people import Agent
from mailcase.ports import Judge
from mailcase.store import tables as t
from mailcase.store.dialect import is_sqlite
from mailcase.store.life.people import active_members, agent_by_key
from mailcase.store.tables_cases import ASSIGNED

_C, _G, _A = t.case.c, t.agent_group_member.c, t.contact_address.c


#: What of L2 can happen to a new case: one of them, or none.
OWNED: Final = (What.ASSIGNED, What.GROUP_ASSIGNED)


@dataclass(frozen=True, slots=True)
class Assigned:
    """Who has the case now: key of an agent, or ""; and a group, or ""."""

    assignee: str
    group: str


#: The advisory lock of who picks an agent ("turn").
_TURN: Final = 0x7475726E


def chosen(conn: Connection, rule: AssignmentRule, organization: str) -> str:
    """The key of the agent that the rule names or picks; "" for the group alone, or where nobody may have it."""
    if rule.agent:
        named = agent_by_key(conn, key_of(rule.agent))
        return named.key if named is not None and rule.may_give(named, organization) else ""
    if rule.pick == "none":
        return ""
    _one_at_a_time(conn)
    turns = _turns(conn, rule.group)
    members = [one for one in active_members(conn, rule.group) if rule.may_give(one, organization)]
    loads = _loads(conn, members, rule.open) if rule.pick == "least_loaded" else {}
    found = pick(rule, [Member(one, loads.get(one.key, 0), turns.get(one.id, 0)) for one in members])
    if found is None:
        return ""
    mine = sa.update(t.agent_group_member).where(_G.of_group == rule.group, _G.agent_id == found.id)
    conn.execute(mine.values(turn=max(turns.values()) + 1))  # a count: many cases of a batch have one moment
    return found.key


def _one_at_a_time(conn: Connection) -> None:
    """Who picks first picks alone until his transaction ends, so that two daemons see each other's turns and loads.

    One lock for all groups: with one each, two batches that need two of them would wait for each other.
    """
    if not is_sqlite(conn):
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN, 0)))


def _turns(conn: Connection, group: str) -> dict[int, int]:
    rows = conn.execute(sa.select(_G.agent_id, _G.turn).where(_G.of_group == group))
    return {row.agent_id: row.turn for row in rows}


def _loads(conn: Connection, members: Sequence[Agent], open_: Collection[str]) -> dict[str, int]:
    """How many open cases each has, found in the index alone, however many closed ones there are."""
    theirs = sa.select(_C.assignee, sa.func.count().label("cases")).where(_C.assignee.in_([one.key for one in members]))
    is_open = (ASSIGNED, _C.status.in_(sorted(open_)), _C.merged_into_id.is_(None))
    return {row.assignee: row.cases for row in conn.execute(theirs.where(*is_open).group_by(_C.assignee))}


def assign_by_rules(conn: Connection, judge: Judge, running: int, now: datetime) -> What | None:
    """Assign a case that an act has just made and that nobody was named for; its event tells the rule.

    Returns what of L2 that is: it has an assignee, or a group alone. None: no rule fits, or the case has an assignee.
    """
    case = conn.execute(sa.select(t.case).where(_C.running == running)).one()
    domain = _domain(conn, case.contact_id)
    asked = CaseToAssign(case.mailbox, case.category, domain, case.title, case.description, case.priority)
    rule = judge.assignment(asked) if not case.assignee else None
    if rule is None:
        return None
    made = Assigned(chosen(conn, rule, case.organization), rule.group or case.assignee_group)
    values = {"assignee": made.assignee, "assignee_group": made.group, "updated_at": now}
    conn.execute(sa.update(t.case).where(_C.running == running).values(values))
    event = {"case_id": running, "at": now, "event": "assigned", "actor": "mailcase", "delivery_id": None}
    conn.execute(sa.insert(t.case_event).values({**event, "data": assigned_event(rule, made, case.assignee_group)}))
    return What.ASSIGNED if made.assignee else What.GROUP_ASSIGNED if made.group else None


def assigned_event(rule: AssignmentRule, made: Assigned, group_before: str) -> dict[str, str]:
    """The data of the event `assigned`, with the rule that decided."""
    return {
        "from": "", "to": made.assignee, "from_group": group_before, "to_group": made.group, "rule": rule.name,
    }  # fmt: skip


def _domain(conn: Connection, contact_id: int | None) -> str:
    """Of the contact's first address, as an assignment rule names a sender's domain."""
    first = sa.select(_A.key).where(_A.contact_id == contact_id).order_by(_A.key).limit(1)
    found = conn.execute(first).scalar_one_or_none() if contact_id is not None else None
    return str(found or "").rpartition("@")[2]
