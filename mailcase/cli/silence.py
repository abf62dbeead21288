"""What to do where a server says nothing, for `mailcase check`: a second look finds out what the port speaks."""

import asyncio
import contextlib
import ssl
from typing import Final, Literal

from mailcase.errors import NoGreeting

Speaks = Literal["nobody", "nothing", "tls"]
LOOK_S: Final = 3.0  # for each of the two tries of the second look
_PORTS: Final = {
    "imap": {"tls": "993", "starttls": "143", "none": "143"},
    "smtp": {"tls": "465", "starttls": "587", "none": "25"},
}


async def silence_cure(section: str, host: str, port: int, security: str, error: BaseException) -> str:
    """The cure for [mailbox.SECTION]; "" where silence was not what failed, or nobody is there at all."""
    if not isinstance(error, NoGreeting):
        return ""
    found = await speaks(host, port)
    usual = f'with security = "{security}" it is usually {_PORTS[section][security]}'
    if found == "tls" and security != "tls":
        return f'[mailbox.{section}] security: the port speaks TLS at once: security = "tls", or another port ({usual})'
    if found == "tls":
        return f"[mailbox.{section}] port: it speaks TLS, but no {section.upper()} server greets there; {usual}"
    if found == "nothing":
        return (
            f"[mailbox.{section}] port: it takes connections and says nothing, in plain text or TLS; {usual}. "
            "Or a firewall or an overloaded server holds the connection, or it greets later than 10 s (tarpit)"
        )
    return ""


async def speaks(host: str, port: int) -> Speaks:
    """What answers there: nobody, somebody who says nothing, or TLS; the certificate does not matter."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent but the greeting of TLS
    if not await _opens(host, port, None):
        return "nobody"
    return "tls" if await _opens(host, port, context) else "nothing"


async def _opens(host: str, port: int, context: ssl.SSLContext | None) -> bool:
    with contextlib.suppress(OSError):  # TimeoutError and ssl.SSLError among them
        async with asyncio.timeout(LOOK_S):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
        writer.transport.abort()
        return True
    return False
