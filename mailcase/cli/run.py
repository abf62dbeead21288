"""`mailcase run`: the daemon, or one pass of it."""

import asyncio
from typing import Annotated

import typer

from mailcase.cli.state import refuse_other_user, state_of


def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="One pass: read, decide, send what is due, exit.")] = False,
) -> None:
    """Watch the mailboxes, decide their mail and send what is due."""
    from mailcase import daemon

    state = state_of(context)
    settings = state.settings()
    refuse_other_user(settings)
    state.start_log()
    raise typer.Exit(asyncio.run(daemon.run(settings, once=once)))
