"""Makes the LMTP server where the configuration wants one; aiosmtpd is an extra and imported only then."""

from collections.abc import Callable, Collection
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mailcase.lmtp.place import place_of

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.errors import ConfigError
    from mailcase.house import House
    from mailcase.lmtp.server import LmtpServer


def lmtp_server(
    house: "House", *, paused: Callable[[], Collection[str]], room: Callable[[], None]
) -> "LmtpServer | None":
    """The server of `[lmtp] listen`, not yet listening; None where it is empty.

    Raises:
        ConfigError: the extra is not installed.
    """
    place = place_of(house.settings)
    if place is None:
        return None
    if wrong := extra_missing(house.settings):
        raise wrong
    from mailcase.lmtp.server import LmtpServer

    return LmtpServer(place, house, paused=paused, room=room)


def extra_missing(settings: "Settings") -> "ConfigError | None":
    """What to say where `[lmtp] listen` wants a server and the extra is not installed; else None."""
    place = place_of(settings)
    if place is None or find_spec("aiosmtpd") is not None:
        return None
    return place.refusal("needs aiosmtpd, which is not installed: pip install 'mailcase[lmtp]'")
