"""`mailcase case assign|transfer|escalate|reclassify|contact|priority|expect|edit|follow|unfollow`: whose it is."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from mailcase.cli.acting import Agent, Group, Number, do, text_of, zone_of
from mailcase.cli.state import As, state_of
from mailcase.cli.when import UNTIL, until

if TYPE_CHECKING:
    from mailcase.desk.desk import Desk
    from mailcase.life.case_state import Actor
    from mailcase.store.life.acting import Done

_NOBODY: Final = "none"
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


def contact(
    context: typer.Context,
    number: Number,
    address: Annotated[str | None, typer.Argument(metavar="ADDRESS|none", help="Unknown: becomes a contact.")] = None,
    name: Annotated[str, typer.Option(help="Of a contact that is not known yet.")] = "",
    account: Annotated[str | None, typer.Option(metavar="NAME", help="Else the contact's; empty: none.")] = None,
    as_: As = "",
) -> None:
    """Give it to another customer: a contact, an account, or both; later mail goes there. Nobody is told."""
    from mailcase.desk import cases

    if address is None and account is None:
        raise typer.BadParameter("whose is it? ADDRESS, --account NAME, or both")
    if address not in (None, _NOBODY) and "@" not in address:
        raise typer.BadParameter(f"{address} is no address, such as jane@example.com; {_NOBODY}: no contact")
    to = "" if address == _NOBODY else address
    do(context, number, as_, lambda desk, case, who: cases.contact(desk, case, who, to, name, account))


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


def edit(
    context: typer.Context,
    number: Number,
    title: Annotated[str | None, typer.Option(help="Another title.")] = None,
    description: Annotated[str | None, typer.Option(help='Another description; "-": standard input.')] = None,
    as_: As = "",
) -> None:
    """Say better what it is about: title, description, or both; nobody is told."""
    from mailcase.desk import cases

    if title is None and description is None:
        raise typer.BadParameter("what is to be changed? --title TEXT, --description TEXT, or both")
    said = None if description is None else text_of(description)
    do(context, number, as_, lambda desk, case, who: cases.edit(desk, case, who, title, said))


def follow(context: typer.Context, number: Number, agent: Follower = "", as_: As = "") -> None:
    """Be told what happens on it."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.follow(desk, case, who, agent))


def unfollow(context: typer.Context, number: Number, agent: Follower = "", as_: As = "") -> None:
    """Be told no longer."""
    from mailcase.desk import cases

    do(context, number, as_, lambda desk, case, who: cases.unfollow(desk, case, who, agent))
