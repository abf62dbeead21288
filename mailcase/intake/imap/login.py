"""From a host name to a logged-in connection: TLS, STARTTLS, greeting, LOGIN or a token, capabilities."""

import base64
import contextlib
import ssl
from collections.abc import Iterator
from typing import Final

from mailcase.errors import ConfigError, MailcaseError, NoGreeting, Permanent, Transient
from mailcase.intake.imap.client import HardenedClient
from mailcase.intake.imap.exchange import Exchange
from mailcase.intake.imap.failures import LoginRefused, ServerBusy, login_refusal, readable, refusal
from mailcase.intake.imap.grammar import quote
from mailcase.intake.imap.settings import MEBIBYTE, ImapSettings
from mailcase.ports import SignIn
from mailcase.signin import sasl
from mailcase.tls import shared_context

_OTHER_WAY: Final = ', nor does it offer AUTH=PLAIN: perhaps it takes tokens (auth = "xoauth2")'


async def open_client(settings: ImapSettings) -> HardenedClient:
    """Connect, secure and log in; never falls back to less than `security` says.

    Raises Transient (unreachable, busy), LoginRefused, TokenRefused (somebody must sign in anew), Permanent
    (certificate, no STARTTLS) or ConfigError.
    """
    context = None if settings.security == "none" else shared_context(settings.ca_file)
    if settings.sign_in is not None:
        await settings.sign_in.token()  # where there is none, the server need not be bothered
    # RFC822.SIZE is a hint only, so a literal may be somewhat larger than the largest mail that is asked for
    limit = 2 * settings.max_size + 16 * MEBIBYTE
    with _translated(settings):
        at_once, later = (context, None) if settings.security == "tls" else (None, context)
        client = HardenedClient(
            settings.host, settings.port, timeout=settings.timeout_s, context=at_once, literal_limit=limit
        )
        try:
            await _introduce(client, settings, later)
        except BaseException:
            client.abort()
            raise
    return client


async def _introduce(client: HardenedClient, settings: ImapSettings, later: ssl.SSLContext | None) -> None:
    greeting = await client.greeted(settings.greeting_s)
    known = greeting[:9].upper().startswith(b"* PREAUTH")
    if not known and not greeting[:5].upper().startswith(b"* OK"):
        raise ServerBusy(f"{client.where}: does not greet but says {readable(greeting)}")
    if later is not None:  # STARTTLS: this connection goes no further without it
        await _start_tls(client, settings, later, known)
    await ask_capabilities(client)
    if not known:
        if settings.sign_in is not None:
            await _sign_in(client, settings, settings.sign_in)
        else:
            await _log_in(client, settings)
        await ask_capabilities(client)


async def _start_tls(client: HardenedClient, settings: ImapSettings, context: ssl.SSLContext, known: bool) -> None:
    if known:  # RFC 9051 7.1.4: PREAUTH leaves no way to STARTTLS, so somebody may be stripping it
        raise Permanent(f"{client.where}: greets with PREAUTH, STARTTLS is impossible: use security = tls")
    answer = await client.command("STARTTLS")
    if answer.result != "OK":
        raise Permanent(f"{client.where}: refuses STARTTLS: {readable(answer.text)}; use security = tls")
    await client.protocol.upgrade(context, settings.host)


async def ask_capabilities(client: HardenedClient) -> None:
    """Ask anew: LOGIN's own list is cut by aioimaplib, and STARTTLS voids what was said before (bug 18)."""
    answer = await client.command("CAPABILITY")
    if answer.result != "OK":
        raise refusal(f"{client.where}: CAPABILITY", answer.result, answer.text)
    lines = [response[0].upper().split() for response in answer.untagged]
    words = [word for line in lines if line[:1] == [b"CAPABILITY"] for word in line[1:]]
    client.protocol.capabilities = {word.decode("ascii", "replace") for word in words}


async def _log_in(client: HardenedClient, settings: ImapSettings) -> None:
    capabilities = client.protocol.capabilities
    plain_text = (settings.user + settings.password).isascii()
    if (not plain_text or "LOGINDISABLED" in capabilities) and "AUTH=PLAIN" in capabilities:
        secret = f"\0{settings.user}\0{settings.password}"
        answer = await authenticate(client, "PLAIN", secret.encode())
    elif "LOGINDISABLED" in capabilities:  # RFC 9051 6.2.3: no LOGIN then; over a bare line all could read it
        bare = ': the line is not secured, security = "tls" or "starttls"' if settings.security == "none" else ""
        raise Permanent(f"{client.where}: takes no password here (LOGINDISABLED){bare or _OTHER_WAY}")
    else:
        answer = await client.command("LOGIN", quote(settings.user), quote(settings.password))
    if answer.result != "OK":
        raise login_refusal(settings.user, answer.result, answer.text)


async def _sign_in(client: HardenedClient, settings: ImapSettings, sign_in: SignIn) -> None:
    """Show a token; one that was good until now and is refused is dropped, and a new one is tried, once."""
    token = await sign_in.token()
    error = await _show(client, settings, token)
    if isinstance(error, LoginRefused) and sign_in.refused(token):
        error = await _show(client, settings, await sign_in.token())
    if error is not None:
        raise error


async def _show(client: HardenedClient, settings: ImapSettings, token: str) -> Permanent | Transient | None:
    """One try with a token; returns why it was refused."""
    capabilities = client.protocol.capabilities
    if "AUTH=XOAUTH2" in capabilities:
        answer = await authenticate(client, "XOAUTH2", sasl.xoauth2(settings.user, token))
    elif "AUTH=OAUTHBEARER" in capabilities:
        secret = sasl.oauthbearer(settings.user, settings.host, settings.port, token)
        answer = await authenticate(client, "OAUTHBEARER", secret, sasl.OAUTHBEARER_GIVE_UP)
    else:
        raise Permanent(f'{client.where} offers neither XOAUTH2 nor OAUTHBEARER: set auth = "password" there')
    return None if answer.result == "OK" else login_refusal(settings.user, answer.result, answer.text)


async def authenticate(client: HardenedClient, mechanism: str, secret: bytes, after: bytes = b"") -> Exchange:
    """SASL with one message of ours (RFC 9051 6.2.2; PLAIN, XOAUTH2, OAUTHBEARER).

    A second request of the server is how a token is refused: it is answered with `after`, for XOAUTH2 an empty
    line, and the NO follows (bug 12).
    """
    exchange = Exchange("AUTHENTICATE", client.protocol.new_tag(), mechanism)
    exchange.answers.append(base64.b64encode(secret).decode("ascii"))
    exchange.rest = base64.b64encode(after).decode("ascii")
    return await client.run(exchange)


@contextlib.contextmanager
def _translated(settings: ImapSettings) -> Iterator[None]:
    where = f"{settings.host}:{settings.port}"
    try:
        yield
    except MailcaseError:
        raise
    except ssl.SSLCertVerificationError as error:
        raise Permanent(f"{where}: the certificate is not valid ({error.verify_message})") from error
    except ssl.SSLError as error:
        raise Permanent(f"{where}: no TLS ({error.reason})") from error
    except TimeoutError as error:
        within = min(settings.greeting_s, settings.timeout_s)
        raise NoGreeting(f"{where}: no answer within {within:g} s") from error
    except OSError as error:
        raise Transient(f"{where}: cannot connect ({error})") from error
    except ValueError as error:
        raise ConfigError(f"{where}: {error} (user or password)") from error
