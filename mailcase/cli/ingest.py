"""`mailcase ingest`: raw mail from files or an MTA's pipe, with the same promises as from a mailbox."""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mailcase.cli.output import note, print_json, print_table
from mailcase.cli.state import State, must_be_mailbox, refuse_other_user, state_of

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.ports import Arrival, Settled

_BATCH: Final = 20  # mails in memory
_COLUMNS = {"id": 6, "path": 50, "outcome": 12, "reason": 26, "case": 16}
PIPE: Final = "-"


def ingest(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Files, a Maildir, an mbox, or - for a pipe.")],
    mailbox: Annotated[str, typer.Option(metavar="NAME", help="The mailbox that receives it.")],
    no_ack: Annotated[bool, typer.Option("--no-ack", help="Acknowledge none of it.")] = False,
) -> None:
    """Take raw mail from files, a Maildir, an mbox or a pipe."""
    state = state_of(context)
    if PIPE in paths:
        if len(paths) > 1:
            raise typer.BadParameter("- is a pipe: it stands alone")
        _from_pipe(state, mailbox, no_ack=no_ack)
        return
    settings = _ready(state, mailbox)
    unread: list[str] = []
    rows = asyncio.run(_take(settings, _mails(paths, mailbox, unread, no_ack=no_ack)))
    _show(state, rows)
    for said in unread:
        note(said)
    if unread:
        raise typer.Exit(1)


def _from_pipe(state: State, mailbox: str, *, no_ack: bool) -> None:
    from mailcase.cli.mail_files import piped
    from mailcase.cli.pipe import take_piped, tell
    from mailcase.clock import utcnow

    def opened() -> "tuple[Settings, Arrival]":
        settings = _ready(state, mailbox)
        return settings, piped(sys.stdin.buffer.read(), mailbox, utcnow(), no_ack=no_ack)

    settled = take_piped(opened)
    tell(lambda: _show(state, [_row(PIPE, one) for one in settled]))


def _ready(state: State, mailbox: str) -> "Settings":
    settings = state.settings()
    must_be_mailbox(settings, mailbox)
    refuse_other_user(settings)
    state.start_log()
    return settings


def _show(state: State, rows: list[dict[str, Any]]) -> None:
    if state.json:
        print_json(rows)
    else:
        print_table(rows, _COLUMNS, "there was no mail")
    if any(one["acknowledge"] for one in rows):
        note("→ acknowledgements leave with `mailcase run`")


def _mails(paths: Iterable[str], name: str, unread: list[str], *, no_ack: bool) -> "Iterator[tuple[str, Arrival]]":
    from mailcase.cli.mail_files import arrivals
    from mailcase.clock import utcnow

    for path in paths:
        yield from ((path, one) for one in arrivals(Path(path), name, utcnow(), unread, no_ack=no_ack))


async def _take(settings: "Settings", mails: "Iterator[tuple[str, Arrival]]") -> list[dict[str, Any]]:
    """Journal and decide batch after batch; every mail that was journalled is decided, now or by the daemon."""
    from mailcase import acts
    from mailcase.house import open_house

    rows: list[dict[str, Any]] = []
    async with open_house(settings) as house:
        while batch := list(islice(mails, _BATCH)):
            settled = await acts.take_in(house, [one for _, one in batch])
            rows += [_row(path, one) for (path, _), one in zip(batch, settled, strict=True)]
    return rows


def _row(path: str, one: "Settled") -> dict[str, Any]:
    told = {"outcome": one.outcome, "reason": one.reason, "case": one.case, "acknowledge": one.queued}
    return {"id": one.delivery_id, "path": path, **told}
