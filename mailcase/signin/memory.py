"""A rotated refresh token outlives the process: one private file a grant, replaced whole or not at all."""

import asyncio
import fcntl
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from mailcase.errors import ConfigError, Transient
from mailcase.places import is_there, private_folder, refused

_LOCK_EVERY: Final = 0.1  # seconds between looks at a lock that another process has
_LOCK_WITHIN: Final = 45.0  # it holds it for one question to the endpoint


class RefreshMemory:
    """The file of one grant in `folder`; named by the configured refresh token, so that another one begins anew."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._folder = folder
        self._file = folder / f"{fingerprint}.json"

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Alone with it among all processes: two that rotate one token would lose it.

        Raises:
            ConfigError: it belongs to another user, or cannot be made.
            Transient: another process has it and does not end.
        """
        self._not_for_others()
        private_folder(self._folder)
        try:
            descriptor = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise refused(self._folder, error) from None
        try:
            await _lock(descriptor, self._file)
            yield
        finally:
            os.close(descriptor)

    def read(self) -> str:
        """The token that was kept, "" where there is none; a file that is damaged counts as none."""
        try:
            kept = json.loads(self._file.read_bytes())
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise refused(self._folder, error, self._file.name) from None
        except ValueError:
            return ""
        token = kept.get("refresh_token") if isinstance(kept, dict) else None
        return token if isinstance(token, str) else ""

    def write(self, token: str) -> None:
        """Keep it durably, readable by its owner alone; raises as `places.refused`."""
        new = self._file.with_suffix(".new")
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
                json.dump({"refresh_token": token}, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._file)
            self._sync_folder()
        except OSError as error:
            raise refused(self._folder, error, self._file.name) from None

    def forget(self) -> None:
        """Drop what was kept: the configured one is good, and this was not."""
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise refused(self._folder, error, self._file.name) from None

    def _not_for_others(self) -> None:
        """What root makes here, or rotates, the daemon's user could not read again."""
        there = next((one for one in (self._folder, self._folder.parent) if is_there(one)), None)
        if there is not None and there.stat().st_uid != os.geteuid():
            raise ConfigError(f"{there} belongs to another user: run this as the user that runs mailcase")

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


async def _lock(descriptor: int, file: Path) -> None:
    try:
        async with asyncio.timeout(_LOCK_WITHIN):
            while not _locked(descriptor):  # noqa: ASYNC110  no event tells of another process's lock
                await asyncio.sleep(_LOCK_EVERY)
    except TimeoutError:
        raise Transient(f"{file}: another process of mailcase has it") from None


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
