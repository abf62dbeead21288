"""`mailcase case organization`: whose a case is to see, one of them or all that have none."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailcase.cli.acting import desk_of, do, who
from mailcase.cli.output import counted, note, print_json, safe, say
from mailcase.cli.state import As, must_be_mailbox, state_of

if TYPE_CHECKING:
    from mailcase.store.acting_door import Given

_NONE = "none"


def organization(
    context: typer.Context,
    number: Annotated[str | None, typer.Argument(metavar="NUMBER", help="Such as SR-12.")] = None,
    name: Annotated[str | None, typer.Argument(metavar="NAME|none", help="One of [cases] organizations.")] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="All cases that have none get that of their mailbox.")
    ] = False,
    mailbox: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --missing: those of this mailbox alone.")
    ] = None,
    as_: As = "",
) -> None:
    """Say which organization a case belongs to; for admins. Nobody is told."""
    if missing:
        _of_all(context, number, mailbox, as_)
        return
    if mailbox is not None:
        raise typer.BadParameter("--mailbox goes with --missing: which cases are to get their mailbox's organization?")
    if number is None or name is None:
        raise typer.BadParameter("which case, and whose is it? NUMBER NAME; or --missing for all that have none")
    from mailcase.desk import cases

    to = "" if name == _NONE else name
    do(context, number, as_, lambda desk, case, actor: cases.organization(desk, case, actor, to))


def _of_all(context: typer.Context, number: str | None, mailbox: str | None, as_: str) -> None:
    from mailcase.desk import cases

    if number is not None:
        raise typer.BadParameter("--missing is about all cases that have none: name no case beside it")
    state = state_of(context)
    settings = state.settings()
    if mailbox is not None:
        must_be_mailbox(settings, mailbox)
    with desk_of(settings) as desk:
        actor = who(desk, as_)
        given = cases.give_organizations(desk, actor, mailbox or "")
    if state.json:
        boxes = [{"mailbox": one, "organization": to, "cases": given.cases[one]} for one, to in _sorted(given)]
        print_json({"mailboxes": boxes, "left": dict(given.left), "by": actor.name})
    else:
        _tell(given)


def _tell(given: "Given") -> None:
    for one, to in _sorted(given):
        say(f"{safe(one)}  {counted(given.cases[one], 'case belongs', 'cases belong')} to {safe(to)} now")
    for one, count in given.left.items():
        cases = counted(count, "case")
        note(f"{cases} of mailbox {safe(one)} without any still: `mailcase case organization NUMBER NAME`")


def _sorted(given: "Given") -> list[tuple[str, str]]:
    return sorted(given.organizations.items())
