"""Logging in at a relay: a password by the first method that is meant, or a token; each shown once."""

import base64
from typing import Final

import aiosmtplib
from aiosmtplib import SMTPAuthenticationError

from mailcase.errors import ConfigError
from mailcase.outbox.settings import SmtpSettings
from mailcase.ports import SignIn
from mailcase.signin import sasl

_OTHER_WAY: Final = frozenset({500, 502, 504, 534})  # this way to log in is not meant, another may be
_GO_ON: Final = 334
_ACCEPTED: Final = 235
_REFUSED: Final = 500  # from here on it is no, not "try again"


async def log_in(client: aiosmtplib.SMTP, settings: SmtpSettings) -> None:
    """Log in as the settings say, over an open and secured connection.

    Raises:
        SMTPAuthenticationError: refused; other errors of aiosmtplib where the connection breaks.
        TokenRefused, Transient: there is no token to show.
        ConfigError: the relay offers no way that we know.
    """
    if settings.sign_in is not None:
        await _sign_in(client, settings, settings.sign_in)
    else:
        await _with_password(client, settings)


async def _with_password(client: aiosmtplib.SMTP, settings: SmtpSettings) -> None:
    """Log in once: aiosmtplib would send a wrong password again by each method, and accounts get locked."""
    ways = {"plain": client.auth_plain, "login": client.auth_login, "cram-md5": client.auth_crammd5}
    offered = [name for name in ways if name in client.server_auth_methods]
    if not offered:
        raise ConfigError(f"{settings.relay} offers no login that mailcase knows, but a user is configured")
    for name in offered:
        try:
            await ways[name](settings.user, settings.password)
            return
        except SMTPAuthenticationError as error:
            if name == offered[-1] or error.code not in _OTHER_WAY:
                raise


async def _sign_in(client: aiosmtplib.SMTP, settings: SmtpSettings, sign_in: SignIn) -> None:
    """Show a token; one that was good until now and is refused is dropped, and a new one is tried, once."""
    token = await sign_in.token()
    try:
        await _show(client, settings, token)
    except SMTPAuthenticationError as error:
        if error.code < _REFUSED or not sign_in.refused(token):
            raise
        await _show(client, settings, await sign_in.token())


async def _show(client: aiosmtplib.SMTP, settings: SmtpSettings, token: str) -> None:
    if "xoauth2" in client.server_auth_methods:
        await client.auth_xoauth2(settings.user, token)
    elif "oauthbearer" in client.server_auth_methods:
        await _bearer(client, sasl.oauthbearer(settings.user, settings.host, settings.port, token))
    else:
        raise ConfigError(f'{settings.relay} offers neither XOAUTH2 nor OAUTHBEARER: set auth = "password" there')


async def _bearer(client: aiosmtplib.SMTP, message: bytes) -> None:
    """OAUTHBEARER, which aiosmtplib lacks (RFC 7628)."""
    reply = await client.execute_command(b"AUTH", b"OAUTHBEARER", base64.b64encode(message))
    if reply.code == _GO_ON:
        reply = await client.execute_command(base64.b64encode(sasl.OAUTHBEARER_GIVE_UP))
    if reply.code != _ACCEPTED:
        raise SMTPAuthenticationError(reply.code, reply.message)
