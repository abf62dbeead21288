"""Handler of an agent's mail: the acts that it asks for, or an internal note of which the agent is told."""

from functools import partial
from typing import Final

import sqlalchemy as sa

from mailcase.actions import AgentActs
from mailcase.errors import ConfigError, Permanent
from mailcase.intake.addresses import without_tag
from mailcase.life.acts.limits import LONGEST_NOTE
from mailcase.life.acts.table import may_see, must
from mailcase.life.asked import Asked
from mailcase.life.by_agent import Rule, Step, steps
from mailcase.life.case_state import Actor
from mailcase.life.changes import Changes, Did
from mailcase.life.happened import key_of_mail
from mailcase.life.people import Agent
from mailcase.outbox.lines import cut
from mailcase.store import tables as t
from mailcase.store.hot import driver
from mailcase.store.life.acting import Order, act
from mailcase.store.life.case_life import KEPT, NOTE
from mailcase.store.life.notify import tell_agent
from mailcase.store.life.people import agent_by_key, agents
from mailcase.store.work import Work

_LONGEST_WHY: Final = 5_000  # characters: a reason may quote what the mail says

_I, _M, _C, _L = t.citation.c, t.message.c, t.case.c, t.case_message.c


def agent_acts(work: Work, action: AgentActs) -> None:
    """Do what the mail says in the agent's name; what is refused, or not surely his, is kept and he is told why.

    Everything is written in the savepoint of this mail: decided again after a Conflict, it is done once.
    """
    agent = agent_by_key(work.conn, action.agent)
    if agent is None:
        return
    work.write_histories()
    why = action.why_not or _why_known(work, action)
    if why:
        _keep(work, action, agent, why, verified=False)
    elif why := _done(work, action, agent):
        _keep(work, action, agent, why, verified=True)


def _why_known(work: Work, action: AgentActs) -> str:
    """Why the notice's id proves nothing: a mail that names it went to, or came from, somebody who is no agent."""
    if not action.proofs:
        return ""
    citing = sa.select(_M.id, _M.participants).join(t.citation, _I.message_pk == _M.id)
    mine = citing.where(_I.group_name == work.lookup.group, _I.cited.in_(action.proofs))
    others = [row for row in work.conn.execute(mine) if row.id != work.message_pk]
    if not others:
        return ""
    inside = {one.key for one in agents(work.conn)} | work.judge.policy_of(work.delivery).own_keys
    named = {key for row in others for key in row.participants}
    outside = sorted(key for key in named if not {key, without_tag(key)} & inside)
    return f"the notice that the mail answers is known to {', '.join(outside[:3])} too" if outside else ""


def _done(work: Work, action: AgentActs, agent: Agent) -> str:
    """All steps, as far as they are allowed; why not, of the first that is not. What was done before it stays done."""
    try:
        wanted = steps(action.text, action.files)
    except Permanent as error:
        return str(error)
    for number, step in enumerate(wanted):
        if why := _refused(work, action, agent, step):
            before = f" (done before: {', '.join(one.name for one in wanted[:number])})" if number else ""
            return f"{step.name}: {why}{before}"
    if any(one.name == NOTE for one in wanted):
        _is_note(work)
    work.queued = True
    return _left_out(action, wanted)


def _is_note(work: Work) -> None:
    """The mail stands on its cases as the note that it is: for those alone who may read that."""
    mine = sa.update(t.case_message).where(_L.message_pk == work.pk)
    work.conn.execute(mine.values(how=NOTE))


def _refused(work: Work, action: AgentActs, agent: Agent, step: Step) -> str:
    """One act; why it is refused, and then nothing of it is left."""
    driver(work.conn, "SAVEPOINT act")
    try:
        _act(work, action, Actor(agent.key, agent), step.rule)
    except (Permanent, ConfigError) as error:
        driver(work.conn, "ROLLBACK TO SAVEPOINT act")
        driver(work.conn, "RELEASE SAVEPOINT act")
        return str(error)
    driver(work.conn, "RELEASE SAVEPOINT act")
    return ""


def _left_out(action: AgentActs, did: tuple[Step, ...]) -> str:
    """The files that did not go to the customer, where words did."""
    names = {one.name for one in did}
    if "reply" in names:
        left = action.left_out
        return "\n".join(("the answer was sent without these files:", *left)) if left else ""
    if names & {"wait", "resolve"} and (action.files or action.left_out):
        left = (*(one.name for one in action.files), *action.left_out)
        return "\n".join(("the customer was told without these files, which go along with a reply alone:", *left))
    return ""


def _act(work: Work, action: AgentActs, actor: Actor, rule: Rule) -> None:
    case = work.snapshot.cases[action.case]
    policy = work.judge.policy_of(work.delivery)
    act(work.conn, None, work.judge, Order(case.number, actor, rule, policy, work.now))


def _keep(work: Work, action: AgentActs, agent: Agent, why: str, *, verified: bool) -> None:
    kept, why = action.text.strip()[: LONGEST_NOTE - 1], cut(why, _LONGEST_WHY)
    _act(work, action, Actor("mailcase"), partial(_kept, text=kept, agent=agent, why=why, verified=verified))
    _is_note(work)
    if work.delivery.backlog or work.delivery.no_ack or not _may_see(work, action, agent):
        return
    told = f"{why}\n\n{kept}"
    key = key_of_mail(work.snapshot)
    work.queued |= tell_agent(work.conn, work.judge, action.case, agent, KEPT, told, key, work.now)


def _kept(asked: Asked, text: str, agent: Agent, why: str, verified: bool) -> Changes:
    """An internal note that says whose mail it was, and why it went to nobody."""
    must(asked, "note")
    data = {"text": text or "(no text)", "agent": agent.key, "verified": verified, "reason": why}
    return Changes(events=(Did("note", data),))


def _may_see(work: Work, action: AgentActs, agent: Agent) -> bool:
    """A number can be guessed: who may not see the case is not told its title."""
    whose = sa.select(_C.organization).where(_C.running == action.case)
    policy = work.judge.policy_of(work.delivery)
    return may_see(policy, agent, str(work.conn.execute(whose).scalar_one()))
