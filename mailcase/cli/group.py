"""`mailcase group`: agents who share the work."""

from typing import Annotated

import typer

from mailcase.cli import people
from mailcase.cli.state import As

app = typer.Typer(no_args_is_help=True, help="Groups of agents, which cases are assigned to.")
_COLUMNS = {"name": 30, "members": 80, "open_cases": 10, "active": 6}
Of = Annotated[str, typer.Argument(metavar="NAME")]
Members = Annotated[
    list[str] | None, typer.Option(metavar="ADDRESS", help="An agent's address; may be given several times.")
]


@app.command()
def add(context: typer.Context, name: Of, member: Members = None, as_: As = "") -> None:
    """Make a group."""
    people.add(context, "group", {"name": name, "members": member}, as_)


@app.command()
def edit(
    context: typer.Context, name: Of, add_member: Members = None, remove_member: Members = None, as_: As = ""
) -> None:
    """Change who is in a group; its name stays: cases name it."""
    people.edit(context, "group", name, {}, {"members": add_member}, {"members": remove_member}, as_)


people.common(app, "group", _COLUMNS)
