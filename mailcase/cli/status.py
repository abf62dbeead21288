"""`mailcase status`: how the daemon fares, in one screen, from the store alone."""

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from mailcase.cli.output import print_json
from mailcase.cli.state import State, reading, state_of
from mailcase.errors import ConfigError

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.health.overview import Files
    from mailcase.life.named import Named


def status(context: typer.Context) -> None:
    """The daemon's health; exit status 1 when something needs a person."""
    from mailcase.cli.render_status import print_status
    from mailcase.clock import utcnow
    from mailcase.health.overview import overview
    from mailcase.health.situation import Numbers, Told
    from mailcase.lock import elsewhere

    state = state_of(context)
    settings, files = _files(state)
    now = utcnow()
    files = replace(
        files,
        host=socket.gethostname(),
        path=str(settings.file.resolve()),
        alone=settings.sqlite_file is not None,
        elsewhere=elsewhere(settings.state_dir, settings.sqlite_file),
    )
    with reading(settings, told=True) as store:
        told = store.health_told(now, _named(settings, files)) if store else Told((), (), (), Numbers(), (), {})
    found = overview(told, files, now)
    if state.json:
        print_json(found.data)
    else:
        print_status(found, settings.cases.timezone, now)
    if found.needs:
        raise typer.Exit(1)


def _named(settings: "Settings", files: "Files") -> "tuple[Named, ...]":
    """Whom the files give cases to; nobody where they are wrong."""
    from mailcase.configuration.named import named

    return () if files.error else named(settings)


def _files(state: State) -> "tuple[Settings, Files]":
    """The configuration as it is now; one that is wrong still says where the store is."""
    from mailcase import config
    from mailcase.health.overview import Files
    from mailcase.policy_build import build

    file = config.find(state.config)
    try:
        settings = config.load(file)
    except ConfigError as error:
        return config.load_store(file, error), Files(str(file), str(error))
    sources = {box.name: bool(box.imap or box.maildir) for box in settings.mailbox}
    after = settings.alarm.after
    try:
        policy_hash = build(settings).policy.hash
    except ConfigError as error:
        return settings, Files(str(file), str(error), mailboxes=sources, after=after)
    return settings, Files(str(file), "", policy_hash, sources, after)
