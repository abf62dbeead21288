"""Where LMTP listens: a loopback port, or a unix socket that the group of the process may use."""

import errno
import os
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailcase.config import Settings
from mailcase.errors import ConfigError, Unavailable

_UNIX: Final = "unix:"
#: Owner and group may hand mail in: the mail server's user is put into the group (docs/lmtp.md).
_MODE: Final = 0o660


@dataclass(frozen=True, slots=True)
class Place:
    """A listening place; either `path`, or `host` and `port`."""

    settings: Settings
    host: str = ""
    port: int = 0
    path: Path | None = None

    def __str__(self) -> str:
        return f"{_UNIX}{self.path}" if self.path else f"{self.host}:{self.port}"

    def bind(self) -> socket.socket:
        """A bound socket that does not listen yet.

        Raises:
            ConfigError: the address or the path cannot be used.
            Unavailable: another process listens there.
        """
        try:
            return _bound_path(self.path) if self.path else _bound_port(self.host, self.port)
        except OSError as error:
            said = f"{self} cannot be listened on: {error.strerror or error}"
            if error.errno == errno.EADDRINUSE:
                raise Unavailable(f"[lmtp] listen: {said}") from None
            raise self.refusal(said) from None

    def leave(self) -> None:
        """Remove the socket's file, so that a mail server sees at once that nobody is there."""
        if self.path:
            with suppress(FileNotFoundError):
                self.path.unlink()

    def refusal(self, text: str) -> ConfigError:
        """The error that names file, line and key."""
        return self.settings.refusal(("lmtp", "listen"), text)


def place_of(settings: Settings) -> Place | None:
    """The place of `[lmtp] listen`; None where it is empty."""
    listen = settings.lmtp.listen
    if not listen:
        return None
    if listen.startswith(_UNIX):
        return Place(settings, path=settings.state_dir / Path(listen.removeprefix(_UNIX)).expanduser())
    host, _, port = listen.rpartition(":")
    return Place(settings, host.strip("[]"), int(port))


def _bound_port(host: str, port: int) -> socket.socket:
    family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    made = socket.socket(family, kind, number)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except BaseException:
        made.close()
        raise
    return made


def _bound_path(path: Path) -> socket.socket:
    """Nobody can connect before it listens, so its mode is right from the first connection on."""
    _remove_stale(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(os.fspath(path))
        path.chmod(_MODE)
    except BaseException:
        made.close()
        raise
    return made


def _remove_stale(path: Path) -> None:
    """Remove what a process that was killed left; one at which somebody answers, and any other file, stays."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise OSError(errno.EEXIST, "there is a file of that name, and it is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, "another process listens there")
