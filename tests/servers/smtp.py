"""An SMTP server that records what it was given and fails as scripted, by the recipient's local part."""

import asyncio
import ssl
import tempfile
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.dovecot import certificate
from tests.servers.patient import PatientController
from tests.servers.ports import free_port
from tests.servers.renaming import taken


@dataclass(frozen=True)
class Received:
    """One mail whose final dot arrived, with how it came."""

    sender: str  # "" is the null sender
    recipients: tuple[str, ...]
    data: bytes
    tls: bool
    user: str
    rcpt_options: tuple[str, ...]


@dataclass
class Script:
    """Faults beside those of the recipients; may be changed while the server runs."""

    null_sender: str = ""  # the answer to a null sender, "553 5.1.7 no" …
    null_sender_at: str = "MAIL"  # or "RCPT" or "dot"
    mail: str = ""  # the answer to every MAIL
    #: By place (greeting, EHLO … DATA, content, dot, RSET, QUIT): the answer there, or DROP or SILENT. 421 closes, as
    #: it must. What stands at SLIPPED_IN follows the answer to STARTTLS at once, in clear, as if it were ours.
    at: dict[str, str] = field(default_factory=dict)
    renames: str = ""  # a domain: each mail gets another Message-ID there, which the answer to the dot tells


DROP, SILENT = "the connection ends", "nothing is ever said"
SLIPPED_IN = "behind STARTTLS"
_NULL = "<>"  # the null sender, as aiosmtpd names it
_READY_FOR_TLS = "220 Ready to start TLS"  # aiosmtpd's own words
#: By local part: what RCPT answers. `-once` only the first time.
AT_RCPT = {
    "perm": "550 5.1.1 no such user",
    "temp": "450 4.2.1 try again",
    "temp-once": "450 4.2.1 try again",
    "closing": "421 4.3.2 closing",
    "login": "530 5.7.0 authentication required",
}
#: By local part: what the final dot answers.
AT_DOT = {"full": "552 5.3.4 too big", "content": "554 5.7.1 no", "temp-dot-once": "451 4.3.0 try again"}


class SmtpSink:
    """`with SmtpSink() as sink: sink.port`; runs in a thread of its own.

    Local parts with a meaning beside `AT_RCPT` and `AT_DOT`: `hang` (RCPT is never answered),
    `drop-before` (the connection ends at DATA), `drop-after` (the mail is taken, the answer lost;
    `drop-after-once` only the first time), `slow` (the mail is taken, the answer waits for `go_on`).

    Args:
        tls: "starttls", "tls" or "" (none is offered).
        users: who may log in; empty: nobody needs to.
        utf8: whether SMTPUTF8 is offered.
        port: where it listened before; 0: a free one.
    """

    def __init__(
        self, tls: str = "", users: Mapping[str, str] | None = None, *, utf8: bool = True, port: int = 0
    ) -> None:
        self.port = port or free_port()
        self.script = Script()
        self.mails: list[Received] = []
        self.logins: list[tuple[str, bool]] = []  # user, whether it was accepted
        self.connections = 0
        self.waiting = threading.Event()  # a `hang` or `slow` recipient has been reached
        self.go_on = threading.Event()
        self.seen: Counter[str] = Counter()
        self.open: set[asyncio.Transport] = set()
        self._tls, self._users, self._utf8 = tls, dict(users or {}), utf8
        self._folder = tempfile.TemporaryDirectory(prefix="mc-smtp-")
        self.ca_file = str(Path(self._folder.name, "cert.pem"))
        self._controller: _Sink | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        self._folder.cleanup()

    def start(self) -> None:
        """Listen; also again, on the same port, after `stop`."""
        context = self._context() if self._tls else None
        implicit = {"ssl_context": context} if self._tls == "tls" else {}
        self._controller = _Sink(self, implicit, context if self._tls == "starttls" else None)
        self._controller.start()
        self.connections = 0  # not the controller's own trial

    def stop(self) -> None:
        """Close the port and every connection."""
        self.go_on.set()
        if self._controller is not None:
            self._controller.end(self.open)
            self._controller = None

    @property
    def to(self) -> list[str]:
        """Every recipient of every mail, in order."""
        return [one for mail in self.mails for one in mail.recipients]

    def options(self, tls: ssl.SSLContext | None) -> dict[str, Any]:
        """What the server class is made with."""
        login = {"authenticator": self._login, "auth_required": tls is not None, "auth_require_tls": tls is not None}
        return {
            "enable_SMTPUTF8": self._utf8,
            "tls_context": tls,
            "require_starttls": tls is not None,
            "hostname": "sink.example",
            "timeout": 3600,  # seconds: whoever waits for an answer of ours waits as long as he likes
            **(login if self._users else {}),
        }

    def _context(self) -> ssl.SSLContext:
        cert, key = certificate()
        files = Path(self.ca_file), Path(self._folder.name, "key.pem")
        for path, content in zip(files, (cert, key), strict=True):
            path.write_bytes(content)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        return context

    def _login(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        user, password = data.login.decode(), data.password.decode()
        good = self._users.get(user) == password
        self.logins.append((user, good))
        return AuthResult(success=good, handled=good, auth_data=user)

    def first_time(self, word: str) -> bool:
        """Whether this word is asked for the first time."""
        self.seen[word] += 1
        return self.seen[word] == 1


def _local(address: str) -> str:
    return address.partition("@")[0]


class _Server(SMTP):
    """aiosmtpd's server with the faults that no hook can make."""

    def __init__(self, sink: SmtpSink, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._sink = sink
        self._greeted = False
        self._smtp_methods = {verb: partial(self._command, verb, method) for verb, method in self._smtp_methods.items()}

    async def push(self, status: Any) -> None:
        greeting, self._greeted = not self._greeted, True
        if status == _READY_FOR_TLS and (words := self._sink.script.at.get(SLIPPED_IN)):
            status = f"{status}\r\n{words}"
        if not greeting or not await self._fault("greeting"):
            await super().push(status)

    async def _command(self, verb: str, method: Callable[[str | None], Awaitable[None]], arg: str | None) -> None:
        self._sink.seen[verb] += 1
        if not await self._fault(verb):
            await method(arg)

    async def _fault(self, place: str) -> bool:
        """Do what the script wants here; False if it wants nothing."""
        told = self._sink.script.at.get(place, "")
        if told == SILENT:
            await asyncio.sleep(3600)
        elif told == DROP:
            self.cut()
        elif told:
            await super().push(told)
            if told.startswith("421") and self.transport is not None:
                self.transport.close()
        return bool(told)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.transport is None:  # not the second time, after STARTTLS
            self._sink.connections += 1
            assert isinstance(transport, asyncio.Transport)
            self._sink.open.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sink.open -= {one for one in self._sink.open if one.is_closing()}
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd's name
        if self.envelope is not None and any(_local(one) == "drop-before" for one in self.envelope.rcpt_tos):
            self.cut()
            return
        if self._sink.script.at.get("content") == DROP:
            await self.push("354 go on")
            await self._reader.readline()
            self.cut()
            return
        await super().smtp_DATA(arg)

    def cut(self) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.abort()


@dataclass
class _Handler:
    """aiosmtpd's hooks: the answers by recipient, and the record."""

    sink: SmtpSink

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        script = self.sink.script
        if script.mail or (address == _NULL and script.null_sender and script.null_sender_at == "MAIL"):
            return script.mail or script.null_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        word = _local(address)
        if envelope.mail_from == _NULL and self.sink.script.null_sender and self.sink.script.null_sender_at == "RCPT":
            return self.sink.script.null_sender
        if word == "hang":
            self.sink.waiting.set()
            await asyncio.sleep(3600)
        if word in AT_RCPT and (not word.endswith("-once") or self.sink.first_time(word)):
            return AT_RCPT[word]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: _Server, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        if envelope.mail_from == _NULL and self.sink.script.null_sender and self.sink.script.null_sender_at == "dot":
            return self.sink.script.null_sender
        if (told := self.sink.script.at.get("dot", "")) not in ("", DROP):
            return told
        words = {_local(one) for one in envelope.rcpt_tos}
        for word in words & AT_DOT.keys():
            if not word.endswith("-once") or self.sink.first_time(word):
                return AT_DOT[word]
        envelope.content, answer = taken(envelope.content, self.sink.script.renames, len(self.sink.mails) + 1)
        self._record(server, session, envelope)
        lost = "drop-after" in words or ("drop-after-once" in words and self.sink.first_time("drop-after-once"))
        if lost or told:
            server.cut()
        if "slow" in words:
            self.sink.waiting.set()
            await asyncio.to_thread(self.sink.go_on.wait)
        return answer

    def _record(self, server: _Server, session: Session, envelope: Envelope) -> None:
        assert isinstance(envelope.content, bytes)
        user = session.auth_data if isinstance(session.auth_data, str) else ""
        assert server.transport is not None
        tls = server.transport.get_extra_info("ssl_object") is not None
        sender = (envelope.mail_from or "").removeprefix(_NULL)
        options = tuple(envelope.rcpt_options)
        self.sink.mails.append(Received(sender, tuple(envelope.rcpt_tos), envelope.content, tls, user, options))


class _Sink(PatientController):
    """The thread that the server runs in."""

    def __init__(self, sink: SmtpSink, implicit: Mapping[str, Any], tls: ssl.SSLContext | None) -> None:
        super().__init__(_Handler(sink), lambda: sink.connections > 0, port=sink.port, **implicit)
        self._sink, self._starttls, sink.connections = sink, tls, 0

    def factory(self) -> SMTP:
        return _Server(self._sink, self.handler, **self._sink.options(self._starttls))


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A server without TLS and login, on a free port of 127.0.0.1."""
    with SmtpSink() as sink:
        yield sink
