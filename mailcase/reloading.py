"""Takes changed files in without a restart: on SIGHUP, or when two looks at them agree (contract.md)."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from mailcase import config, sdnotify
from mailcase.clock import utcnow
from mailcase.config import Settings
from mailcase.configuration.values import Secret, Section
from mailcase.errors import ConfigError, Transient
from mailcase.house import House, adopt
from mailcase.log import Event, emit
from mailcase.policy_build import Built, build, templates_folder
from mailcase.rules import Rules
from mailcase.template_files import template_files
from mailcase.waiting import first_of

LOOK_EVERY: Final = 2.0  # seconds between looks at the files
#: What is opened once, at the start.
AT_START: Final = (
    ("store",),
    ("http",),
    ("lmtp",),
    ("intake", "workers"),
)

Looked = dict[str, tuple[int, int, int]]  # path -> time, size, inode


@dataclass(slots=True)
class Reloader:
    """Watches the files of the configuration and puts new rules in force, or says what is wrong with them."""

    house: House
    changed: Sequence[Callable[[], None]]  # told when new rules are in force
    asked: asyncio.Event  # SIGHUP
    applied: Looked  # the files as they were before they were read
    error: str = ""  # why the last change was refused; "" when it was taken
    error_at: datetime | None = None
    restart_needed: tuple[str, ...] = ()  # keys that differ from those at the start
    _started_with: Settings = field(init=False)

    def __post_init__(self) -> None:
        self._started_with = self.house.settings

    async def run(self, stop: asyncio.Event) -> None:
        """Look until the stop event; a bad edit never ends it."""
        seen: Looked = {}
        while not stop.is_set():
            await first_of(LOOK_EVERY, self.asked, stop)
            now = await asyncio.to_thread(look, self.house.settings)
            if self.asked.is_set() or (now != self.applied and now == seen):
                self.asked.clear()
                if await self._reload():
                    self.applied = await self._applied(now)
            seen = now

    async def _applied(self, before: Looked) -> Looked:
        """The files of the configuration now in force as they were before they were read.

        What changed while they were read is a change still to be taken in.
        """
        after = await asyncio.to_thread(look, self.house.settings)
        return {path: before.get(path, facts) for path, facts in after.items()}

    async def _reload(self) -> bool:
        """Whether the files were taken or refused; False: the store is busy, the next look tries again."""
        sdnotify.notify(sdnotify.reloading())
        try:
            settings, built = await asyncio.to_thread(_read, self.house.settings)
            await self.house.call(adopt, self.house.store, settings, built.policy)
        except ConfigError as error:
            self._refuse(str(error))
        except Transient as error:
            emit(Event.STORE_BUSY, error=str(error))
            return False
        except Exception as error:  # an edit that nobody thought of is a bad edit, not the end of the daemon
            self._refuse(f"{self.house.settings.file}: cannot be taken in: {error!r}")
        else:
            self._take(settings, built)
        finally:
            sdnotify.notify(sdnotify.READY)
        return True

    def _refuse(self, error: str) -> None:
        self.error, self.error_at = error, utcnow()
        emit(Event.RELOAD_REFUSED, error=error)

    def _take(self, settings: Settings, built: Built) -> None:
        self.error, self.error_at = "", None
        self.house.rules = Rules.of(settings, built, self.house.rules)
        self.house.disk.low = settings.intake.disk_low
        self.restart_needed = tuple(_differences(self._started_with, settings))
        emit(Event.RELOADED, policy=built.policy.hash, mailboxes=len(built.policy.mailboxes))
        if self.restart_needed:
            emit(Event.RESTART_NEEDED, keys=list(self.restart_needed))
        for told in self.changed:
            told()


def _read(before: Settings) -> tuple[Settings, Built]:
    settings = config.load(before.file, before.environ)
    return settings, build(settings)


def _differences(old: Settings, new: Settings) -> Iterator[str]:
    for path in AT_START:
        was: Any = old
        now: Any = new
        for part in path:
            was, now = getattr(was, part), getattr(now, part)
        if was != now:
            yield f"[{path[0]}]" + (f" {path[1]}" if len(path) > 1 else "")


def look(settings: Settings) -> Looked:
    """Every file that the configuration is made of, with what tells that it was changed."""
    return {str(path): _facts(path) for path in _files(settings)}


def _facts(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _files(settings: Settings) -> Iterator[Path]:
    yield settings.file
    yield settings.blacklist_file
    folder = templates_folder(settings)
    yield folder
    with suppress(ConfigError):  # what cannot be listed is told when it is read
        yield from template_files(folder)
    yield from (settings.path(one.place) for one in _secrets(settings) if one.kind == "file")


def _secrets(section: Any) -> Iterator[Secret]:
    """Every secret of a configuration: a password file that changes is a change."""
    if isinstance(section, Secret):
        yield section
    elif isinstance(section, tuple):
        for one in section:
            yield from _secrets(one)
    elif isinstance(section, Section | Settings):
        for name in type(section).model_fields:
            yield from _secrets(getattr(section, name))
