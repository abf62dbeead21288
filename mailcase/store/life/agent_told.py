"""What an agent is told of a mail of his that was not done as a whole: what went to the customer, and what did not."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import sqlalchemy as sa

from mailcase.actions import AgentActs
from mailcase.life.acts.limits import LONGEST_NOTE
from mailcase.life.acts.table import must
from mailcase.life.asked import Asked
from mailcase.life.by_agent import Rule
from mailcase.life.changes import Changes, Did
from mailcase.life.happened import key_of_mail
from mailcase.life.notice import UNVERIFIED
from mailcase.life.notice_rules import KEPT, PARTLY
from mailcase.life.people import Agent
from mailcase.life.reaching import asked_again, kept_from, reaches
from mailcase.outbox.lines import cut
from mailcase.store import tables as t
from mailcase.store.life.acting import Done, Told
from mailcase.store.life.notify import ToAgent, tell_agent
from mailcase.store.work import Work

#: Acts that were done, in order: each by its name.
Steps = list[tuple[str, Done]]
_LONGEST_WHY: Final = 5_000  # characters: a reason may quote what the mail says
#: Steps that bring the customer the agent's words.
_REPLY: Final = "reply"
_IN_A_NOTICE: Final = ("wait", "resolve")
#: Lines of what he is told; `outbox.german` has each of them.
KEPT_BACK: Final = "{step}: done, but {to} is not told ({reason})"
NO_MAIL: Final = "{step}: done, but the customer is not told (the case has no contact, or no rule tells him)"
WITHOUT: Final = "the answer goes out without these files:"
TOLD_WITHOUT: Final = "the customer is told without these files, which go along with a reply alone:"
_C = t.case.c


@dataclass(frozen=True, slots=True)
class Why:
    """Why something of the mail was not done; he is told once for each `once`, "" of each mail."""

    text: str
    once: str = ""
    sent_to: str = ""  # addresses that his words go to all the same


def sent_to(did: Sequence[tuple[str, Done]]) -> str:
    """Whom the words of these steps go to; "" where nobody gets one of them."""
    mails = (one for name, done in did if name in (_REPLY, *_IN_A_NOTICE) for one in _to_customers(done))
    return ", ".join(dict.fromkeys(one.to for one in mails if one.state != "suppressed"))


def not_told(did: Sequence[tuple[str, Done]]) -> str:
    """A line for each question or solution that stands on the case, and that its customer is not told."""
    return "\n".join(line for name, done in did if name in _IN_A_NOTICE for line in _not_told(name, done))


def _not_told(step: str, done: Done) -> Sequence[str]:
    """Of one step: where it has no mail to a customer at all, not even one that is kept back, that is said too."""
    mails = _to_customers(done)
    if not mails:
        return (NO_MAIL.format(step=step),)
    kept_back = ((one.to, one.reason.replace("_", " ")) for one in mails if one.state == "suppressed")
    return [KEPT_BACK.format(step=step, to=to, reason=reason) for to, reason in kept_back]


def _to_customers(done: Done) -> Sequence[Told]:
    return [one for one in done.told if one.audience == "customer"]


def left_over(action: AgentActs, did: Sequence[tuple[str, Done]]) -> str:
    """The files that did not go to the customer, where words did."""
    if not sent_to(did):
        return ""
    if any(name == _REPLY for name, _ in did):
        left = action.left_out
        return "\n".join((WITHOUT, *left)) if left else ""
    if action.files or action.left_out:
        left = (*(one.name for one in action.files), *action.left_out)
        return "\n".join((TOLD_WITHOUT, *left))
    return ""


def kept(action: AgentActs, agent: Agent, why: Why, *, verified: bool) -> Rule:
    """The rule that keeps the mail's words as an internal note: nobody but we has them."""
    return partial(_note, text=_words(action) or "(no text)", agent=agent, why=why, verified=verified)


def partly_done(agent: Agent, why: Why) -> Rule:
    """The rule that notes what was not done; the words stand on the case as the mail that they went in."""
    return partial(_note, text="", agent=agent, why=why, verified=True)


def _note(asked: Asked, text: str, agent: Agent, why: Why, verified: bool) -> Changes:
    """An internal note that says whose mail it was, and why all or a part of it went to nobody."""
    must(asked, "note")
    sent = {"sent": True} if why.sent_to else {}
    data = {"text": text, "agent": agent.key, "verified": verified, "reason": cut(why.text, _LONGEST_WHY), **sent}
    return Changes(events=(Did("note", data),))


def told(work: Work, action: AgentActs, agent: Agent, why: Why, *, verified: bool) -> bool:
    """One mail to him; whether it leaves. A case that is not his to see is not told: its number can be guessed."""
    organization = work.conn.execute(sa.select(_C.organization).where(_C.running == action.case)).scalar_one()
    policy = work.judge.policy_of(work.delivery)
    if not reaches(agent, organization, policy):
        return False
    reason, key = cut(why.text, _LONGEST_WHY), why.once or key_of_mail(work.snapshot)
    text = "" if why.sent_to else _words(action)
    # What is not surely his counts for itself: who writes in his name does not silence what he is told.
    marks = {**asked_again(policy), **({} if verified else {UNVERIFIED: True})}
    template = PARTLY if why.sent_to else KEPT
    mail = ToAgent(template, reason, text, key, marks, why.sent_to, kept_from(agent.key, policy))
    return tell_agent(work.conn, work.judge, action.case, agent, mail, work.now)


def _words(action: AgentActs) -> str:
    return action.text.strip()[: LONGEST_NOTE - 1]
