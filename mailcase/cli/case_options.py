"""The options of `case list`, and what is meant by what was typed."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from mailcase.cli.state import an_address

if TYPE_CHECKING:
    from collections.abc import Sequence

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
Priority = Annotated[str | None, typer.Option(metavar="Low|Medium|High|Critical")]
Mine = Annotated[
    bool,
    typer.Option(
        "--mine", help="With --as: active cases of this agent, and of his groups that nobody has; unanswered first."
    ),
]
Sort = Annotated[
    str,
    typer.Option(
        metavar="opened|last-mail|priority", help="The oldest first, the longest without a mail, the most urgent."
    ),
]
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


def priority_of(given: str | None) -> str | None:
    """The priority of that name; wrong usage for another one."""
    from mailcase.life.acts.limits import PRIORITIES

    return _one_of(given, PRIORITIES, "priority") if given is not None else None


def sort_of(given: str) -> str:
    """The order of that name; wrong usage for another one."""
    from mailcase.store.life.case_filter import SORTS

    return _one_of(given, SORTS, "order")


def _one_of(given: str, known: "Sequence[str]", what: str) -> str:
    from mailcase.life.acts.limits import one_of
    from mailcase.life.refused import Refused

    try:
        return one_of(given, known, what)
    except Refused as error:
        raise typer.BadParameter(str(error)) from None


def key_of(given: str | None) -> str | None:
    """The key of an address; None where none was given."""
    from mailcase.intake.addresses import key_of as key

    if given == "":
        raise typer.BadParameter("whose? an address such as jane@example.com")
    return key(an_address(given)) if given is not None else None


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
