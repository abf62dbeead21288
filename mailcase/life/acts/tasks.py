"""Tasks of a case: added, finished with a result, cancelled. Their ends are lines of the history."""

from datetime import datetime

from mailcase.life.acts.limits import line, not_past, words
from mailcase.life.acts.table import may_act, must
from mailcase.life.acts.telling import colleague
from mailcase.life.asked import Asked
from mailcase.life.case_state import Task
from mailcase.life.changes import AddTask, Changes, EndTask
from mailcase.life.happening import What
from mailcase.life.refused import Refused


def add_task(asked: Asked, title: str, agent: str = "", due_at: datetime | None = None) -> Changes:
    """A piece of work, for an agent, who is told, or for whoever has the case."""
    must(asked, "task add")
    assignee = colleague(asked, agent, "the task's assignee").key if agent else ""
    due = not_past(due_at, asked.now, "due date")
    what = line(title, "title")
    told = (What.TASK_GIVEN,) if assignee else ()
    return Changes(deeds=(AddTask(what, assignee, due),), happened=told, text=what, given=assignee, due_at=due)


def finish_task(asked: Asked, task: int, result: str = "") -> Changes:
    """Done, with its result."""
    _open(asked, task)
    must(asked, "task finish")
    return Changes(deeds=(EndTask(task, "finished", words(result, "result", needed=False)),))


def cancel_task(asked: Asked, task: int, reason: str = "") -> Changes:
    """Not to be done any more."""
    _open(asked, task)
    must(asked, "task cancel")
    return Changes(deeds=(EndTask(task, "cancelled", words(reason, "reason", needed=False)),))


def _open(asked: Asked, task: int) -> Task:
    may_act(asked)
    found = next((one for one in asked.on.tasks if one.id == task), None)
    if found is None:
        there = ", ".join(str(one.id) for one in asked.on.tasks) or "none"
        raise Refused(f"{asked.on.number} has no task {task}; its tasks are {there}")
    if found.state != "open":
        raise Refused(f"task {task} of {asked.on.number} is {found.state} already")
    return found
