"""`mailcase contact merge`: two contacts who are one person."""

from typing import Annotated

import typer

from mailcase.cli.acting import desk_of, who
from mailcase.cli.output import counted, note, print_json, safe, say
from mailcase.cli.state import As, an_address, state_of


def merge(
    context: typer.Context,
    primary: Annotated[str, typer.Argument(metavar="PRIMARY", help="Any address of the contact who stays.")],
    secondary: Annotated[str, typer.Argument(metavar="SECONDARY", help="Any address of the one who goes into him.")],
    as_: As = "",
) -> None:
    """Make one of two contacts who are one person: addresses, cases and mails. Nobody is told."""
    from mailcase.desk import customers

    state = state_of(context)
    for one in (primary, secondary):
        if not one:
            raise typer.BadParameter("who? an address such as jane@example.com")
        an_address(one)
    with desk_of(state.settings()) as desk:
        actor = who(desk, as_)
        done = customers.merge(desk, primary, secondary, actor)
    if state.json:
        print_json({**done.entry, "cases": done.cases, "mails": done.mails, "by": actor.name})
        return
    addresses = done.entry["addresses"]
    shown = ", ".join(addresses) if isinstance(addresses, tuple) else ""
    say(f"{safe(done.entry['name'])}  {safe(shown)}")
    note(f"his from now on: {counted(done.cases, 'case')} and {counted(done.mails, 'mail')} of {safe(done.gone)}")
