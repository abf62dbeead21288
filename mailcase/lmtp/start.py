"""Makes the LMTP server where the configuration wants one; aiosmtpd is an extra and imported only then."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from mailcase.house import House
from mailcase.lmtp.place import place_of

if TYPE_CHECKING:
    from mailcase.lmtp.server import LmtpServer


def lmtp_server(
    house: House, *, paused: Callable[[], Collection[str]], room: Callable[[], None]
) -> "LmtpServer | None":
    """The server of `[lmtp] listen`, not yet listening; None where it is empty.

    Raises:
        ConfigError: the extra is not installed.
    """
    place = place_of(house.settings)
    if place is None:
        return None
    try:
        from mailcase.lmtp.server import LmtpServer
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "aiosmtpd":
            raise
        raise place.refusal("needs aiosmtpd, which is not installed: pip install mailcase[lmtp]") from None
    return LmtpServer(place, house, paused=paused, room=room)
