"""`mailcase explain`: what would become of a mail now, and why; writes nothing."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailcase.cli.output import note, print_json
from mailcase.cli.state import reading, state_of
from mailcase.errors import Permanent

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.message import Email
    from mailcase.policy_build import Built
    from mailcase.snapshot import Snapshot


def explain(
    context: typer.Context,
    path: Annotated[str, typer.Argument(metavar="PATH", help="A file with one mail, or -.")],
    mailbox: Annotated[str, typer.Option(metavar="NAME", help="The mailbox that would receive it.")],
) -> None:
    """Print what would become of a mail now, and why."""
    from zoneinfo import ZoneInfo

    from mailcase.cli.render_message import print_message
    from mailcase.clock import utcnow
    from mailcase.policy_build import build_for_deciding

    state = state_of(context)
    settings = state.settings()
    settings.named(mailbox)
    built = build_for_deciding(settings)
    email = asyncio.run(_read(_bytes(path)))
    shown = _explained(settings, built, email, mailbox)
    if state.json:
        print_json(shown)
    else:
        print_message(shown, ZoneInfo(settings.cases.timezone), utcnow())


def _bytes(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise Permanent(f"{path}: cannot be read: {error.strerror}") from None


async def _read(raw: bytes) -> "Email":
    """The parsed mail, read in a process of its own like any other."""
    from mailcase.intake.reader import Reader, ReadFailure

    reader = Reader(workers=1)
    try:
        (email,) = await reader.read_many([raw])
    finally:
        await reader.close()
    if isinstance(email, ReadFailure):
        raise Permanent(f"the mail cannot be read: {email.error}")
    return email


def _explained(settings: "Settings", built: "Built", email: "Email", mailbox: str) -> dict[str, Any]:
    from mailcase.cli.explained import explained
    from mailcase.clock import utcnow
    from mailcase.decision import decide, look
    from mailcase.message import Delivery

    now = utcnow()
    delivery = Delivery(0, mailbox, "explain", "", "", None, None, now)
    lookup = look(email, delivery, built.policy)
    snapshot = _snapshot(settings, lookup, now)
    return explained(email, decide(email, snapshot, built.policy, delivery), snapshot, delivery, built.policy)


def _snapshot(settings: "Settings", lookup: Any, now: Any) -> "Snapshot":
    from mailcase.snapshot import Snapshot

    with reading(settings) as store:
        if store is not None:
            return store.snapshot(lookup, now)
    note("there is no store yet: decided as on an empty one")
    return Snapshot(lookup, now)
