"""Sending by SMTP: one connection to one relay on aiosmtplib, every failure told apart (S1, S2, S5)."""

import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponse, SMTPResponseException

from mailcase.errors import ConfigError, MailcaseError, NoGreeting, Permanent, Transient
from mailcase.faults import hit
from mailcase.outbox.failures import CopyFailed, MemberFailed, Refused, RelayShut, Taken, Uncertain, UsedUp
from mailcase.outbox.mime import Envelope
from mailcase.outbox.settings import SmtpSettings
from mailcase.outbox.smtp_login import log_in
from mailcase.tls import shared_context

_AFTER_THE_DOT: Final = 10  # times the timeout of a command (RFC 5321 4.5.3.2.6, contract.md)
_GO_AHEAD: Final = 354
_ACCEPTED: Final = 250
_CLOSING: Final = 421
_BAD_SEQUENCE: Final = 503  # says nothing about the mail: the two sides disagree on where they are
_LOGIN_CODES: Final = frozenset({530, 534, 535, 538})  # RFC 4954 6: the login is wrong, not the mail
_POLITE: Final = 2.0  # seconds for QUIT and RSET
_LONGEST_REPLY: Final = 300  # characters of a server's text that are kept

_Command = Callable[[], Awaitable[SMTPResponse]]


async def _always() -> None:
    pass


class SmtpSender:
    """One connection, opened when needed and used again; one mail at a time.

    A cancelled or failed dialogue closes the connection, so that the next mail starts a clean one
    (libraries.md 4: aiosmtplib would go on off by one).
    """

    def __init__(self, settings: SmtpSettings) -> None:
        self.settings = settings
        self._client: aiosmtplib.SMTP | None = None
        self._used = False  # whether a mail was tried over this connection

    async def connect(self) -> None:
        """Connect, secure and log in, unless that is done.

        Raises:
            Transient: not reachable, not ready, certificate not trusted.
            ConfigError: login refused, no AUTH, no STARTTLS where it is required, CA file unreadable.
            TokenRefused: there is no token to log in with, and there will be none until somebody signs in anew.
        """
        if self._client is not None and self._client.is_connected:
            return
        if self.settings.sign_in is not None:
            await self.settings.sign_in.token()  # where there is none, the relay need not be bothered
        client = self._new_client()
        try:
            await client.connect(timeout=min(self.settings.greeting, self.settings.timeout))
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
            if self.settings.user:
                await log_in(client, self.settings)
        except BaseException as error:
            client.close()
            if isinstance(error, Exception):
                raise self._connect_failure(error) from error
            raise
        self._client, self._used = client, False

    async def send(self, envelope: Envelope, may_leave: Callable[[], Awaitable[None]] = _always) -> Taken:
        """Send one mail over the open connection; returns who does not have it, and why.

        `may_leave` is asked last, before the first octet of the mail; what it raises, `send` raises.

        Raises:
            CopyFailed: the dialogue ended at a copy of mail that may lose its copies; nothing was taken.
            MemberFailed: it ended at a member of a group; nothing was taken.
            Refused: 5yz; the relay did not take it.
            RelayShut, UsedUp: at MAIL the relay, or this connection, ended; nothing was taken.
            Permanent: the relay has no SMTPUTF8 and the address needs it.
            Uncertain: it failed after the final dot.
            Transient: 4yz, or the connection was lost before the final dot.
            ConfigError: the relay wants another login (530, 535 …); with tokens that is Transient, for they end.
        """
        if self._client is None:
            raise Transient("not connected")
        try:
            return await self._dialogue(self._client, envelope, may_leave)
        except Uncertain:
            self.close()
            raise
        except MailcaseError:
            await self._reset()
            raise
        except BaseException:
            self.close()
            raise
        finally:
            self._used = True

    def close(self) -> None:
        """Drop the connection at once."""
        if self._client is not None:
            self._client.close()
        self._client = None

    async def quit(self) -> None:
        """Say goodbye and close."""
        try:
            if self._client is not None and self._client.is_connected:
                await self._client.quit(timeout=_POLITE)
        except (SMTPException, OSError):
            pass  # it is closed either way
        finally:
            self.close()

    async def null_sender_refusal(self) -> str:
        """What the relay answers to MAIL FROM:<> where it refuses it, else ""; nothing is sent.

        Raises:
            Transient: there is no connection, or it broke.
        """
        if self._client is None:
            raise Transient(f"{self.settings.relay} closed the connection")
        try:
            await self._step("MAIL", partial(self._client.mail, ""))
        except Refused as error:
            return str(error)
        return ""

    def _new_client(self) -> aiosmtplib.SMTP:
        own = self.settings
        return aiosmtplib.SMTP(
            hostname=own.host,
            port=own.port,
            timeout=own.timeout,
            use_tls=own.security == "tls",
            start_tls=own.security == "starttls",
            tls_context=None if own.security == "none" else shared_context(own.ca_file),
            local_hostname=own.local_hostname,
        )

    async def _dialogue(
        self, client: aiosmtplib.SMTP, envelope: Envelope, may_leave: Callable[[], Awaitable[None]]
    ) -> Taken:
        offered = client.supports_extension
        if envelope.utf8 and not offered("smtputf8"):
            raise Permanent(f"{self.settings.relay} does not offer SMTPUTF8, which this address needs")
        coding = "utf-8" if envelope.utf8 else "ascii"
        options = ["SMTPUTF8", "BODY=8BITMIME"] if envelope.utf8 else []
        mail = partial(client.mail, envelope.sender, options=options, encoding=coding)
        await self._step("MAIL", mail)
        # A report on a mail with a null sender could go nowhere (RFC 3834 3.3 asks for NEVER).
        notify = ["NOTIFY=NEVER"] if not envelope.sender and offered("dsn") else []
        rcpt = [partial(client.rcpt, one, options=notify, encoding=coding) for one in envelope.recipients]
        taken = await (self._members if envelope.alike else self._copies)(client, envelope, rcpt)
        go_ahead = await self._step("DATA", partial(client.execute_command, b"DATA"))
        if go_ahead.code != _GO_AHEAD:
            raise self._answer("DATA", go_ahead.code, go_ahead.message)
        try:
            await may_leave()
        except BaseException:
            self.close()  # within DATA there is no RSET; what has no final dot is thrown away
            raise
        return replace(taken, said=await self._content(client, envelope.data))

    async def _members(self, client: aiosmtplib.SMTP, envelope: Envelope, rcpt: Sequence[_Command]) -> Taken:
        """RCPT for a group, in which nobody matters less (L2): 5yz loses one, anything else tries him again."""
        lost: dict[str, MailcaseError] = {}
        later: dict[str, MailcaseError] = {}
        for address, command in zip(envelope.recipients, rcpt, strict=True):
            try:
                await self._step("RCPT", command)
            except MailcaseError as error:
                if not client.is_connected:
                    raise MemberFailed(address, str(error)) from error
                not_of_him = isinstance(error, Refused) and (error.too_many or error.of_account)
                never = isinstance(error, Permanent) and not not_of_him
                (lost if never else later)[address] = error
        if len(lost) + len(later) == len(rcpt):
            raise next(iter((*later.values(), *lost.values())))
        told = [f"not to {address}: {error}" for address, error in lost.items()]
        return Taken(tuple(told), tuple(later), "; ".join(f"not yet to {one}: {error}" for one, error in later.items()))

    async def _copies(self, client: aiosmtplib.SMTP, envelope: Envelope, rcpt: Sequence[_Command]) -> Taken:
        """RCPT for one and his copies; what went wrong with those that were not taken, where the mail may lose them."""
        await self._step("RCPT", rcpt[0])
        lost: list[str] = []
        for address, command in zip(envelope.recipients[1:], rcpt[1:], strict=True):
            try:
                await self._step("RCPT", command)
            except MailcaseError as error:
                if not envelope.copies_may_fail:
                    raise
                lost.append(f"no copy to {address}: {error}")
                if not client.is_connected:
                    raise CopyFailed("; ".join(lost)) from error
        return Taken(tuple(lost))

    async def _step(self, verb: str, command: _Command) -> SMTPResponse:
        """One command before the final dot: whatever fails here, the mail was not taken."""
        try:
            return await command()
        except SMTPResponseException as error:
            raise self._answer(verb, error.code, error.message) from error
        except ValueError as error:
            raise Permanent(f"{verb} cannot be written: {error}") from error
        except (SMTPException, OSError) as error:
            self.close()
            kind = UsedUp if verb == "MAIL" and self._used else Transient
            raise kind(f"{self.settings.relay} {verb}: {_told(error)}") from error

    async def _content(self, client: aiosmtplib.SMTP, data: bytes) -> str:
        """The mail and its final dot; what the relay says. From here on a failure without an answer is uncertain."""
        protocol = client.protocol
        if protocol is None or not protocol.is_connected:
            raise Transient(f"{self.settings.relay} DATA: connection lost")
        try:
            protocol.write(_stuffed(data))
            hit("final_dot")
            reply = await protocol.read_response(timeout=self.settings.timeout * _AFTER_THE_DOT)
        except Exception as error:  # also an answer that cannot be read
            raise Uncertain(f"{self.settings.relay} after the final dot: {_told(error)}") from error
        if reply.code != _ACCEPTED:
            raise self._answer("final dot", reply.code, reply.message)
        return reply.message

    def _answer(self, verb: str, code: int, text: str) -> Exception:
        """What a relay's answer means."""
        if code in _LOGIN_CODES and verb != "final dot":
            return self._login_wanted(f"{self.settings.relay} {verb}: {code} {_short(text)}")
        if 500 <= code <= 599 and code != _BAD_SEQUENCE:
            return Refused(f"{self.settings.relay} {verb}", code, _short(text))
        if code == _CLOSING and verb == "MAIL":
            self.close()
            return (UsedUp if self._used else RelayShut)(f"{self.settings.relay} {verb}: {code} {_short(text)}")
        if 400 <= code <= 499:
            return Transient(f"{self.settings.relay} {verb}: {code} {_short(text)}")
        self.close()  # the dialogue is broken
        broken = f"{self.settings.relay} {verb}: unexpected answer {code} {_short(text)}"
        return Uncertain(broken) if verb == "final dot" else Transient(broken)

    def _login_wanted(self, said: str) -> Exception:
        if self.settings.sign_in is None:
            return ConfigError(said)
        self.close()  # the token that opened it has ended: the next connection shows another
        return Transient(said)

    def _connect_failure(self, error: Exception) -> Exception:
        if isinstance(error, MailcaseError):
            return error
        relay = self.settings.relay
        certificate = error if isinstance(error, ssl.SSLError) else error.__cause__
        if isinstance(error, aiosmtplib.SMTPAuthenticationError) and error.code >= 500:
            return ConfigError(f"{relay} login refused for {self.settings.user}: {error.code} {_short(error.message)}")
        if isinstance(certificate, ssl.SSLCertVerificationError):
            return Transient(f"{relay} certificate not trusted: {certificate.verify_message}")
        if type(error) is SMTPException or isinstance(error, aiosmtplib.SMTPNotSupported):
            return ConfigError(f"{relay} {_told(error)}")  # no STARTTLS, no AUTH
        if isinstance(error, aiosmtplib.SMTPConnectTimeoutError):  # connecting or greeting, no later answer
            return NoGreeting(f"{relay} {_told(error)}")
        return Transient(f"{relay} {_told(error)}")

    async def _reset(self) -> None:
        """Leave the refused mail behind, so that the connection can take the next one."""
        try:
            if self._client is not None and self._client.is_connected:
                await self._client.rset(timeout=_POLITE)
        except BaseException as error:
            self.close()
            if not isinstance(error, SMTPException | OSError):
                raise


def _stuffed(data: bytes) -> bytes:
    """The mail as DATA carries it: dots doubled, final dot (RFC 5321 4.5.2). Its lines end with CRLF."""
    body = data if data.endswith(b"\r\n") else data + b"\r\n"
    stuffed = body.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n"


def _told(error: Exception) -> str:
    """What an error says, on one short line, or what it is."""
    code = f"{error.code} " if isinstance(error, SMTPResponseException) else ""
    text = error.message if isinstance(error, SMTPException) else str(error)
    return code + (_short(text) or type(error).__name__)


def _short(text: str) -> str:
    """A server's words on one short printable line."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(line.split())[:_LONGEST_REPLY]
