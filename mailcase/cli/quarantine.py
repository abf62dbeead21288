"""`mailcase quarantine`: what could not be processed; nothing of it is lost."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from mailcase.cli.output import print_json, print_table, say
from mailcase.cli.state import As, actor, may_write, reading, state_of, writing
from mailcase.errors import Permanent

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.ports import Settled

app = typer.Typer(no_args_is_help=True, help="What could not be processed.")
_COLUMNS = {"id": 6, "received_at": 16, "mailbox": 16, "subject": 44, "attempts": 8, "error": 80}


@app.command("list")
def list_(context: typer.Context) -> None:
    """All of it, oldest first."""
    state = state_of(context)
    with reading(state.settings()) as store:
        rows = store.quarantine_list() if store else []
    if state.json:
        print_json(rows)
    else:
        print_table(rows, _COLUMNS, "nothing is in quarantine")


@app.command()
def show(context: typer.Context, number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """One of them, as `message show`; `message show ID --raw` gives the mail as it came."""
    from mailcase.cli.message import show as show_message

    with reading(state_of(context).settings()) as store:
        if store is None or store.message_show(number)["outcome"] != "quarantined":
            raise Permanent(f"message {number} is not in quarantine")
    show_message(context, number)


@app.command()
def retry(
    context: typer.Context,
    number: Annotated[int | None, typer.Argument(metavar="[ID]", help="Else all of them.")] = None,
    as_: As = "",
) -> None:
    """Process one, or all, once more."""
    state = state_of(context)
    settings = state.settings()
    may_write(settings)
    state.start_log()
    settled = asyncio.run(_again(settings, number, actor(as_)))
    rows = [{"id": one.delivery_id, "outcome": one.outcome, "reason": one.reason, "case": one.case} for one in settled]
    if state.json:
        print_json(rows)
    else:
        print_table(rows, {"id": 6, "outcome": 12, "reason": 24, "case": 16}, "nothing is in quarantine")
    if any(one.outcome == "quarantined" for one in settled):
        raise typer.Exit(1)


async def _again(settings: "Settings", number: int | None, who: str) -> "list[Settled]":
    from mailcase import acts
    from mailcase.house import open_house

    async with open_house(settings) as house:
        return await acts.retry(house, number, who)


@app.command()
def drop(context: typer.Context, number: Annotated[int, typer.Argument(metavar="ID")], as_: As = "") -> None:
    """Give one up: it is ignored from now on; its raw mail stays."""
    from mailcase.clock import utcnow

    state = state_of(context)
    with writing(state.settings()) as store:
        store.quarantine_drop(number, utcnow(), actor(as_))
    if state.json:
        print_json({"id": number, "outcome": "ignored", "reason": "dropped"})
    else:
        say(f"mail {number}  ignored: dropped")
