"""What a client of the LMTP server is told (RFC 5321 4.2, RFC 3463): each reply once, by name."""

import re
from typing import Final

READY: Final = "354 end data with <CR><LF>.<CR><LF>"
SENDER: Final = "250 2.1.0 sender ok"
RECIPIENT: Final = "250 2.1.5 recipient ok"
TAKEN: Final = "250 2.0.0 taken"
NOBODY: Final = "550 5.1.1 no mailbox of ours has this address"
PAUSED: Final = "450 4.2.1 the mailbox is paused; try again later"
NO_ROOM: Final = "452 4.3.1 no room; try again later"
NO_MEMORY: Final = "452 4.3.1 too much mail at once; try again later"
NO_STORE: Final = "451 4.3.0 the mail cannot be stored now; try again later"
TOO_LARGE: Final = "552 5.3.4 larger than [intake] max_size"
CLOSING: Final = "421 4.3.2 closing; try again later"
CROWDED: Final = "421 4.3.2 too many connections; try again later"
NEEDS_RECIPIENT: Final = "503 5.5.1 no recipient was accepted"
NO_ARGUMENT: Final = "501 5.5.4 DATA takes no argument"

_WITHOUT_CODE: Final = re.compile(r"(?!220)([245])\d\d (?!\d\.\d{1,3}\.\d{1,3} )")
_LIBRARY: Final = {"250": "2.0.0", "221": "2.0.0", "252": "2.1.5", "500": "5.5.2", "501": "5.5.4", "503": "5.5.1"}


def with_code(reply: str) -> str:
    """The reply of the library with the enhanced status code that RFC 2034 wants of every reply."""
    found = _WITHOUT_CODE.match(reply)
    if found is None:
        return reply
    return f"{reply[:3]} {_LIBRARY.get(reply[:3], found[1] + '.0.0')} {reply[4:]}"
