"""`mailcase account`: customers' organizations and their mail domains."""

from typing import Annotated

import typer

from mailcase.cli import people
from mailcase.cli.people import Name
from mailcase.cli.state import As

app = typer.Typer(no_args_is_help=True, help="Customers' organizations and their mail domains.")
_COLUMNS = {"id": 6, "name": 40, "domains": 60, "contacts": 8, "cases": 5, "active": 6}
Of = Annotated[str, typer.Argument(metavar="NAME")]
Domains = Annotated[
    list[str] | None, typer.Option(metavar="DOMAIN", help="Such as example.com; may be given several times.")
]


@app.command()
def add(context: typer.Context, name: Of, domain: Domains = None, as_: As = "") -> None:
    """Enter an account."""
    people.add(context, "account", {"name": name, "domains": domain}, as_)


@app.command()
def edit(
    context: typer.Context,
    which: Of,
    name: Name = None,
    add_domain: Domains = None,
    remove_domain: Domains = None,
    as_: As = "",
) -> None:
    """Change an account's name or domains."""
    people.edit(context, "account", which, {"name": name}, {"domains": add_domain}, {"domains": remove_domain}, as_)


people.common(app, "account", _COLUMNS)
