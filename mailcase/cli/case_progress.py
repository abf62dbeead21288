"""`mailcase case start|wait|suspend|resume|resolve|close|cancel|undo-cancel|restart`: acts that move a case along."""

from typing import Annotated

import typer

from mailcase.cli.acting import Number, do, text_of
from mailcase.cli.signing import unsigned
from mailcase.cli.state import As

Tasks = Annotated[str, typer.Option(metavar="finish|cancel|leave", help="What becomes of open tasks.")]


def start(context: typer.Context, number: Number, as_: As = "") -> None:
    """Begin to work on it: the agent becomes assignee, the customer is told."""
    from mailcase.desk import cases

    do(context, number, as_, cases.start)


def wait(
    context: typer.Context,
    number: Number,
    text: Annotated[str, typer.Option(help='What is asked of the customer; "-": standard input.')] = "",
    as_: As = "",
) -> None:
    """Wait for the customer, who is told; the clock of the resolution stands still."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.wait(desk, case, who, text_of(text)))
    unsigned(as_)


def suspend(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why it rests.")],
    status: Annotated[str, typer.Option(metavar="NAME", help="A paused one; else one without a role.")] = "",
    as_: As = "",
) -> None:
    """Let it rest for a reason of ours; the customer is not told."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.suspend(desk, case, who, reason, status))


def resume(context: typer.Context, number: Number, as_: As = "") -> None:
    """Go on after waiting."""
    from mailcase.desk import cases

    do(context, number, as_, cases.resume)


def resolve(
    context: typer.Context,
    number: Number,
    solution: Annotated[str, typer.Option(help='What the customer is told; "-": standard input.')],
    article: Annotated[str, typer.Option(metavar="LINK", help="An article that the solution rests on.")] = "",
    tasks: Tasks = "",
    as_: As = "",
) -> None:
    """Resolved, with the solution, which the customer is told."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.resolve(desk, case, who, text_of(solution), article, tasks))
    unsigned(as_)


def close(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="The closing reason, for us alone; else that of the status.")] = "",
    tasks: Tasks = "leave",
    as_: As = "",
) -> None:
    """Close it, as the customer is told; only restart leads out of it."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.close(desk, case, who, reason, tasks))


def cancel(
    context: typer.Context,
    number: Number,
    reason: Annotated[
        str,
        typer.Option(help="The closing reason; the customer reads it."),
    ] = "",
    tasks: Tasks = "leave",
    as_: As = "",
) -> None:
    """Cancel it; the customer is told."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.cancel(desk, case, who, reason, tasks))


def undo_cancel(context: typer.Context, number: Number, as_: As = "") -> None:
    """Take a cancel back: the case has the status that it had."""
    from mailcase.desk import cases

    do(context, number, as_, cases.undo_cancel)


def restart(context: typer.Context, number: Number, as_: As = "") -> None:
    """Reopen a case that is closed, canceled or resolved."""
    from mailcase.desk import cases

    do(context, number, as_, cases.restart)
