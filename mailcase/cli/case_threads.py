"""`mailcase case merge|split|parent|relate`: acts on two cases."""

from typing import Annotated

import typer

from mailcase.cli.acting import Number, do, other, text_of
from mailcase.cli.state import As, state_of

Other = Annotated[str, typer.Argument(metavar="OTHER", help="The other case, such as SR-9.")]


def merge(
    context: typer.Context,
    number: Number,
    into: Annotated[str, typer.Option(metavar="OTHER", help="The case that stays, such as SR-9.")],
    as_: As = "",
) -> None:
    """Close it into another case of the customer; later mail to it goes there, and he is told nothing."""
    from mailcase.desk import cases

    settings = state_of(context).settings()
    do(context, number, as_, lambda desk, case, who: cases.merge(desk, case, who, other(settings, desk, into)))


def split(
    context: typer.Context,
    number: Number,
    message: Annotated[int | None, typer.Option(metavar="ID", help="A mail of it, as `message list` names it.")] = None,
    text: Annotated[str, typer.Option(help='A marked text; "-": standard input.')] = "",
    title: Annotated[str, typer.Option(help="Else the mail's subject, or the text's first line.")] = "",
    as_: As = "",
) -> None:
    """Make a new case of a mail or a text of this one; the mail stands on both."""
    from mailcase.desk import cases

    if message is None and not text:
        raise typer.BadParameter("what is to be split off? --message ID or --text TEXT")
    said = text_of(text)
    do(context, number, as_, lambda desk, case, who: cases.split(desk, case, who, message, said, title))


def parent(
    context: typer.Context,
    number: Number,
    of: Annotated[str, typer.Option(metavar="OTHER|none", help="The case above it; none: it has none any more.")],
    as_: As = "",
) -> None:
    """Put it below another case."""
    from mailcase.desk import cases

    settings = state_of(context).settings()

    def name(above: str) -> str:
        return "" if above == "none" else above

    do(
        context,
        number,
        as_,
        lambda desk, case, who: cases.parent(desk, case, who, name(of) and other(settings, desk, of)),
    )


def relate(context: typer.Context, number: Number, to: Other, as_: As = "") -> None:
    """Say that two cases belong together."""
    from mailcase.desk import cases

    settings = state_of(context).settings()
    do(context, number, as_, lambda desk, case, who: cases.relate(desk, case, who, other(settings, desk, to)))
