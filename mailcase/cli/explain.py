"""`mailcase explain`: what would become of a mail now, and why; writes nothing."""

import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailcase.cli.output import note, print_json
from mailcase.cli.state import must_be_mailbox, reading, state_of
from mailcase.errors import MailcaseError, Permanent

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.policy_build import Built
    from mailcase.store.store import Store


def explain(
    context: typer.Context,
    path: Annotated[str, typer.Argument(metavar="PATH", help="A file with one mail, or -.")],
    mailbox: Annotated[str, typer.Option(metavar="NAME", help="The mailbox that would receive it.")],
    sent: Annotated[bool, typer.Option("--sent", help="As if it lay in the mailbox's sent folder.")] = False,
) -> None:
    """Print what would become of a mail now, and why."""
    from zoneinfo import ZoneInfo

    from mailcase.cli.render_message import print_message
    from mailcase.clock import utcnow
    from mailcase.policy_build import build_for_deciding

    state = state_of(context)
    settings = state.settings()
    must_be_mailbox(settings, mailbox)
    shown = _explained(settings, build_for_deciding(settings), _bytes(path), mailbox, sent=sent)
    if state.json:
        print_json(shown)
    else:
        print_message(shown, ZoneInfo(settings.cases.timezone), utcnow())


def _bytes(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise Permanent(f"{path}: cannot be read: {error.strerror}") from None


def _store(stack: ExitStack, settings: "Settings") -> "Store | None":
    """The store where there is one that can be read; else a note, and None."""
    try:
        store = stack.enter_context(reading(settings))
    except MailcaseError as error:
        note(str(error))
        note("the store cannot be reached: decided as on an empty one")
        return None
    if store is None:
        note("there is no store yet: decided as on an empty one")
    return store


def _explained(settings: "Settings", built: "Built", raw: bytes, mailbox: str, *, sent: bool) -> dict[str, Any]:
    from mailcase import acts
    from mailcase.bench import Bench
    from mailcase.cli.explained import explained
    from mailcase.clock import utcnow
    from mailcase.outbox.compose import Composer
    from mailcase.snapshot import Snapshot

    bench = Bench(built.policy, Composer(built.policy, built.templates))
    with ExitStack() as stack:
        store = _store(stack, settings)
        try:
            found = asyncio.run(acts.explain(bench, store, raw, mailbox, utcnow(), sent=sent))
        except Permanent as error:
            raise Permanent(f"the mail cannot be read: {error}") from None
        now = utcnow()
        snapshot = store.snapshot(found.lookup, now) if store else Snapshot(found.lookup, now)
    return explained(found.email, found.decision, snapshot, found.delivery, built.policy)
