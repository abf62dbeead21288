"""`mailcase check`: reads, connects, counts, and says what to do where something fails."""

import asyncio
from typing import TYPE_CHECKING

import typer

from mailcase.cli.output import print_json, safe, say
from mailcase.cli.state import State, state_of
from mailcase.errors import ConfigError

if TYPE_CHECKING:
    from mailcase.cli.probing import Finding
    from mailcase.config import Settings
    from mailcase.policy_build import Built


def check(context: typer.Context) -> None:
    """Try configuration, store and every server; changes nothing."""
    state = state_of(context)
    findings = _findings(state)
    if state.json:
        print_json([one.entry() for one in findings])
    else:
        for one in findings:
            _print(one)
    if failed := [one.exit for one in findings if not one.ok]:
        raise typer.Exit(max(failed))


def _findings(state: State) -> "list[Finding]":
    from mailcase.cli import probing
    from mailcase.policy_build import build

    try:
        settings = state.settings()
        built = build(settings)
    except ConfigError as error:
        return [probing.Finding("configuration", "", ok=False, detail=str(error), exit=78)]
    found = [probing.configuration(settings, built), probing.store(settings)]
    return [*found, *asyncio.run(_servers(settings, built, usable="schema" in found[1].detail and not found[1].cure))]


async def _servers(settings: "Settings", built: "Built", *, usable: bool) -> "list[Finding]":
    """The store is opened only if that changes nothing: where a migration is due it stays closed."""
    from mailcase.cli import probing
    from mailcase.store.store import Store

    opened = Store.open(settings.store.url, settings.state_dir, raw=settings.store.raw) if usable else None
    try:
        return await probing.servers(settings, built, opened)
    finally:
        if opened:
            opened.close()


def _print(one: "Finding") -> None:
    head, *more = one.detail.splitlines() or [""]
    say(f"{'ok' if one.ok else 'FAIL':<5} {f'{one.what} {one.name}'.strip():<22} {safe(head)}")
    for line in more:
        say(f"      {safe(line)}")
    if one.cure:
        say(f"      → {safe(one.cure)}")
