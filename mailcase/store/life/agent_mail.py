"""Handler of an agent's mail: the acts that it asks for, or an internal note of which the agent is told."""

from dataclasses import replace

import sqlalchemy as sa

from mailcase.actions import AgentActs
from mailcase.errors import ConfigError, Permanent
from mailcase.life.by_agent import Rule, Step, steps
from mailcase.life.case_state import Actor
from mailcase.life.often import Often
from mailcase.life.people import Agent
from mailcase.store import tables as t
from mailcase.store.hot import driver
from mailcase.store.life.acting import Done, Order, act
from mailcase.store.life.addressee import answered
from mailcase.store.life.agent_told import Steps, Why, kept, left_over, not_told, partly_done, sent_to, told
from mailcase.store.life.case_life import NOTE
from mailcase.store.life.often import must_not_repeat
from mailcase.store.life.people import agent_by_key
from mailcase.store.life.proof import why_known
from mailcase.store.work import Work

_L = t.case_message.c


def agent_acts(work: Work, action: AgentActs) -> None:
    """Do what the mail says in the agent's name; what is refused, or not surely his, is kept and he is told why.

    Everything is written in the savepoint of this mail: decided again after a Conflict, it is done once.
    """
    agent = agent_by_key(work.conn, action.agent)
    if agent is None:
        return
    work.write_histories()
    if why := action.why_not or why_known(work, action):
        _keep(work, action, agent, Why(why), verified=False)
    elif refusal := _done(work, action, agent):
        _keep(work, action, agent, refusal, verified=True)


def _done(work: Work, action: AgentActs, agent: Agent) -> Why | None:
    """All steps, as far as they are allowed; what of the mail was not done. What was done before that stays done."""
    try:
        wanted = steps(action.text, action.files, answered(work.conn, action.case, action.answers))
    except Permanent as error:
        return Why(str(error))
    did: Steps = []
    for step in wanted:
        found = _tried(work, action, agent, step)
        if isinstance(found, Why):
            before = f" (done before: {', '.join(name for name, _ in did)})" if did else ""
            return replace(found, text=f"{step.name}: {found.text}{before}", sent_to=sent_to(did))
        did.append((step.name, found))
    if any(name == NOTE for name, _ in did):
        _is_note(work)
    work.queued = True
    left = "\n".join(one for one in (left_over(action, did), not_told(did)) if one)
    return Why(left, sent_to=sent_to(did)) if left else None


def _is_note(work: Work) -> None:
    """The mail stands on its cases as the note that it is: for those alone who may read that."""
    mine = sa.update(t.case_message).where(_L.message_pk == work.pk)
    work.conn.execute(mine.values(how=NOTE))


def _tried(work: Work, action: AgentActs, agent: Agent, step: Step) -> Done | Why:
    """One act; or why it is refused, and then nothing of it is left."""
    driver(work.conn, "SAVEPOINT act")
    try:
        done = _act(work, action, Actor(agent.key, agent), step.rule)
        if step.name == "reply":
            must_not_repeat(work.conn, action.case, agent.key, work.now)
    except (Permanent, ConfigError) as error:
        driver(work.conn, "ROLLBACK TO SAVEPOINT act")
        driver(work.conn, "RELEASE SAVEPOINT act")
        return Why(str(error), error.once if isinstance(error, Often) else "")
    driver(work.conn, "RELEASE SAVEPOINT act")
    return done


def _act(work: Work, action: AgentActs, actor: Actor, rule: Rule) -> Done:
    case = work.snapshot.cases[action.case]
    policy = work.judge.policy_of(work.delivery)
    return act(work.conn, None, work.judge, Order(case.number, actor, rule, policy, work.now))


def _keep(work: Work, action: AgentActs, agent: Agent, refusal: Why, *, verified: bool) -> None:
    """A note says what was not done, with the mail's words where none of them went to a customer; he is told."""
    note = partly_done(agent, refusal) if refusal.sent_to else kept(action, agent, refusal, verified=verified)
    _act(work, action, Actor("mailcase"), note)
    if not refusal.sent_to:
        _is_note(work)
    if not (work.delivery.backlog or work.delivery.no_ack):
        work.queued |= told(work, action, agent, refusal, verified=verified)
