"""`mailcase contact`: entered and changed by hand."""

from typing import Annotated

import typer

from mailcase.cli import contact_merge, people
from mailcase.cli.people import Language, Name, Timezone
from mailcase.cli.state import As

_COLUMNS = {
    "id": 6, "name": 30, "addresses": 60, "account": 24, "language": 8, "timezone": 24, "cases": 5, "active": 6,
    "created_at": 16,
}  # fmt: skip
Addresses = Annotated[
    list[str] | None, typer.Option(metavar="ADDRESS", help="Another address; may be given several times.")
]
Account = Annotated[str | None, typer.Option(metavar="NAME", help="The account this contact belongs to; empty: none.")]


def add(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS")],
    name: Name = None,
    more: Annotated[list[str] | None, typer.Option("--address", metavar="ADDRESS", help="Further ones.")] = None,
    language: Language = None,
    timezone: Timezone = None,
    account: Account = None,
    as_: As = "",
) -> None:
    """Enter a contact; those who write are entered by their mail."""
    given = {"name": name, "language": language, "timezone": timezone, "account": account}
    people.add(context, "contact", {"addresses": [address, *(more or ())], **given}, as_)


def edit(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Any of the contact's addresses.")],
    name: Name = None,
    language: Language = None,
    timezone: Timezone = None,
    account: Account = None,
    add_address: Addresses = None,
    remove_address: Addresses = None,
    as_: As = "",
) -> None:
    """Change a contact."""
    given = {"name": name, "language": language, "timezone": timezone, "account": account}
    more, less = {"addresses": add_address}, {"addresses": remove_address}
    people.edit(context, "contact", address, given, more, less, as_)


def register(app: typer.Typer) -> None:
    """Put the commands beside those for what is stored of a person."""
    people.common(app, "contact", _COLUMNS)
    app.command()(add)
    app.command()(edit)
    app.command()(contact_merge.merge)
