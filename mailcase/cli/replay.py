"""`mailcase replay`: stored mail decided again under other rules; the differences, and nothing is written."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mailcase.cli import when
from mailcase.cli.output import counted, note, print_json, safe, say
from mailcase.cli.render_trace import headline, winner
from mailcase.cli.state import must_be_mailbox, reading, state_of
from mailcase.errors import ConfigError, Permanent

if TYPE_CHECKING:
    from datetime import datetime

    from mailcase.config import Settings
    from mailcase.replaying import Replayed
    from mailcase.store.store import Store

_VERDICT: Final = ("outcome", "reason", "kind", "case", "linked_by", "acknowledge", "acknowledge_reason")


def replay(
    context: typer.Context,
    since: Annotated[str, typer.Option(metavar="TIME", help=when.SINCE)],
    new: Annotated[
        Path | None, typer.Option("--config", metavar="NEW", help="Rules to try; else those in force now.")
    ] = None,
    mailbox: Annotated[str | None, typer.Option(metavar="NAME", help="Tell only of this mailbox's mail.")] = None,
) -> None:
    """Decide stored mail again under other rules and print what would differ; writes nothing."""
    from mailcase import config

    state = state_of(context)
    settings = state.settings()
    rules = config.load(new) if new is not None else settings
    start = when.since(since)
    if mailbox is not None:
        must_be_mailbox(settings, mailbox)
    with reading(settings) as store:
        if store is None:
            raise Permanent("there is nothing to decide again: there is no store yet")
        _must_know_statuses(store, rules)
        found = asyncio.run(_replay(store, rules, start, mailbox))
    if state.json:
        print_json(_as_json(found))
    else:
        _tell(found)


def _must_know_statuses(store: "Store", rules: "Settings") -> None:
    """As a daemon with these rules would refuse to start."""
    from mailcase.configuration.checks import status_table

    table = status_table(rules.cases)
    lost = sorted(name for name in store.used_statuses() if table.find(name) is None)
    if lost:
        raise ConfigError(f"{rules.file}: [[cases.status]]: cases have the status {lost[0]!r}, which is not configured")


async def _replay(store: "Store", rules: "Settings", since: "datetime", mailbox: str | None) -> "Replayed":
    from mailcase.bench import Bench
    from mailcase.intake.reader import Reader
    from mailcase.outbox.compose import Composer
    from mailcase.policy_build import build_for_deciding
    from mailcase.replaying import replay as rehearse

    built = build_for_deciding(rules)
    bench = Bench(built.policy, Composer(built.policy, built.templates))
    reader = Reader(workers=rules.intake.workers)
    try:
        return await rehearse(store, bench, since, mailbox, reader.read_many)
    finally:
        await reader.close()


def _as_json(found: "Replayed") -> dict[str, Any]:
    return {
        "since": found.since,
        "mails": found.mails,
        "differences": [
            {
                **{name: getattr(one, name) for name in ("id", "mailbox", "subject", "received_at")},
                "was": _verdict(one.was),
                "would": _verdict(one.would),
            }
            for one in found.differences
        ],
        "left_out": [{"id": one, "reason": why} for one, why in sorted(found.left_out.items())],
    }


def _verdict(side: Mapping[str, Any]) -> dict[str, Any]:
    """One side, with the evidence of the test that decided."""
    return {**{name: side[name] for name in _VERDICT}, "winner": winner(side, side["trace"])}


def _tell(found: "Replayed") -> None:
    for one in found.differences:
        say(f"mail {one.id}  {one.received_at:%Y-%m-%d %H:%M}  {one.mailbox}  {safe(one.subject)}")
        for word, side in (("was", one.was), ("would be", one.would)):
            say(f"  {word:8}  {headline(side)}, {_answer(side)}; {winner(side, side['trace'])}")
    for number, why in sorted(found.left_out.items()):
        note(f"mail {number} cannot be decided again: {safe(why)}")
    said = "would end otherwise" if found.differences else "each ends as it did"
    count = f"{len(found.differences)} of " if found.differences else ""
    note(f"{count}{counted(found.mails, 'mail')} since {found.since:%Y-%m-%d %H:%M} {said}; nothing was written")


def _answer(side: Mapping[str, Any]) -> str:
    if side["acknowledge"]:
        return "acknowledged"
    return f"not acknowledged ({side['acknowledge_reason'].replace('_', ' ') or 'not asked'})"
