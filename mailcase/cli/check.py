"""`mailcase check`: reads, connects, counts, and says what to do where something fails."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from mailcase.cli.output import print_json, safe, say
from mailcase.cli.state import State, state_of
from mailcase.errors import ConfigError

if TYPE_CHECKING:
    from mailcase.cli.counting import Counter
    from mailcase.cli.probing import Finding
    from mailcase.config import Settings


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
    from mailcase.cli.agents_probe import agents
    from mailcase.cli.named_probe import assignees
    from mailcase.cli.numbers_probe import numbers
    from mailcase.cli.raw_probe import raw_mail
    from mailcase.cli.templates_probe import templates
    from mailcase.policy_build import build

    try:
        settings = state.settings()
        built = build(settings)
    except ConfigError as error:
        return [probing.Finding("configuration", "", ok=False, detail=str(error), exit=78)]
    found = [probing.configuration(settings, built), probing.store(settings), *probing.lmtp(settings)]
    found += templates(settings, built)
    with _counter(settings, found[1]) as counter:
        found += [*raw_mail(settings, counter.store), *agents(settings, counter.store)]
        found += [*assignees(settings, counter.store), *numbers(built.policy, counter.store)]
        return [*found, *asyncio.run(probing.servers(settings, built, counter))]


@contextmanager
def _counter(settings: "Settings", found: "Finding") -> "Iterator[Counter]":
    """The store is opened only if that changes nothing: where a migration is due it stays closed."""
    from mailcase.cli.counting import Counter
    from mailcase.store.raw.setting import raw_setting
    from mailcase.store.store import Store

    if found.store != "open":
        yield Counter(None, hidden=found.store == "shut")
        return
    opened = Store.open(settings.store.url, settings.state_dir, raw=raw_setting(settings))
    try:
        yield Counter(opened)
    finally:
        opened.close()


def _print(one: "Finding") -> None:
    head, *more = one.detail.splitlines() or [""]
    say(f"{'ok' if one.ok else 'FAIL':<5} {f'{one.what} {one.name}'.strip():<22} {safe(head)}")
    for line in more:
        say(f"      {safe(line)}")
    if one.cure:
        say(f"      → {safe(one.cure)}")
