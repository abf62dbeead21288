"""`mailcase agent`: those who work on cases."""

from typing import Annotated

import typer

from mailcase.cli import people
from mailcase.cli.people import Language, Name, Timezone
from mailcase.cli.state import As

app = typer.Typer(no_args_is_help=True, help="Those who work on cases.")
_COLUMNS = {
    "address": 40, "name": 30, "role": 5, "groups": 40, "organizations": 40, "language": 8, "timezone": 24,
    "open_cases": 10, "active": 6,
}  # fmt: skip
_OTHER = (
    "an agent's address stays, since cases name him by it: `mailcase agent add {new} --name …`, then give him what "
    "`mailcase case list --assignee {old}` shows (`mailcase case assign NUMBER --to {new}`), then "
    "`mailcase agent disable {old}`"
)
Address = Annotated[str, typer.Argument(metavar="ADDRESS")]
Role = Annotated[str | None, typer.Option(metavar="ROLE", help="agent, or admin: sees and does everything.")]
Groups = Annotated[list[str] | None, typer.Option(metavar="NAME", help="A group; may be given several times.")]
Organizations = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="One of [cases] organizations; may be given several times.")
]


@app.command()
def add(
    context: typer.Context,
    address: Address,
    name: Annotated[str, typer.Option(metavar="NAME", help="As customers read it.")],
    language: Language = None,
    timezone: Timezone = None,
    role: Role = None,
    group: Groups = None,
    organization: Organizations = None,
    as_: As = "",
) -> None:
    """Enter an agent."""
    given = {"address": address, "name": name, "language": language, "timezone": timezone, "role": role}
    people.add(context, "agent", {**given, "groups": group, "organizations": organization}, as_)


@app.command()
def edit(
    context: typer.Context,
    address: Address,
    name: Name = None,
    language: Language = None,
    timezone: Timezone = None,
    role: Role = None,
    add_group: Groups = None,
    remove_group: Groups = None,
    add_organization: Organizations = None,
    remove_organization: Organizations = None,
    other: Annotated[str | None, typer.Option("--address", hidden=True)] = None,
    as_: As = "",
) -> None:
    """Change an agent; the address stays: cases name him by it."""
    if other is not None:
        raise typer.BadParameter(_OTHER.format(old=address, new=other))
    given = {"name": name, "language": language, "timezone": timezone, "role": role}
    more = {"groups": add_group, "organizations": add_organization}
    less = {"groups": remove_group, "organizations": remove_organization}
    people.edit(context, "agent", address, given, more, less, as_)


people.common(app, "agent", _COLUMNS)
