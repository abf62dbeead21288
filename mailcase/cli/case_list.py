"""`mailcase case list` and `case task list`: which cases and tasks there are, as tables."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import typer

from mailcase.cli import case_options as of
from mailcase.cli.output import print_json, print_table
from mailcase.cli.render_head import status_of
from mailcase.cli.state import State, reading
from mailcase.cli.viewing import view_of
from mailcase.cli.when import after
from mailcase.clock import utcnow
from mailcase.configuration.checks import status_table
from mailcase.store.life.case_filter import CaseFilter

if TYPE_CHECKING:
    from mailcase.cli.viewing import View

_CASES: Final = {
    "number": 16, "title": 44, "status": 32, "priority": 8, "category": 14, "contact": 40, "assignee": 28, "group": 20,
    "age": 8, "last_mail": 12, "message_count": 13,
}  # fmt: skip
_TASKS: Final = {"task": 8, "title": 44, "case": 16, "case_title": 40, "due": 16, "assignee": 28}


def show_cases(state: State, wanted: CaseFilter, by: str, *, mine: bool) -> None:
    """The cases of the filter as `by` sees them; `mine`: those that wait for him."""
    if mine and not by:
        raise typer.BadParameter("whose? --mine needs --as ADDRESS")
    settings, rows = state.settings(), []
    with reading(settings) as store:
        if store:
            view = view_of(settings, store, by)
            seen = _seen(wanted, view, mine=mine)
            rows = store.case_list(status_table(settings.cases), seen, of.configured(settings))
    if state.json:
        print_json(rows)
    else:
        empty = "there is no such case"
        if wanted == CaseFilter():
            empty = f"no case waits for {by}" if mine else "there are no cases yet"
        now = utcnow()
        print_table([_shown(one, now) for one in rows], _CASES, empty)


def _seen(wanted: CaseFilter, view: "View", *, mine: bool) -> CaseFilter:
    seen = replace(wanted, organizations=view.organizations)
    return replace(seen, mine=view.viewer.key, mine_of=view.viewer.groups) if mine and view.viewer else seen


def _shown(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """How old it is; an escalated case, and what may be a duplicate, shows it at its title."""
    level, mail = row["support_level"], row["last_mail_at"]
    marks = [*([f"[level {level}]"] if level else []), *(["[duplicate?]"] if row["possible_duplicate"] else [])]
    title = " ".join((*marks, row["title"]))
    ago = f"{after(mail, now)} ago" if mail else ""
    age = after(row["created_at"], now)
    shown = {"title": title, "status": status_of(row), "group": row["assignee_group"]}
    return {**row, **shown, "age": age, "last_mail": ago}


def show_tasks(state: State, assignee: str | None, by: str) -> None:
    """The open tasks of cases that have not ended, what is due first at the top."""
    settings, rows = state.settings(), []
    with reading(settings) as store:
        if store:
            view = view_of(settings, store, by)
            rows = store.task_list(status_table(settings.cases), of.key_or_nobody(assignee), view.organizations)
    if state.json:
        print_json(rows)
    else:
        print_table([{**one, "due": one["due_at"]} for one in rows], _TASKS, "there is no open task")
