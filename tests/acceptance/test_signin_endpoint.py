"""Every grant on a real token endpoint, and every way in which it says no."""

import asyncio
import gzip
import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from mailcase.clock import utcnow
from mailcase.config import load
from mailcase.errors import MailcaseError, TokenRefused, Transient
from mailcase.house import open_house
from mailcase.reloading import Reloader
from mailcase.roster import Roster
from mailcase.signin.endpoint import ask
from mailcase.signin.grant import Grant, ServiceAccount, check_key
from mailcase.signin.source import TokenSource
from mailcase.sources import Sources
from mailcase.telling import facts_of
from tests.servers.dovecot import certificate
from tests.servers.token_endpoint import CLIENT, SECRET, SERVICE, Refused, TokenEndpoint, rsa_key, service_account

THUMBPRINT = "84e05c1d98bce3a5421d225b140b36e86a3d5534"  # the example of Microsoft's page
X5T = "hOBcHZi846VCHSJbFAs26Go9VTQ"


def client(endpoint: TokenEndpoint) -> Grant:
    return Grant(endpoint.url, CLIENT, SECRET, scope="https://mail.example/.default")


async def test_a_client_shows_its_secret(endpoint: TokenEndpoint) -> None:
    answer = await ask(client(endpoint))
    assert (answer.token, answer.life_s, answer.refresh_token) == ("token-1", 3600, "")
    (form,) = endpoint.asked
    assert (form["grant_type"], form["scope"]) == ("client_credentials", "https://mail.example/.default")


@pytest.mark.parametrize(
    ("thumbprint", "header"),
    [
        ("", {"alg": "RS256"}),
        (THUMBPRINT, {"alg": "RS256", "x5t": X5T}),
        ("ab" * 32, {"alg": "PS256", "x5t#S256": "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s"}),
    ],
)
async def test_a_client_with_a_certificate_signs_who_it_is(
    endpoint: TokenEndpoint, thumbprint: str, header: dict[str, str]
) -> None:
    await ask(Grant(endpoint.url, CLIENT, client_key=rsa_key()[0], thumbprint=thumbprint))
    assert endpoint.headers == [{"typ": "JWT", **header}]
    (claims,) = endpoint.claims
    assert claims["exp"] - claims["iat"] <= 900
    assert "client_secret" not in endpoint.asked[0]


async def test_a_service_account_speaks_for_the_user_of_the_mailbox(endpoint: TokenEndpoint) -> None:
    account = ServiceAccount.parse(service_account(), "support@helpdesk.example")
    grant = Grant(endpoint.url, scope="https://mail.example/", service_account=account)
    token = (await ask(grant)).token
    assert endpoint.good("support@helpdesk.example", token)
    assert not endpoint.good("other@helpdesk.example", token)
    assert endpoint.claims[0]["iss"] == SERVICE
    assert endpoint.headers[0]["kid"] == "k1"


async def test_a_rotated_refresh_token_is_shown_next(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    endpoint.script.rotate, endpoint.script.life_s = True, 1
    grant = Grant(endpoint.url, CLIENT, refresh_token="refresh-0", memory=tmp_path)
    clock = [0.0]
    for _ in range(3):
        await TokenSource(grant, now=lambda: clock[0]).token()  # a restart each time
        clock[0] += 10
    assert [form["refresh_token"] for form in endpoint.asked] == ["refresh-0", "refresh-1", "refresh-2"]


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (Refused("invalid_client", "expired"), "invalid_client (expired): the provider does not know this client"),
        (
            Refused("invalid_client", "AADSTS7000222: keys expired.\r\nTrace ID: 1\r\nTimestamp: 2026-01-01"),
            "invalid_client (AADSTS7000222: keys expired.): the provider",
        ),
        (Refused("invalid_grant", f"no {SECRET}"), "invalid_grant (no …): has an administrator consented"),
        (Refused("unauthorized_client"), "unauthorized_client: has an administrator consented"),
        (Refused("invalid_scope"), 'invalid_scope: look at scope: "https://outlook.office365.com/.default"'),
        (Refused("invalid_request", "bad\x1b[31m echo " + "x" * 90), "invalid_request (bad [31m echo): has"),
    ],
)
async def test_a_refusal_says_what_was_said_and_what_to_do(
    endpoint: TokenEndpoint, refused: Refused, said: str
) -> None:
    endpoint.script.revoked = refused
    with pytest.raises(TokenRefused) as caught:
        await ask(client(endpoint))
    assert f"127.0.0.1 gives no token: {said}" in str(caught.value)
    assert SECRET not in str(caught.value)


async def test_a_refused_refresh_token_asks_for_a_new_sign_in(endpoint: TokenEndpoint) -> None:
    with pytest.raises(TokenRefused, match="sign in anew and put the new refresh token into") as caught:
        await ask(Grant(endpoint.url, CLIENT), "hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (500, Transient, "HTTP 500"),
        (429, Transient, "HTTP 429"),
        (404, Transient, r"no.* as a token endpoint \(HTTP 404\): look at \[mailbox.oauth2\] token_url"),
        (200, Transient, r"as a token endpoint \(no JSON of a token\)"),
        (403, TokenRefused, "gives no token: HTTP 403"),
    ],
)
async def test_what_passes_is_told_from_what_needs_a_person(
    endpoint: TokenEndpoint, status: int, kind: type[MailcaseError], said: str
) -> None:
    endpoint.script.status = status
    with pytest.raises(kind, match=said):
        await ask(client(endpoint))


async def test_when_the_token_of_a_mailbox_ends_is_a_fact_of_the_daemon(
    endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    (tmp_path / "blacklist.txt").touch()
    (tmp_path / "mailcase.toml").write_text(
        f"""[store]
state_dir = "{tmp_path}"
[security]
token_keys = ["{"k" * 40}"]
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
imap = {{ host = "127.0.0.1", security = "none", user = "support", auth = "xoauth2" }}
smtp = {{ host = "127.0.0.1", security = "none", user = "support", auth = "xoauth2" }}
oauth2 = {{ token_url = "{endpoint.url}", client_id = "{CLIENT}", client_secret = "{SECRET}" }}
"""
    )
    async with open_house(load(tmp_path / "mailcase.toml"), sender="test") as house:
        roster = Roster(house, Sources(house).make)
        reloader = Reloader(house, (), asyncio.Event(), {})
        assert facts_of(house, roster, reloader, {}).token_expiry == {}
        for way in (house.built.imap, house.built.smtp):
            sign_in = way["support"].sign_in
            assert sign_in is not None
            await sign_in.token()
        (told,) = facts_of(house, roster, reloader, {}).token_expiry.items()
        assert told[0] == "support"
        assert 3500 < (told[1] - utcnow()).total_seconds() <= 3600


TOKEN = b'"access_token": "t", "token_type": "Bearer"'


@pytest.mark.parametrize(
    "body",
    [
        *(b"[" * 200_000, b'{"a":' * 40_000, b"5", b"null", b"[]", b'["error"]', b'"error"', b"\xff", b""),
        *(b'{"access_token": {}}', b'{"access_token": "a b"}', b'{"token_type": 5}'),
        *(b'{%s, "expires_in": %s}' % (TOKEN, life) for life in (b"Infinity", b"NaN", b'"soon"', b"[5]", b"9" * 5000)),
    ],
    ids=lambda body: body[-30:].decode("latin-1"),
)
async def test_an_odd_answer_is_no_token_endpoint_and_is_not_asked_again_at_once(
    endpoint: TokenEndpoint, body: bytes
) -> None:
    endpoint.script.body = body
    source = TokenSource(client(endpoint))
    for _ in range(3):
        with pytest.raises(Transient, match=r"does not answer as a token endpoint \(no (JSON|access_token)"):
            await source.token()
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize(("told", "taken"), [(b"1e12", 86400), (b"-5", 0), (b"9" * 400, 3600), (b"99.9", 99.9)])
async def test_a_life_is_at_most_a_day(endpoint: TokenEndpoint, told: bytes, taken: float) -> None:
    endpoint.script.body = b'{%s, "expires_in": %s}' % (TOKEN, told)
    assert (await ask(client(endpoint))).life_s == taken


@pytest.mark.parametrize(
    ("body", "encoding", "said"),
    [
        (b" " * 300_000, "", "more than 256 KB"),
        (gzip.compress(b" " * 50_000_000), "gzip", "compressed, which was not asked for"),
    ],
)
async def test_an_answer_that_would_fill_the_memory_is_not_read(
    endpoint: TokenEndpoint, body: bytes, encoding: str, said: str
) -> None:
    endpoint.script.body, endpoint.script.encoding = body, encoding
    for grant in (client(endpoint), Grant(endpoint.url, service_account=robot())):
        tracemalloc.start()
        with pytest.raises(Transient, match=said):
            await ask(grant)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20_000_000


def robot() -> ServiceAccount:
    return ServiceAccount.parse(service_account(), "support@helpdesk.example")


async def test_words_for_later_are_no_refusal(endpoint: TokenEndpoint) -> None:
    endpoint.script.revoked = Refused("temporarily_unavailable")
    with pytest.raises(Transient, match="temporarily_unavailable"):
        await ask(client(endpoint))


async def test_an_endpoint_that_is_silent_or_gone_is_tried_again(endpoint: TokenEndpoint) -> None:
    endpoint.script.go_on.clear()
    with pytest.raises(Transient, match=r"no answer within 0\.1 s"):
        await ask(replace(client(endpoint), timeout_s=0.1))
    with pytest.raises(Transient, match="connection attempts failed"):
        await ask(replace(client(endpoint), token_url="http://127.0.0.1:9/token"))


async def test_a_life_that_is_not_told_is_an_hour(endpoint: TokenEndpoint) -> None:
    endpoint.script.life_s = None
    assert (await ask(client(endpoint))).life_s == 3600


@pytest.mark.parametrize(
    "text", ["", "[]", '{"type": "authorized_user"}', json.dumps({**json.loads(service_account()), "private_key": "x"})]
)
def test_a_file_that_is_no_service_account_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON key file of a Google service account|RSA private key in PEM"):
        ServiceAccount.parse(text, "u")


def test_only_a_private_rsa_key_can_sign() -> None:
    check_key(rsa_key()[0])
    for wrong in ("hunter2", rsa_key()[1], certificate()[0].decode()):
        with pytest.raises(ValueError, match="expected an RSA private key in PEM, without a passphrase"):
            check_key(wrong)
