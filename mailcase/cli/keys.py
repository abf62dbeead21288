"""Token keys and configuration of a backup: what goes into it, and keys brought back without touching another."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mailcase.errors import ConfigError, Permanent
from mailcase.store.backup import Beside

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.configuration.values import Secret


def beside(settings: "Settings") -> tuple[Beside, list[str]]:
    """The token keys, and the files that people edit: mailcase.toml, the blacklist and their own templates.

    Returns them with what could not be taken, a line each: a systemd credential or a variable of the environment
    is there for the daemon alone, and is kept where it comes from.

    Raises:
        ConfigError: a key's file, or a file of the configuration, cannot be read.
    """
    keys, missing = [], []
    for one in settings.security.token_keys:
        try:
            key = settings.secret(one).get_secret_value().encode()
        except ConfigError as error:
            if one.kind not in ("credential", "env"):
                raise
            missing.append(f"token key: {error}; or keep the key where it comes from")
        else:
            keys.append((one.place or "(plain text)", key))
    files = [settings.file, settings.blacklist_file, *sorted(settings.base.glob("templates/*/*.*"))]
    return Beside(keys, {_below(settings, file): _read(file) for file in files if file.is_file()}), missing


def _below(settings: "Settings", file: Path) -> str:
    place = file.absolute()
    return str(place.relative_to(settings.base)) if place.is_relative_to(settings.base) else file.name


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None


def place_keys(settings: "Settings", saved: list[tuple[str, bytes]]) -> list[str]:
    """Bring back keys that the configuration does not have; returns what a person must know, a line each.

    A key file that is missing is written; beside another key it gets a name of its own, to be added as one that
    verifies, so that answers to mail of before the restore find their cases. While a configured key cannot be read,
    nobody can say whether a saved one is it: then nothing is written.

    Raises:
        Permanent: a file cannot be written.
    """
    told = []
    unreadable = _unreadable(settings)
    for number, (place, key) in enumerate(saved):
        if key in _known(settings):
            continue
        if unreadable:
            told.append(
                f"a configured token key cannot be read now ({unreadable}); the backup's key {number} ({place}) may be "
                f"it, so it was not written: `tar -xOf BACKUP keys/{number}` shows it"
            )
            continue
        wanted = next((one for one in settings.security.token_keys if one.kind == "file" and one.place == place), None)
        file = settings.path(wanted.place if wanted else Path(place).name)
        if wanted and not file.exists() and os.access(file.parent, os.W_OK):
            _write(file, key)
            told.append(f"the token key {file} is back")
        else:
            other = _free(file if os.access(file.parent, os.W_OK) else settings.state_dir / file.name)
            _write(other, key)
            told.append(
                f"a token key of the backup is not configured; it lies in {other}: "
                f'add {{ file = "{other}" }} at the end of [security] token_keys'
            )
    return told


def _known(settings: "Settings") -> set[bytes]:
    return {key for one in settings.security.token_keys if (key := _text(settings, one)) is not None}


def _unreadable(settings: "Settings") -> str:
    """Why a configured key cannot be read, though it may be there: systemd and environment give it to the daemon."""
    for one in settings.security.token_keys:
        try:
            settings.secret(one)
        except ConfigError as error:
            if one.kind != "file" or settings.path(one.place).exists():
                return str(error)
    return ""


def _text(settings: "Settings", secret: "Secret") -> bytes | None:
    try:
        return settings.secret(secret).get_secret_value().encode()
    except ConfigError:
        return None


def _free(file: Path) -> Path:
    """A name beside it that nobody has."""
    number = 1
    while (other := file.with_name(f"{file.name}.restored-{number}")).exists():
        number += 1
    return other


def _write(file: Path, key: bytes) -> None:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as out:
            out.write(key + b"\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise Permanent(f"{file}: cannot be written: {error.strerror}") from None
