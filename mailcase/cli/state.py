"""What every command shares: the options before it, the configuration, and the store opened with care."""

import getpass
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailcase.errors import Permanent

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.store.store import Store


def an_address(given: str) -> str:
    """An option's value; wrong usage for what is no address. "" stays."""
    local, _, domain = given.rpartition("@")
    if given and not (local.strip() and domain.strip()):
        raise typer.BadParameter(f"{given} is no address, such as jane@example.com")
    return given


As = Annotated[
    str,
    typer.Option("--as", metavar="ADDRESS", callback=an_address, help="Who does this; else the system's user name."),
]


@dataclass(frozen=True, slots=True)
class State:
    """The options that stand before the command."""

    config: str | None
    json: bool
    verbose: bool

    def settings(self) -> "Settings":
        """The configuration; raises ConfigError."""
        from mailcase import config

        return config.load(config.find(self.config))

    def start_log(self) -> None:
        """Send the log to standard error; for commands that work on mail."""
        from mailcase import log

        log.configure(debug=self.verbose)


def state_of(context: typer.Context) -> State:
    """The options of this call."""
    found = context.find_object(State)
    return found if found else State(None, json=False, verbose=False)


def must_be_mailbox(settings: "Settings", name: str) -> None:
    """Wrong usage where no mailbox has this name."""
    known = [box.name for box in settings.mailbox]
    if name not in known:
        raise typer.BadParameter(f"no mailbox is named {name}; known are {', '.join(known)}")


def actor(given: str) -> str:
    """Who acts: `--as ADDRESS`, else the system's user name."""
    return given or _system_user()


def _system_user() -> str:
    """The system's name for who runs this; a container's user may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"#{os.geteuid()}"


@contextmanager
def reading(settings: "Settings", *, told: bool = False) -> "Iterator[Store | None]":
    """The store for a command that only reads; None where there is none yet.

    `told`: the command itself says that the daemon works on another store.

    Raises:
        Permanent: this user must not read the store, or it is an empty file, which this user may not fill.
        ConfigError, Unavailable: as Store.open.
    """
    from mailcase.cli.output import note
    from mailcase.lock import elsewhere
    from mailcase.places import is_there
    from mailcase.store import migrate
    from mailcase.store.raw.setting import raw_setting
    from mailcase.store.store import Store

    if not told and (other := elsewhere(settings.state_dir, settings.sqlite_file)):
        note(f"this is not the daemon's store: {other}")
    file = settings.sqlite_file
    if file is not None and not is_there(file):
        yield None
        return
    if (
        file is not None
        and _anothers(file)
        and (
            not os.access(file, os.R_OK, effective_ids=True)
            or migrate.current(migrate.absolute(settings.store.url, settings.state_dir)) is None
        )
    ):
        refuse_other_user(settings)
    store = Store.open(settings.store.url, settings.state_dir, raw=raw_setting(settings))
    try:
        yield store
    finally:
        store.close()


@contextmanager
def writing(settings: "Settings") -> "Iterator[Store]":
    """The store for a command that writes; raises as `may_write`, `private_folder` and Store.open."""
    from mailcase.places import private_folder
    from mailcase.store.raw.setting import raw_setting
    from mailcase.store.store import Store

    may_write(settings)
    private_folder(settings.state_dir)
    store = Store.open(settings.store.url, settings.state_dir, raw=raw_setting(settings))
    try:
        yield store
    finally:
        store.close()


def may_write(settings: "Settings") -> None:
    """Whether what this command writes reaches the daemon.

    Raises:
        Permanent: as `refuse_other_user`, or the daemon works on another store until it is started again.
    """
    from mailcase.lock import elsewhere

    refuse_other_user(settings)
    if other := elsewhere(settings.state_dir, settings.sqlite_file):
        raise Permanent(f"this is not the daemon's store: {other}\n→ systemctl restart mailcase, then do it again")


def refuse_other_user(settings: "Settings") -> None:
    """Files that another user makes in the store's folder are files that the daemon cannot write.

    Raises:
        Permanent: this user is not the owner of the SQLite store; the text says what to do.
    """
    place = _owned(settings)
    if place is None or not _anothers(place):
        return
    owner = place.stat().st_uid
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = f"#{owner}"
    raise Permanent(
        f"{place} belongs to user {name}: files that {_system_user()} makes there, the daemon could not write.\n"
        f"→ run it as that user: sudo -u {name} mailcase --config {settings.file.absolute()} …"
    )


def _anothers(place: Path) -> bool:
    """Whether it belongs to another user."""
    return place.stat().st_uid != os.geteuid()


def _owned(settings: "Settings") -> Path | None:
    """The store's file, or its folder as long as there is none; None on PostgreSQL and for a new folder."""
    from mailcase.places import is_there

    file = settings.sqlite_file
    if file is None:
        return None
    return next((place for place in (file, file.parent) if is_there(place)), None)
