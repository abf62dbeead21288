"""The people of the machine's desk, its rules, and the store as a migration leaves it."""

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from mailcase.life.assignment import AssignmentRule
from mailcase.life.case_state import Actor
from mailcase.life.notice_rules import NoticeChange, merged
from mailcase.policy import Limit, Policy
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.builders import NOW, make_acknowledge, make_junk, make_mailbox
from tests.contract.life_machine.policy import DELAYED
from tests.life_kit import ANN, BEN, EVA, life_policy, make_agent

AGENTS: Final = (ANN, BEN, EVA)
ADMIN: Final = EVA
GROUPS: Final = {"First line": (ANN, BEN), "Second line": (EVA,)}
CUSTOMERS: Final = ("erin@visitor.example", "omar@visitor.example")
TEAM: Final = ("team@elsewhere.example",)
MACHINE, JUNKER = "noreply@monitor.example", "spam@bad.example"
ROOT: Final = "root"
#: Mail with this word is the second line's, and Eva's.
ROUTED: Final = "router"
#: And with this one the first line's, whose members take turns.
TURNS: Final = "scanner"
WORDS: Final = ("", ROUTED, TURNS)
OURS: Final = "support@helpdesk.example"


def rules() -> Policy:
    """The shipped ones, with a team, a rule that waits, an assignment rule and junk that makes cases."""
    box = make_mailbox(from_name="Help desk", assignee_group="First line", notify=TEAM)
    changes = [NoticeChange(name, delay=timedelta(minutes=minutes)) for name, minutes in DELAYED.items()]
    return life_policy(
        mailboxes={"support": box},
        notices=merged(changes),
        assignments=(
            AssignmentRule("routers", words=(ROUTED,), group="Second line", agent=EVA),
            AssignmentRule("scanners", words=(TURNS,), group="First line", pick="round_robin"),
        ),
        junk=make_junk(create_cases=True, blacklist="bad.example"),
        acknowledge=make_acknowledge(per_address=Limit(10_000, timedelta(hours=1))),
    )


def hire(store: Store) -> None:
    """Ann and Ben in First line; Eva, an admin, in Second line."""
    plain: dict[str, Any] = {"language": "", "timezone": "", "organizations": [], "active": True, "created_at": NOW}
    roles = dict.fromkeys(AGENTS, "agent") | {ADMIN: "admin"}
    with store._engines.write() as conn:
        rows = [{**plain, "key": key, "address": key, "name": key[:3].title(), "role": roles[key]} for key in AGENTS]
        conn.execute(sa.insert(t.agent), rows)
        conn.execute(sa.insert(t.agent_group), [{"name": one, "active": True, "created_at": NOW} for one in GROUPS])
        ids = {row.key: row.id for row in conn.execute(sa.select(t.agent))}
        members = [{"of_group": group, "agent_id": ids[key]} for group, keys in GROUPS.items() for key in keys]
        conn.execute(sa.insert(t.agent_group_member), members)


def enable(store: Store, key: str, active: bool) -> None:
    """An admin disables an agent, or lets him act again."""
    with store._engines.write() as conn:
        conn.execute(sa.update(t.agent).where(t.agent.c.key == key).values(active=active))


def actor(name: str) -> Actor:
    """Who acts, as he was looked up before he may have been disabled; the operator is no agent."""
    return Actor(name) if name == ROOT else Actor(name, make_agent(name))
