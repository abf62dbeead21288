"""Every act on a case as a command of `mailcase case`."""

from typing import Final

import typer

from mailcase.cli import case_create, case_organization, case_progress, case_threads, case_words, case_work

#: In the order of the help.
COMMANDS: Final = (
    case_create.create,
    case_progress.start,
    case_work.assign,
    case_work.transfer,
    case_work.escalate,
    case_work.reclassify,
    case_work.contact,
    case_work.priority,
    case_work.expect,
    case_work.edit,
    case_words.reply,
    case_words.note,
    case_words.comment,
    case_words.attach,
    case_progress.wait,
    case_progress.suspend,
    case_progress.resume,
    case_progress.resolve,
    case_progress.close,
    case_progress.cancel,
    case_progress.undo_cancel,
    case_progress.restart,
    case_work.follow,
    case_work.unfollow,
    case_words.urge,
    case_threads.merge,
    case_threads.split,
    case_threads.parent,
    case_threads.relate,
    case_organization.organization,
)


def add_to(app: typer.Typer) -> None:
    """Make them commands of `mailcase case`, named as the functions are (undo-cancel)."""
    for one in COMMANDS:
        app.command(one.__name__.replace("_", "-"))(one)
    app.add_typer(case_words.task, name="task")
