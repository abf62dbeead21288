"""Acts that move a case along: start, wait, suspend, resume, resolve, close, cancel, undo, restart (L1, L5, L8)."""

from collections.abc import Mapping
from typing import Final

from mailcase.cases.statuses import Role, Status, StatusKind
from mailcase.life.acts.limits import line, one_of, words
from mailcase.life.acts.table import must, not_possible
from mailcase.life.acts.telling import agent_of, set_to_work, waited
from mailcase.life.asked import Asked
from mailcase.life.changes import Changes, Deed, Did, EndTask
from mailcase.life.follows import Was, follows
from mailcase.life.happening import What
from mailcase.life.refused import Refused
from mailcase.life.transitions import allowed

#: What becomes of open tasks when a case ends: the state that they get.
TASKS: Final = {"finish": "finished", "cancel": "cancelled", "leave": ""}


def start(asked: Asked) -> Changes:
    """In progress; the acting agent becomes assignee and the customer is told (L1)."""
    must(asked, "start")
    agent = agent_of(asked, "start")
    to = asked.role(Role.IN_PROGRESS)
    events = (_moved(asked, to, "start"), *_taken(asked, agent.key))
    values = {**status_values(asked, to), "assignee": agent.key}
    return Changes(values, events, happened=(What.IN_PROGRESS,))


def wait(asked: Asked, question: str = "") -> Changes:
    """Waiting for the customer, who is told, with what is asked of him (L7)."""
    must(asked, "wait")
    text = words(question, "question", needed=False)
    to = asked.role(Role.WAITING)
    event = _moved(asked, to, "wait", **({"text": text} if text else {}))
    return Changes(status_values(asked, to), (event,), happened=(What.WAITING,), text=text)


def suspend(asked: Asked, reason: str, status: str = "") -> Changes:
    """Paused for a reason of ours; the customer is not told. `status` names a paused one.

    Without it that is the first one without a role, so that nobody takes it for waiting; where there is none, that one.
    """
    must(asked, "suspend")
    why = line(reason, "reason")
    to = _paused(asked, status) if status else _first_paused(asked)
    return Changes(status_values(asked, to), (_moved(asked, to, "suspend", text=why),))


def resume(asked: Asked) -> Changes:
    """In progress again, from a paused status; nobody is told."""
    must(asked, "resume")
    to = asked.role(Role.IN_PROGRESS)
    return Changes(status_values(asked, to), (_moved(asked, to, "resume"),))


def resolve(asked: Asked, solution: str, article: str = "", tasks: str = "") -> Changes:
    """Resolved, with the solution, which the customer is told (L3); open tasks end as `tasks` says."""
    must(asked, "resolve")
    text = words(solution, "solution")
    link = line(article, "article", needed=False)
    deeds = _ended_tasks(asked, tasks, asks=True)
    to = asked.role(Role.RESOLVED)
    event = _moved(asked, to, "resolve", solution=text, **({"article": link} if link else {}))
    values = {**status_values(asked, to), "solution": text, "article": link}
    return Changes(values, (event,), deeds, (What.RESOLVED,), text)


def close(asked: Asked, reason: str = "", tasks: str = "leave") -> Changes:
    """Closed, with the reason given, else the status's own (L8)."""
    must(asked, "close")
    to = asked.role(Role.CLOSED)
    return _ended(asked, to, "close", reason, tasks, What.CLOSED)


def cancel(asked: Asked, reason: str = "", tasks: str = "leave") -> Changes:
    """Canceled; the customer is told, and the status that it had can come back (L5)."""
    must(asked, "cancel")
    to = asked.role(Role.CANCELED)
    done = _ended(asked, to, "cancel", reason, tasks, What.CANCELED)
    return Changes({**done.values, "status_before": asked.on.status}, done.events, done.deeds, done.happened, done.text)


def undo_cancel(asked: Asked) -> Changes:
    """Back to the status that it had (L5); who works on it is told that it is open again."""
    must(asked, "undo-cancel")
    to = asked.policy.statuses.find(asked.on.status_before)
    if to is None:
        because = f"{asked.on.status_before}, which it was, is no status any more"
        raise Refused(not_possible(asked, "undo-cancel", because))
    values = {**status_values(asked, to), "closing_reason": ""}
    event = _moved(asked, to, "undo-cancel", **_was(asked, values))
    return Changes(values, (event,), happened=set_to_work(asked, to))


def restart(asked: Asked) -> Changes:
    """Reopened by hand: the only way out of a final status (L8); who works on it is told that it is open again."""
    must(asked, "restart")
    to = asked.role(Role.REOPENED)
    values = {**status_values(asked, to), "closing_reason": ""}
    event = _moved(asked, to, "restart", **_was(asked, values))
    return Changes(values, (event,), happened=set_to_work(asked, to))


def status_values(asked: Asked, to: Status) -> dict[str, object]:
    """The status, and the columns that follow from it."""
    was = Was(asked.status.kind, asked.on.resolved_at, asked.on.closed_at)
    return {"status": to.name, **follows(to.kind, asked.now, was)}


def _was(asked: Asked, values: Mapping[str, object]) -> dict[str, object]:
    """What is dropped and stands in no line of the history, as it was: `from_closed_at` and the like."""
    on = asked.on
    at = {"resolved_at": on.resolved_at, "closed_at": on.closed_at}
    was: dict[str, object] = {"from_reason": on.closing_reason} if on.closing_reason else {}
    return was | {f"from_{name}": when.isoformat() for name, when in at.items() if when and values[name] is None}


def _moved(asked: Asked, to: Status, act: str, **more: object) -> Did:
    """The line of a status that changes; leaving a paused one says how long it was so (L7)."""
    return Did("status", {"from": asked.on.status, "to": to.name, "act": act, **more, **waited(asked)})


def _taken(asked: Asked, key: str) -> tuple[Did, ...]:
    on = asked.on
    if on.assignee == key:
        return ()
    data = {"from": on.assignee, "to": key, "from_group": on.assignee_group, "to_group": on.assignee_group}
    return (Did("assigned", data),)


def _paused(asked: Asked, name: str) -> Status:
    names = [one.name for one in asked.policy.statuses.statuses if one.kind is StatusKind.PAUSED]
    found = asked.policy.statuses.find(name)
    wanted = found.name if found else one_of(name, names, "paused status")
    possible = {one.name: one for one in _paused_ways(asked)}
    if wanted not in possible:
        raise Refused(f"{asked.on.number} is {asked.on.status}: {wanted} is not possible; possible is {_or(possible)}")
    return possible[wanted]


def _first_paused(asked: Asked) -> Status:
    """The first without a role, which a house made for this; else that with role waiting."""
    ways = _paused_ways(asked)
    return next((one for one in ways if one.role is None), ways[0])


def _paused_ways(asked: Asked) -> tuple[Status, ...]:
    ways = allowed(asked.policy, asked.on.category, asked.on.status)
    return tuple(one for one in ways if one.kind is StatusKind.PAUSED)


def _or(names: Mapping[str, Status]) -> str:
    return " or ".join(names)


def _ended(asked: Asked, to: Status, act: str, reason: str, tasks: str, what: What) -> Changes:
    text = line(reason, "reason", needed=False)
    why = text or to.closing_reason
    event = _moved(asked, to, act, **({"text": text} if text else {}))
    values = {**status_values(asked, to), "closing_reason": why}
    return Changes(values, (event,), _ended_tasks(asked, tasks), (what,), text)


def _ended_tasks(asked: Asked, choice: str, *, asks: bool = False) -> tuple[Deed, ...]:
    """Open tasks finished, cancelled or left, as chosen; Refused where a choice is wanted and none was made."""
    open_, chosen = asked.on.open_tasks, one_of(choice or "leave", tuple(TASKS), "choice for open tasks")
    if not open_:
        return ()
    if not choice and asks:
        named = ", ".join(f"{one.id} {one.title}" for one in open_)
        ways = "--tasks finish, --tasks cancel or --tasks leave"
        raise Refused(f"{asked.on.number} has open tasks ({named}): what becomes of them? {ways}")
    return tuple(EndTask(one.id, TASKS[chosen]) for one in open_ if TASKS[chosen])
