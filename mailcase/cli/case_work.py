"""`mailcase case assign|transfer|escalate|reclassify|priority|expect|follow|unfollow`: whose it is, how it is filed."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailcase.cli.acting import Agent, Group, Number, do, zone_of
from mailcase.cli.state import As, state_of
from mailcase.cli.when import UNTIL, until

if TYPE_CHECKING:
    from mailcase.desk.desk import Desk
    from mailcase.life.case_state import Actor
    from mailcase.store.life.acting import Done

Follower = Annotated[str, typer.Option("--agent", metavar="ADDRESS", help="Somebody else than who acts.")]


def assign(context: typer.Context, number: Number, to: Agent = None, group: Group = None, as_: As = "") -> None:
    """Give it to an agent, a group, or both; they are told."""
    from mailcase.desk import cases

    if to is None and group is None:
        raise typer.BadParameter("to whom? --to ADDRESS or --group NAME")
    do(context, number, as_, lambda desk, case, who: cases.assign(desk, case, who, to, group))


def transfer(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why; it stands in the history.")],
    to: Agent = None,
    group: Group = None,
    as_: As = "",
) -> None:
    """Give it away with a reason; a group gets it without an assignee, unless one is named."""
    from mailcase.desk import cases

    if not to and not group:
        raise typer.BadParameter("to whom? --to ADDRESS or --group NAME")
    do(context, number, as_, lambda desk, case, who: cases.transfer(desk, case, who, reason, to, group))


def escalate(
    context: typer.Context,
    number: Number,
    level: Annotated[int | None, typer.Option(help="0 (none) to 9; else the next one.")] = None,
    as_: As = "",
) -> None:
    """Raise the support level, which is shown with the title."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.escalate(desk, case, who, level))


def reclassify(
    context: typer.Context, number: Number, category: Annotated[str, typer.Argument()], as_: As = ""
) -> None:
    """Put it into another category."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.reclassify(desk, case, who, category))


def priority(
    context: typer.Context,
    number: Number,
    to: Annotated[str, typer.Argument(metavar="Low|Medium|High|Critical")],
    as_: As = "",
) -> None:
    """Set its priority."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.priority(desk, case, who, to))


def expect(
    context: typer.Context,
    number: Number,
    at: Annotated[str, typer.Argument(metavar="TIME|none", help=UNTIL)],
    as_: As = "",
) -> None:
    """Say when it is expected to be done; not in the past."""
    from mailcase.desk import cases

    settings = state_of(context).settings()

    def act(desk: "Desk", case: str, who: "Actor") -> "Done":
        return cases.expect(desk, case, who, None if at == "none" else until(at, zone_of(settings, who.agent)))

    do(context, number, as_, act)


def follow(context: typer.Context, number: Number, agent: Follower = "", as_: As = "") -> None:
    """Be told what happens on it."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.follow(desk, case, who, agent))


def unfollow(context: typer.Context, number: Number, agent: Follower = "", as_: As = "") -> None:
    """Be told no longer."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.unfollow(desk, case, who, agent))
