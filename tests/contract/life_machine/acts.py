"""What each act does in the model: the mails owed, or None where it must be refused and change nothing."""

from collections.abc import Callable

from tests.contract.life_machine.model import Case, Mail, Model
from tests.contract.life_machine.people import AGENTS, GROUPS, MACHINE, OURS, ROOT
from tests.contract.life_machine.policy import (
    ACTIVE,
    BY_ACT,
    CANCELED,
    FINAL,
    OPEN,
    QUIET,
    WAIT,
)

Owed = list[Mail] | None


def fits(model: Model, case: Case, act: str, by: str, on: tuple[str, ...] = OPEN) -> bool:
    """What is asked of every act."""
    if not model.may(by):
        return False
    return act in QUIET or (case.status in on and not case.merged and not case.junk)


def move(model: Model, case: Case, act: str, by: str, tasks: str = "leave") -> Owed:
    """Start, wait, suspend, resume, resolve, close, cancel, restart."""
    to = BY_ACT[case.status].get(act)
    if to is None or not fits(model, case, act, by, (*OPEN, *FINAL)) or (act == "start" and by == ROOT):
        return None
    if act == "resolve" and case.tasks and not tasks:
        return None
    ends = act in ("resolve", "close", "cancel") and tasks in ("finish", "cancel")
    case.tasks = set() if ends else case.tasks
    case.before = {"cancel": case.status, "restart": ""}.get(act, case.before)
    case.status = to
    if act == "start":
        case.assignee = by
    if act == "restart":
        return model.moved(case, by, _set_to_work(model, case, by))
    return model.moved(case, by, model.told(_TELLS[act], case, by) if act in _TELLS else [])


_TELLS = {"start": "in_progress", "wait": "waiting", "resolve": "resolved", "close": "closed", "cancel": "canceled"}


def undo_cancel(model: Model, case: Case, _act: str, by: str, _tasks: str) -> Owed:
    """Back to the status that it had (L5)."""
    if not fits(model, case, "undo-cancel", by, (CANCELED,)) or not case.before:
        return None
    case.status, case.before = case.before, ""
    return model.moved(case, by, _set_to_work(model, case, by))


def _set_to_work(model: Model, case: Case, by: str) -> list[Mail]:
    """Whose it was is told that it is open again."""
    somebodys = case.status in ACTIVE and (case.assignee or case.group)
    return model.told("restarted", case, by) if somebodys else []


_ACTS = ("start", "wait", "suspend", "resume", "resolve", "close", "cancel", "restart")
#: All that changes a status, by one call: (model, case, act, actor, choice for open tasks).
STEPS: dict[str, Callable[[Model, Case, str, str, str], Owed]] = {
    **dict.fromkeys(_ACTS, move),
    "undo-cancel": undo_cancel,
}


def assign(model: Model, case: Case, by: str, agent: str | None, group: str | None) -> Owed:
    """To an agent, a group, or both (L2)."""
    if not fits(model, case, "assign", by) or (agent is None and group is None):
        return None
    if agent and agent not in model.active:
        return None
    to = case.assignee if agent is None else agent
    to_group = case.group if group is None else group
    if (to_group and group is not None and to_group not in GROUPS) or (to, to_group) == (case.assignee, case.group):
        return None
    members = [key for key in GROUPS.get(to_group, ()) if key in model.active]
    if group and to and to != case.assignee and to not in members:
        return None
    has_it_already = to == case.assignee and to in model.active
    case.assignee, case.group = to, to_group
    return model.moved(case, by, [] if has_it_already else model.handed(case, by))


def transfer(model: Model, case: Case, by: str, agent: str | None, group: str | None) -> Owed:
    """A group gets it without an assignee, unless one is named."""
    return assign(model, case, by, agent or "", group) if agent or group else None


def file(model: Model, case: Case, act: str, by: str, to: object) -> Owed:
    """Escalate, reclassify, priority, expected completion."""
    if not fits(model, case, act, by):
        return None
    if act == "escalate" and case.level == 9:
        return None
    if act == "escalate":
        case.level += 1
        return []
    if getattr(case, act) == to:
        return None
    setattr(case, act, to)
    return []


def reply(model: Model, case: Case, by: str) -> Owed:
    """To the customer, whoever he is: a person wrote it; the first is the first response."""
    if not fits(model, case, "reply", by):
        return None
    case.responded = case.responded or model.now
    return [Mail(case.number, "reply", (case.customer,))]


def word(model: Model, case: Case, act: str, by: str) -> Owed:
    """Reply, note, comment, urge."""
    if act == "reply":
        return reply(model, case, by)
    if act == "urge":
        urgent = fits(model, case, act, by, (*ACTIVE, WAIT)) and (case.assignee or case.group)
        return model.told("urged", case, by) if urgent else None
    if not fits(model, case, act, by):
        return None
    return model.told("commented", case, by) if act == "comment" else []


def attach(model: Model, case: Case, by: str) -> Owed:
    return [] if fits(model, case, "attach", by) else None


def give(model: Model, case: Case, by: str, customer: str) -> Owed:
    """Another customer, who is one of the case's people from now on; nobody is told."""
    if not fits(model, case, "contact", by) or customer in (case.customer, OURS):
        return None
    case.customer = customer
    case.people.add(customer)
    return []


def follow(model: Model, case: Case, by: str, agent: str) -> Owed:
    """The actor, or the agent named."""
    key = agent or by
    if not fits(model, case, "follow", by) or key not in model.active or key in case.followers:
        return None
    case.followers.add(key)
    return []


def unfollow(model: Model, case: Case, by: str, agent: str) -> Owed:
    """Also one who is disabled."""
    key = agent or by
    if not fits(model, case, "unfollow", by) or key not in case.followers:
        return None
    case.followers.discard(key)
    return []


def add_task(model: Model, case: Case, by: str, agent: str, made: int | None) -> Owed:
    """For an agent, who is told, or for whoever has the case."""
    if not fits(model, case, "task add", by) or (agent and agent not in model.active):
        return None
    case.tasks.add(made or 0)
    return model.told("task_given", case, by, agent) if agent else []


def end_task(model: Model, case: Case, by: str, task: int) -> Owed:
    if not fits(model, case, "task finish", by) or task not in case.tasks:
        return None
    case.tasks.discard(task)
    return []


def merge(model: Model, case: Case, by: str, into: Case) -> Owed:
    """Closed into the other; nobody is told, and those who followed follow that one."""
    apart = into is case or into.merged or into.is_final() or into.customer != case.customer
    if not fits(model, case, "merge", by) or apart:
        return None
    case.status, case.merged = BY_ACT[case.status]["merge"], into.number
    into.followers |= case.followers
    into.people |= case.people
    into.tasks |= case.tasks
    case.tasks = set()
    return []


def split(model: Model, case: Case, by: str, made: str, mail: int | None, routed: str) -> Owed:
    """A new case of a message or a text, for the group of the old one."""
    if not fits(model, case, "split", by):
        return None
    if mail is not None and (mail not in case.heard or not model.reads(by, case, mail)):
        return None
    if model.split.get(mail, set()) - {case.number}:
        return None
    new = Case(
        made, case.customer, group=case.group, priority=case.priority, category=case.category, by_person=case.by_person
    )
    if not case.group:
        model.place(new, routed, "")
    if mail is not None:
        sender, verified = case.heard[mail]
        new.heard[mail] = (sender, verified)
        model.split.setdefault(mail, set()).add(made)
        new.people |= {sender} & case.people if verified else set()
    return model.handed(model.add(new), by)


def parent(model: Model, case: Case, by: str, above: Case) -> Owed:
    """No case is above itself."""
    chain, at = {above.number}, above
    while at.parent:
        at = model.cases[at.parent]
        chain.add(at.number)
    if not fits(model, case, "parent", by) or case.number in chain or above.merged or case.parent == above.number:
        return None
    case.parent = above.number
    return []


def relate(model: Model, case: Case, by: str, other: Case) -> Owed:
    if not fits(model, case, "relate", by) or other is case or other.number in case.related:
        return None
    case.related.add(other.number)
    other.related.add(case.number)
    return []


def create(
    model: Model, wanted: Case, by: str, *, notify: bool, same: bool, direct: bool, named: bool, routed: str | None
) -> Owed:
    """By hand; `named`: an agent or a group was; `routed`: the word by which a rule assigns it, None: none does."""
    doubles = [
        one for one in model.cases.values()
        if (one.customer, one.category) == (wanted.customer, wanted.category) and not one.merged and not one.is_final()
    ]  # fmt: skip
    if not model.may(by) or (wanted.assignee and wanted.assignee not in model.active) or (doubles and not same):
        return None
    if direct and (named or wanted.group):
        return None
    if routed is not None:
        model.place(wanted, routed, "First line")
    model.add(wanted)
    if direct:
        wanted.responded = model.now
        owed = [Mail(wanted.number, "reply", (wanted.customer,))]
    else:
        owed = []
    return [*owed, *(model.told("made", wanted, by) if notify else []), *model.handed(wanted, by)]


Step = Callable[[Model, Case, str], Owed]
#: An agent's answer to a notice: what he writes, and the acts that it asks for.
BY_AGENT: dict[str, tuple[Step, ...]] = {
    "Please switch it off.": (reply,),
    "#note\nHe called twice.": (lambda model, case, by: word(model, case, "note", by),),
    "#comment Who knows it?": (lambda model, case, by: word(model, case, "comment", by),),
    "#close solved": (lambda model, case, by: move(model, case, "close", by),),
    "#close\nBye.": (reply, lambda model, case, by: move(model, case, "close", by)),
    "#start": (lambda model, case, by: move(model, case, "start", by),),
    "#resolve A new roller.": (lambda model, case, by: move(model, case, "resolve", by, ""),),
    "#wait Which model?": (lambda model, case, by: move(model, case, "wait", by),),
    "#assign me": (lambda model, case, by: assign(model, case, by, by, None),),
    "#assign Second line": (lambda model, case, by: assign(model, case, by, None, "Second line"),),
    "#priority High": (lambda model, case, by: file(model, case, "priority", by, "High"),),
    "#nonsense": (),
}

__all__ = ["AGENTS", "BY_AGENT", "MACHINE", "Owed"]
