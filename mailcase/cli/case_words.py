"""`mailcase case reply|note|comment|attach|urge`: words and files on a case, and `case task` beside them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailcase.cli import case_options as of
from mailcase.cli.acting import Files, Number, do, files_of, text_of, zone_of
from mailcase.cli.signing import unsigned
from mailcase.cli.state import As, state_of
from mailcase.cli.when import UNTIL, until

if TYPE_CHECKING:
    from mailcase.desk.desk import Desk
    from mailcase.life.case_state import Actor
    from mailcase.store.life.acting import Done

Text = Annotated[str, typer.Argument(metavar="TEXT", help='The text; "-": standard input.')]
TaskId = Annotated[int, typer.Argument(metavar="TASK", help="As `case show` numbers it.")]

task = typer.Typer(no_args_is_help=True, help="Tasks of cases.")


def reply(
    context: typer.Context,
    number: Number,
    text: Text,
    file: Files = None,
    cc: Annotated[list[str] | None, typer.Option(metavar="ADDRESS", help="A copy; several may be named.")] = None,
    template: Annotated[str, typer.Option(metavar="NAME", help="What stands around the text.")] = "reply",
    as_: As = "",
) -> None:
    """Write to the customer, in the thread of the case."""
    from mailcase.desk import cases

    files, said = files_of(state_of(context).settings(), file), text_of(text)
    do(context, number, as_, lambda desk, case, who: cases.reply(desk, case, who, said, files, cc or (), template))
    unsigned(as_)


def note(context: typer.Context, number: Number, text: Text, as_: As = "") -> None:
    """An internal record: its assignee, admins and who wrote it see it."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.note(desk, case, who, text_of(text)))


def comment(context: typer.Context, number: Number, text: Text, as_: As = "") -> None:
    """A word to every agent who reads the case."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.comment(desk, case, who, text_of(text)))


def attach(
    context: typer.Context, number: Number, file: Annotated[list[Path], typer.Argument(metavar="PATH…")], as_: As = ""
) -> None:
    """Put files onto it, within [attachments]."""
    from mailcase.desk import cases

    files = files_of(state_of(context).settings(), file)
    do(context, number, as_, lambda desk, case, who: cases.attach(desk, case, who, files))


def urge(
    context: typer.Context,
    number: Number,
    text: Annotated[str, typer.Option(help='What the assignee is told; "-": standard input.')] = "",
    as_: As = "",
) -> None:
    """Send its assignee, else its group, a mail that it cannot wait."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.urge(desk, case, who, text_of(text)))


@task.command("add")
def add(
    context: typer.Context,
    number: Number,
    title: Annotated[str, typer.Argument(metavar="TITLE")],
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="An agent; else who has the case.")] = "",
    due: Annotated[str, typer.Option(metavar="TIME", help=UNTIL)] = "",
    as_: As = "",
) -> None:
    """A piece of work."""
    from mailcase.desk import cases

    settings = state_of(context).settings()

    def act(desk: "Desk", case: str, who: "Actor") -> "Done":
        at = until(due, zone_of(settings, who.agent)) if due else None
        return cases.add_task(desk, case, who, title, to, at)

    do(context, number, as_, act)


@task.command("list")
def list_(context: typer.Context, assignee: of.Assignee = None, as_: of.Viewer = "") -> None:
    """Open tasks of all cases, what is due first at the top; one that is given to nobody is for who has the case."""
    from mailcase.cli.case_list import show_tasks

    show_tasks(state_of(context), assignee, as_)


@task.command("finish")
def finish(
    context: typer.Context,
    number: Number,
    id_: TaskId,
    result: Annotated[str, typer.Option(help='What came of it; "-": standard input.')] = "",
    as_: As = "",
) -> None:
    """It is done."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.finish_task(desk, case, who, id_, text_of(result)))


@task.command("cancel")
def cancel(
    context: typer.Context,
    number: Number,
    id_: TaskId,
    reason: Annotated[str, typer.Option(help="Why it is not to be done.")] = "",
    as_: As = "",
) -> None:
    """It is not to be done any more."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.cancel_task(desk, case, who, id_, reason))
