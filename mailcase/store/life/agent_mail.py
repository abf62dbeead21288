"""Handler of an agent's mail: the acts that it asks for, or an internal note of which the agent is told."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import sqlalchemy as sa

from mailcase.actions import AgentActs
from mailcase.errors import ConfigError, Permanent
from mailcase.life.acts.limits import LONGEST_NOTE
from mailcase.life.acts.table import may_see, must
from mailcase.life.asked import Asked
from mailcase.life.by_agent import Rule, Step, steps
from mailcase.life.case_state import Actor
from mailcase.life.changes import Changes, Did
from mailcase.life.happened import key_of_mail
from mailcase.life.often import Often
from mailcase.life.people import Agent
from mailcase.outbox.lines import cut
from mailcase.store import tables as t
from mailcase.store.hot import driver
from mailcase.store.life.acting import Order, act
from mailcase.store.life.addressee import answered
from mailcase.store.life.case_life import KEPT, NOTE
from mailcase.store.life.notify import tell_agent
from mailcase.store.life.often import must_not_repeat
from mailcase.store.life.people import agent_by_key
from mailcase.store.life.proof import why_known
from mailcase.store.work import Work

_LONGEST_WHY: Final = 5_000  # characters: a reason may quote what the mail says

_C, _L = t.case.c, t.case_message.c


@dataclass(frozen=True, slots=True)
class _Why:
    """Why something of the mail was not done; he is told once for each `once`, "" of each mail."""

    text: str
    once: str = ""


def agent_acts(work: Work, action: AgentActs) -> None:
    """Do what the mail says in the agent's name; what is refused, or not surely his, is kept and he is told why.

    Everything is written in the savepoint of this mail: decided again after a Conflict, it is done once.
    """
    agent = agent_by_key(work.conn, action.agent)
    if agent is None:
        return
    work.write_histories()
    if why := action.why_not or why_known(work, action):
        _keep(work, action, agent, _Why(why), verified=False)
    elif refusal := _done(work, action, agent):
        _keep(work, action, agent, refusal, verified=True)


def _done(work: Work, action: AgentActs, agent: Agent) -> _Why | None:
    """All steps, as far as they are allowed; why not, of the first that is not. What was done before it stays done."""
    try:
        wanted = steps(action.text, action.files, answered(work.conn, action.case, action.answers))
    except Permanent as error:
        return _Why(str(error))
    for number, step in enumerate(wanted):
        if why := _refused(work, action, agent, step):
            before = f" (done before: {', '.join(one.name for one in wanted[:number])})" if number else ""
            return replace(why, text=f"{step.name}: {why.text}{before}")
    if any(one.name == NOTE for one in wanted):
        _is_note(work)
    work.queued = True
    left = _left_out(action, wanted)
    return _Why(left) if left else None


def _is_note(work: Work) -> None:
    """The mail stands on its cases as the note that it is: for those alone who may read that."""
    mine = sa.update(t.case_message).where(_L.message_pk == work.pk)
    work.conn.execute(mine.values(how=NOTE))


def _refused(work: Work, action: AgentActs, agent: Agent, step: Step) -> _Why | None:
    """One act; why it is refused, and then nothing of it is left."""
    driver(work.conn, "SAVEPOINT act")
    try:
        _act(work, action, Actor(agent.key, agent), step.rule)
        if step.name == "reply":
            must_not_repeat(work.conn, action.case, agent.key, work.now)
    except (Permanent, ConfigError) as error:
        driver(work.conn, "ROLLBACK TO SAVEPOINT act")
        driver(work.conn, "RELEASE SAVEPOINT act")
        return _Why(str(error), error.once if isinstance(error, Often) else "")
    driver(work.conn, "RELEASE SAVEPOINT act")
    return None


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


def _keep(work: Work, action: AgentActs, agent: Agent, refusal: _Why, *, verified: bool) -> None:
    kept, why = action.text.strip()[: LONGEST_NOTE - 1], cut(refusal.text, _LONGEST_WHY)
    _act(work, action, Actor("mailcase"), partial(_kept, text=kept, agent=agent, why=why, verified=verified))
    _is_note(work)
    if work.delivery.backlog or work.delivery.no_ack or not _may_see(work, action, agent):
        return
    told = f"{why}\n\n{kept}"
    key = refusal.once or key_of_mail(work.snapshot)
    work.queued |= tell_agent(
        work.conn, work.judge, action.case, agent, KEPT, told, key, work.now, verified=verified
    )  # fmt: skip


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
