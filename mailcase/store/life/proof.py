"""Why a notice's Message-ID proves nothing after all: others know it, or have known it."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from mailcase.actions import AgentActs
from mailcase.intake.among import not_among
from mailcase.life.people import Agent
from mailcase.store import aliases
from mailcase.store import tables as t
from mailcase.store.life.people import agents
from mailcase.store.work import Work

#: `outbox.german` has each of them.
KNOWN_TO: Final = "the notice that the mail answers is known to {who} too"
LEFT_GROUP: Final = "the notice that the mail answers went to a group, and somebody who had it is not in it any more"
_I, _M = t.citation.c, t.message.c


def why_known(work: Work, action: AgentActs) -> str:
    """Who else can have written this in the agent's name; "" where nobody, or where a server vouches for him."""
    if not action.proofs:
        return ""
    return _outside(work, action) or _gone(work, action)


def _outside(work: Work, action: AgentActs) -> str:
    """A mail that names the notice went to, or came from, somebody who is no agent."""
    citing = sa.select(_M.id, _M.participants).join(t.citation, _I.message_pk == _M.id)
    cited = sa.or_(_I.cited.in_(action.proofs), _I.cited.in_(aliases.named(action.proofs)))
    mine = citing.where(_I.group_name == work.lookup.group, cited)
    others = [row for row in work.conn.execute(mine) if row.id != work.message_pk]
    if not others:
        return ""
    named = {key for row in others for key in row.participants}
    away = work.judge.policy_of(work.delivery).not_ours(named)
    outside = sorted(not_among(away, {one.key for one in agents(work.conn)}))
    return KNOWN_TO.format(who=", ".join(outside[:3])) if outside else ""


def _gone(work: Work, action: AgentActs) -> str:
    """Each notice went to several agents of whom one is disabled now, or works in no group with the others."""
    policy = work.judge.policy_of(work.delivery)
    notices = sa.select(_M.participants).where(_M.message_id.in_(action.proofs), _M.direction == "out")
    told = [policy.not_ours(one) for one in work.conn.execute(notices).scalars()]
    if any(len(one) == 1 for one in told):
        return ""
    known = {one.key: one for one in agents(work.conn)}
    if any(_still_together([known.get(key) for key in one]) for one in told):
        return ""
    return LEFT_GROUP


def _still_together(had: Sequence[Agent | None]) -> bool:
    """Whether all of them are active and share a group."""
    there = [one for one in had if one is not None and one.active]
    return len(there) == len(had) > 0 and bool(set.intersection(*(set(one.groups) for one in there)))
