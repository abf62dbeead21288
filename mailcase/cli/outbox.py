"""`mailcase outbox`: mails to send and sent."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from mailcase.cli.output import print_json, print_table, safe, say
from mailcase.cli.state import reading, state_of, writing
from mailcase.errors import Unavailable

if TYPE_CHECKING:
    from mailcase.config import Settings

app = typer.Typer(no_args_is_help=True, help="Mails to send and sent.")
_COLUMNS = {
    "id": 6, "kind": 14, "case": 14, "to": 36, "state": 10, "reason": 22, "attempts": 8, "next_attempt_at": 16,
    "sent_at": 16, "last_error": 60,
}  # fmt: skip


@app.command("list")
def list_(context: typer.Context) -> None:
    """All mails, oldest first."""
    state = state_of(context)
    with reading(state.settings()) as store:
        rows = store.outbox_list() if store else []
    if state.json:
        print_json(rows)
    else:
        print_table(
            [{**one, "to": ", ".join((one["to"], *one["cc"])), "last_error": _line(one["last_error"])} for one in rows],
            _COLUMNS,
            "the outbox is empty",
        )


def _line(error: str | None) -> str:
    """Of a group a line a member: who was refused, and who was busy."""
    return "; ".join((error or "").split("\n"))


@app.command()
def retry(context: typer.Context, number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Send a failed, expired or uncertain mail after all; an uncertain one may then arrive twice.

    A daemon that works its mailbox sends it within a minute.
    """
    from mailcase.clock import utcnow

    state = state_of(context)
    settings = state.settings()
    with writing(settings) as store:
        store.outbox_retry(number, utcnow())
    state.start_log()
    asyncio.run(_send(settings))
    with writing(settings) as store:
        row = next(one for one in store.outbox_list() if one["id"] == number)
    if state.json:
        print_json(row)
    else:
        say(f"{number}  {row['state']}  {safe(_line(row['last_error']))}".rstrip())
    if row["state"] not in ("sent", "pending", "sending"):
        raise typer.Exit(1)


async def _send(settings: "Settings") -> None:
    from mailcase.house import open_house
    from mailcase.lock import Held

    try:
        async with open_house(settings, sender="mailcase outbox retry") as house, house.tenure.visiting():
            await house.drain.once()
    except Held as error:
        # contract.md: who must send and may not says who holds the store, and exits 75
        said = f"the mail is pending again: {error.holder} holds the store and sends it within a minute"
        raise Unavailable(said) from None


@app.command()
def release(context: typer.Context) -> None:
    """Close the breaker: what it held is sent."""
    from mailcase.clock import utcnow

    state = state_of(context)
    settings = state.settings()
    with writing(settings) as store:
        count = store.outbox_release(utcnow())
    if state.json:
        print_json({"released": count})
    else:
        say(f"the breaker is closed; {count} held mails are due now")
