"""The options of `case list`, and what is meant by what was typed."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from mailcase.cli.state import an_address

if TYPE_CHECKING:
    from mailcase.cases.statuses import StatusKind
    from mailcase.config import Settings

NOBODY: Final = "none"
Status = Annotated[str | None, typer.Option(metavar="NAME", help="A status of the configuration.")]
Kind = Annotated[str | None, typer.Option(help="The kind of the status: active, paused, resolved or final.")]
Assignee = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Whose case it is; none: nobody's.")]
Group = Annotated[str | None, typer.Option(metavar="NAME", help="The group of agents; none: no group's.")]
Mailbox = Annotated[str | None, typer.Option(metavar="NAME", help="The mailbox that got the first mail.")]
Contact = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Any address of the customer.")]
Account = Annotated[str | None, typer.Option(metavar="NAME", help="The customer's organization.")]
Category = Annotated[str | None, typer.Option(metavar="NAME", help="Such as Incident.")]
Unanswered = Annotated[bool, typer.Option("--unanswered", help="The customer wrote last, and the case is not solved.")]
Text = Annotated[str | None, typer.Option(metavar="WORDS", help="Title and description have all these words.")]
Last = Annotated[int | None, typer.Option(min=1, help="Only so many, the newest.")]


Viewer = Annotated[
    str,
    typer.Option("--as", metavar="ADDRESS", callback=an_address, help="See what this agent sees; else everything."),
]


def kind_of(given: str | None) -> "StatusKind | None":
    """The kind of that name; wrong usage for another one."""
    from mailcase.cases.statuses import StatusKind

    known = [str(one) for one in StatusKind]
    if given is not None and given.casefold() not in known:
        raise typer.BadParameter(f"there is no kind {given}; there are {', '.join(known)}")
    return StatusKind(given.casefold()) if given is not None else None


def key_of(given: str | None) -> str | None:
    """The key of an address; None where none was given."""
    from mailcase.intake.addresses import key_of as key

    if given is not None and "@" not in given:
        raise typer.BadParameter(f"{given} is no address, such as jane@example.com")
    return key(given) if given is not None else None


def key_or_nobody(given: str | None) -> str | None:
    """The same; "" for none."""
    return "" if given is not None and given.casefold() == NOBODY else key_of(given)


def name_or_none(given: str | None) -> str | None:
    """A name; "" for none."""
    return "" if given is not None and given.casefold() == NOBODY else given


def configured(settings: "Settings") -> dict[str, list[str]]:
    """Names that the configuration knows, though no case may have them yet."""
    return {
        "mailbox": [box.name for box in settings.mailbox],
        "category": list(settings.cases.category_names),
        "group": [box.assignee_group for box in settings.mailbox if box.assignee_group],
    }
