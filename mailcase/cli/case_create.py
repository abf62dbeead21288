"""`mailcase case create`: a case by hand."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailcase.cli.acting import Files, desk_of, files_of, say_done, text_of, who, zone_of
from mailcase.cli.state import As, state_of
from mailcase.cli.when import UNTIL, until

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.store.store import Store

Contact = Annotated[str, typer.Option(metavar="ADDRESS", help="The customer; an unknown one becomes a contact.")]
DirectReply = Annotated[
    str, typer.Option(metavar="TEXT", help='Answer at once, without an owner; "-": standard input.')
]
SameCase = Annotated[
    bool, typer.Option("--allow-same-case", help="Also beside an open one of this customer and category.")
]


def create(
    context: typer.Context,
    title: Annotated[str, typer.Argument(metavar="TITLE")],
    contact: Contact = "",
    name: Annotated[str, typer.Option(help="Of a contact that is not known yet.")] = "",
    account: Annotated[str, typer.Option(metavar="NAME", help="Instead of a contact, or beside one.")] = "",
    description: Annotated[str, typer.Option(help='"-": standard input.')] = "",
    category: Annotated[str, typer.Option(help="An enabled one; else the mailbox's.")] = "",
    priority: Annotated[str, typer.Option(metavar="Low|Medium|High|Critical")] = "Medium",
    source: Annotated[str, typer.Option(metavar="Voice|WhatsApp|Webchat|Email")] = "Voice",
    expected: Annotated[str, typer.Option(metavar="TIME", help=f"Expected completion. {UNTIL}")] = "",
    mailbox: Annotated[str, typer.Option(metavar="NAME", help="Whose case it is; else the first configured.")] = "",
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="The agent who gets it.")] = "",
    group: Annotated[str | None, typer.Option(metavar="NAME", help="The agent group; else the mailbox's.")] = None,
    direct_reply: DirectReply = "",
    file: Files = None,
    notify: Annotated[bool, typer.Option("--notify", help="Tell the customer and the team of the new case.")] = False,
    allow_same_case: SameCase = False,
    as_: As = "",
) -> None:
    """Make a case by hand, of a call or a talk."""
    from dataclasses import replace

    from mailcase.desk import cases
    from mailcase.intake.addresses import key_of
    from mailcase.life.creating import NewCase

    settings = state_of(context).settings()
    wanted = NewCase(
        title=title, description=text_of(description), category=category, priority=priority, source=source,
        contact=contact, contact_name=name, account=account, mailbox=mailbox, assignee=to and key_of(to), group=group,
        direct_reply=text_of(direct_reply), files=files_of(settings, file), notify=notify,
        allow_same_case=allow_same_case,
    )  # fmt: skip
    with desk_of(settings) as desk:
        _made_ready(settings, desk.store)
        by = who(desk, as_)
        at = until(expected, zone_of(settings, by.agent)) if expected else None
        say_done(context, settings, desk.store, cases.create(desk, replace(wanted, expected_at=at), by), as_)


def _made_ready(settings: "Settings", store: "Store") -> None:
    """What the daemon makes true when it starts, where this is the first command on a store."""
    from mailcase.configuration.sections import AccountEntry

    accounts: tuple[AccountEntry, ...] = settings.cases.account
    store.adopt_accounts({domain: one.name for one in accounts for domain in one.domains})
    store.raise_counter(settings.cases.first_number)
