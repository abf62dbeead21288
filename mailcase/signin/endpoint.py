"""Asking a token endpoint, through Authlib: one question, one answer, every failure told apart."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import httpx2
from authlib.integrations.httpx_client import AsyncAssertionClient, AsyncOAuth2Client, OAuthError
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import RSAKey

from mailcase.errors import MailcaseError, TokenRefused, Transient
from mailcase.netplace import is_loopback
from mailcase.signin.answer import Answer
from mailcase.signin.cures import cure
from mailcase.signin.grant import Grant, ServiceAccount
from mailcase.tls import tls_context

_SKEW: Final = 60  # seconds that our clock may be ahead of the endpoint's
_ASSERTED: Final = 600  # seconds that a signed assertion is good for
_USUAL_LIFE: Final = 3600.0  # of a token whose life is not told
_PASSING: Final = frozenset({"temporarily_unavailable", "server_error", "slow_down"})  # RFC 6749 4.1.2.1, 8628 3.5
_NO_ENDPOINT: Final = frozenset({404, 405})
_BUSY: Final = frozenset({408, 429})
_LONGEST: Final = 300  # characters of what an endpoint says
_LARGEST: Final = 256 * 1024  # bytes of an answer
_LONGEST_LIFE: Final = 86400.0  # seconds; what claims more is asked for again after a day
#: What Microsoft adds to each refusal, and what may be a secret said back.
_NOISE: Final = re.compile(r"\s*\b(Trace ID|Correlation ID|Timestamp): .*|\S{60,}", re.DOTALL)
_TOKEN: Final = re.compile(r"[!-~]+")  # RFC 6749 A.12 without the space


async def ask(grant: Grant, refresh_token: str = "") -> Answer:
    """Ask for an access token; `refresh_token` is the one to show where the grant is a delegated one.

    Raises:
        TokenRefused: somebody must sign in anew, or correct the settings.
        Transient: not reachable, busy, or what answers is no token endpoint.
        ConfigError: the CA file is unreadable.
    """
    try:
        async with asyncio.timeout(grant.timeout_s):
            found = await _asked(grant, refresh_token)
        return _answer(grant, found, refresh_token)
    except MailcaseError:
        raise
    except OAuthError as error:
        raise _refusal(grant, str(error.error), str(error.description or ""), refresh_token) from None
    except httpx2.HTTPStatusError as error:
        raise _status(grant, error.response.status_code, refresh_token) from None
    except (TimeoutError, httpx2.TimeoutException):
        raise Transient(f"{grant.host}: no answer within {grant.timeout_s:g} s") from None
    except httpx2.HTTPError as error:
        raise Transient(f"{grant.host}: {error or type(error).__name__}") from error
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):  # what Authlib makes of odd answers
        raise _no_endpoint(grant, "no JSON of a token") from None


async def _asked(grant: Grant, refresh_token: str) -> Mapping[str, Any]:
    http = {
        "verify": tls_context(grant.ca_file),
        "timeout": grant.timeout_s,
        "trust_env": not is_loopback(grant.host),  # a proxy, for what is outside
        "headers": {"Accept-Encoding": "identity"},
        "event_hooks": {"response": [_passing(grant), _bounded(grant)]},
    }
    if grant.service_account is not None:
        return await _as_service(grant, grant.service_account, http)
    client: Any = AsyncOAuth2Client(
        grant.client_id,
        grant.client_key or grant.client_secret,
        token_endpoint_auth_method=_client_auth(grant),
        scope=grant.scope or None,
        **http,
    )
    named = {"client_id": grant.client_id} if grant.client_key else {}  # Microsoft wants it beside the assertion too
    async with client:
        if refresh_token:
            return dict(await client.refresh_token(grant.token_url, refresh_token=refresh_token, **named))
        return dict(await client.fetch_token(grant.token_url, grant_type="client_credentials", **named))


def _client_auth(grant: Grant) -> object:
    """How the client shows who it is (RFC 6749 2.3, 7523 2.2); without a secret it only says so."""
    if not grant.client_key:
        return "client_secret_post" if grant.client_secret else "none"
    now = int(time.time())
    limits = {"iat": now - _SKEW, "nbf": now - _SKEW, "exp": now + _ASSERTED}
    return PrivateKeyJWT(grant.token_url, claims=limits, headers=grant.certificate_header, alg=grant.algorithm)


async def _as_service(grant: Grant, account: ServiceAccount, http: Mapping[str, Any]) -> Mapping[str, Any]:
    client: Any = AsyncAssertionClient(
        grant.token_url,
        issuer=account.email,
        subject=account.subject,
        claims={"scope": grant.scope},
        key=RSAKey.import_key(account.key),
        header={"alg": "RS256", "kid": account.key_id},
        issued_at=int(time.time()) - _SKEW,
        expires_in=_SKEW + _ASSERTED,
        **http,
    )
    async with client:
        return dict(await client.refresh_token())


def _passing(grant: Grant) -> Any:
    """A hook that takes a busy endpoint for that, whatever its body says."""

    async def look(response: httpx2.Response) -> None:
        if response.status_code >= 500 or response.status_code in _BUSY:
            raise Transient(f"{grant.host}: HTTP {response.status_code}")

    return look


def _bounded(grant: Grant) -> Any:
    """A hook that lets no answer fill our memory (P4); httpx reads the body after it."""

    async def look(response: httpx2.Response) -> None:
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise _no_endpoint(grant, "compressed, which was not asked for")  # a few bytes may unpack to gigabytes
        response.stream = _Bounded(grant, response.stream)

    return look


class _Bounded(httpx2.AsyncByteStream):
    """A body that is Transient where it grows too large."""

    def __init__(self, grant: Grant, body: Any) -> None:
        self._grant, self._body = grant, body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._body:
            size += len(chunk)
            if size > _LARGEST:
                raise _no_endpoint(self._grant, f"more than {_LARGEST // 1024} KB")
            yield chunk

    async def aclose(self) -> None:
        """As the body's own."""
        await self._body.aclose()


def _answer(grant: Grant, found: Mapping[str, Any], shown: str) -> Answer:
    token, given = found.get("access_token"), found.get("refresh_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise _no_endpoint(grant, "no access_token")
    try:
        life = float(found.get("expires_in") or _USUAL_LIFE)
    except (TypeError, ValueError, OverflowError):
        life = _USUAL_LIFE
    rotated = given if isinstance(given, str) and given != shown else ""
    return Answer(token, max(0.0, min(life, _LONGEST_LIFE)), rotated)


def _refusal(grant: Grant, word: str, told: str, shown: str) -> MailcaseError:
    for secret in filter(None, (grant.client_secret, shown)):
        told = told.replace(secret, "…")
    more = _line(_NOISE.sub("", told))
    text = f"{grant.host} gives no token: {_line(word)}" + (f" ({more})" if more else "")
    return Transient(text) if word in _PASSING else TokenRefused(text, cure=cure(grant, word, shown))


def _status(grant: Grant, status: int, shown: str) -> MailcaseError:
    if 400 <= status < 500 and status not in _NO_ENDPOINT:
        return _refusal(grant, f"HTTP {status}", "", shown)
    return _no_endpoint(grant, f"HTTP {status}")


def _no_endpoint(grant: Grant, said: str) -> Transient:
    return Transient(f"{grant.host} does not answer as a token endpoint ({said}): look at [mailbox.oauth2] token_url")


def _line(text: str) -> str:
    """Foreign words on one short printable line."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_LONGEST]
