"""An IMAP server (pymap) and an SMTP sink (aiosmtpd) on free loopback ports, in this process's event loop."""

import asyncio
import imaplib
import re
import time
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from mailcase.errors import ConfigError

HOST: Final = "127.0.0.1"
_APPENDED: Final = re.compile(rb"APPENDUID [0-9]+ ([0-9]+)")


@dataclass(frozen=True, slots=True)
class Sent:
    """One mail that the daemon handed over by SMTP."""

    sender: str  # of the envelope; "" is the null sender
    recipients: tuple[str, ...]
    raw: bytes


@dataclass(slots=True)
class Post:
    """The embedded servers while they run."""

    password: str = field(repr=False)
    imap_port: int = 0
    smtp_port: int = 0
    sent: list[Sent] = field(default_factory=list)

    async def deliver(self, user: str, raw: bytes) -> int:
        """Put one mail into that user's INBOX as a mail server would; returns its UID."""
        return await asyncio.to_thread(self._append, user, raw)

    def _append(self, user: str, raw: bytes) -> int:
        with imaplib.IMAP4(HOST, self.imap_port, timeout=30) as client:
            client.login(user, self.password)
            _, answer = client.append("INBOX", "", imaplib.Time2Internaldate(time.time()), raw)
        found = _APPENDED.search(answer[0])
        if found is None:
            raise RuntimeError(f"the embedded IMAP server did not take a mail: {answer[0]!r}")
        return int(found[1])


@asynccontextmanager
async def post_office(users: tuple[str, ...], password: str) -> AsyncIterator[Post]:
    """Both servers, with an empty INBOX for each user.

    Raises:
        ConfigError: the packages of the demo are not installed.
    """
    post = Post(password)
    try:
        async with AsyncExitStack() as stack:
            imap = await stack.enter_async_context(await _imap_server(users, password))
            smtp = await stack.enter_async_context(await _smtp_server(post.sent))
            post.imap_port, post.smtp_port = (server.sockets[0].getsockname()[1] for server in (imap, smtp))
            yield post
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the demo needs its own mail servers, and {error.name} is missing: pip install 'mailcase[demo]'"
        ) from error


async def _imap_server(users: tuple[str, ...], password: str) -> asyncio.Server:
    """pymap keeps its start for its own command line, so its parts are put together here (hence the pin)."""
    from proxyprotocol.reader import ProxyProtocolReader
    from pymap.backend.dict import Config, Identity, Login
    from pymap.imap import IMAPServer
    from pymap.user import UserMetadata
    from pysasl import SASLAuth
    from pysasl.hashing import Cleartext

    args = Namespace(passlib_cfg=None, proxy_protocol=None)
    demo: Any = {"demo_data": False, "demo_user": users[0], "demo_password": password}
    # The shipped greeting asks the DNS, and its mechanisms are looked for in every package at each connection.
    own = {"greeting": b"mailcase demo", "tls_auth": SASLAuth.defaults()}
    quiet = type("QuietConfig", (Config,), own)
    config: Any = quiet(args, host=HOST, port=0, tls_enabled=False, hash_context=Cleartext(), **demo)
    config.apply_context()
    login: Any = Login(config)
    for user in users:
        await Identity(user, login, None, frozenset()).set(UserMetadata(config, user, password=password))
    serve = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(login, config))
    return await asyncio.start_server(serve, HOST, 0)


class _Sink:
    """Takes every mail and keeps it."""

    def __init__(self, sent: list[Sent]) -> None:
        self._sent = sent

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail."""
        self._sent.append(Sent((envelope.mail_from or "").strip("<>"), tuple(envelope.rcpt_tos), envelope.content))
        return "250 OK kept"


async def _smtp_server(sent: list[Sent]) -> asyncio.Server:
    from aiosmtpd.smtp import SMTP

    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(_Sink(sent), hostname="mail.harbor.example", enable_SMTPUTF8=True, loop=loop), HOST, 0
    )
