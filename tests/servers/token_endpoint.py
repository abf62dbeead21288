"""A token endpoint of one's own: real HTTP, strict about who asks, and scripted in what it gives."""

import contextlib
import functools
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT, SECRET = "app-1", "s3cret~with.odd+chars%&="
SERVICE = "robot@project.iam.example"


@functools.cache
def rsa_key() -> tuple[str, str]:
    """(private, public) in PEM, made once a test run."""
    key = RSAKey.generate_key(2048, private=True)
    return key.as_pem(private=True).decode(), key.as_pem(private=False).decode()


def service_account() -> str:
    """The JSON key file of a service account."""
    kept = {"type": "service_account", "client_email": SERVICE, "private_key": rsa_key()[0], "private_key_id": "k1"}
    return json.dumps(kept)


@dataclass
class Refused(Exception):
    """What the endpoint says no with."""

    word: str
    told: str = ""
    status: int = 400


@dataclass
class Script:
    """What it does; may be changed while it runs."""

    life_s: float | None = 3600  # of the tokens that it gives; None: it does not tell
    revoked: Refused | None = None  # every grant is refused with this
    status: int = 0  # every question is answered with this and an HTML page
    body: bytes | None = None  # every question is answered with this
    encoding: str = ""  # Content-Encoding of that
    rotate: bool = False  # each refresh token is good for one question
    refresh_tokens: set[str] = field(default_factory=lambda: {"refresh-0"})
    go_on: threading.Event = field(default_factory=threading.Event)  # nobody is answered before it is set


class TokenEndpoint:
    """`with TokenEndpoint() as endpoint:` then endpoint.url; knows CLIENT with SECRET or `rsa_key()`, and SERVICE."""

    def __init__(self) -> None:
        self.script = Script()
        self.script.go_on.set()
        self.asked: list[dict[str, str]] = []  # the form of each question
        self.headers: list[dict[str, Any]] = []  # of each assertion whose signature was right
        self.claims: list[dict[str, Any]] = []
        self.tokens: dict[str, float] = {}  # given -> when it ends
        self.subjects: dict[str, str] = {}  # token -> whose it is; "" is anybody's
        self._count = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.script.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What token_url is set to."""
        return f"http://127.0.0.1:{self._server.server_port}/token"

    @property
    def introspection_url(self) -> str:
        """Where a mail server asks whether a token is good (RFC 7662)."""
        return f"http://127.0.0.1:{self._server.server_port}/introspect"

    def good(self, user: str, token: str) -> bool:
        """Whether a mail server should let this user in."""
        return self.tokens.get(token, 0) > time.monotonic() and self.subjects.get(token, "") in ("", user)

    def revoke(self, word: str, told: str = "") -> None:
        """Every grant is refused from now on, and no token that was given is good."""
        self.script.revoked = Refused(word, told)
        self.tokens.clear()

    def restore(self) -> None:
        """The grants are good again."""
        self.script.revoked = None

    # one question

    def answer(self, form: dict[str, str]) -> dict[str, Any]:
        """The answer to one question; raises Refused."""
        with self._lock:
            self.asked.append(form)
            subject = self._check(form)
            if self.script.revoked:
                raise self.script.revoked
            found: dict[str, Any] = {"token_type": "Bearer", "access_token": self._issue(subject)}
            if self.script.life_s is not None:
                found["expires_in"] = self.script.life_s
            if form["grant_type"] == "refresh_token" and self.script.rotate:
                self.script.refresh_tokens = {f"refresh-{self._count}"}
                found["refresh_token"] = f"refresh-{self._count}"
            return found

    def _check(self, form: dict[str, str]) -> str:
        match form.get("grant_type"):
            case "client_credentials":
                self._client(form)
                return ""
            case "refresh_token":
                if form.get("client_id") != CLIENT:
                    raise Refused("invalid_client")
                if form.get("refresh_token") not in self.script.refresh_tokens:
                    raise Refused("invalid_grant", f"refresh token {form.get('refresh_token')} is not known")
                return ""
            case word if word == JWT_BEARER:
                claims = self._signed(form["assertion"], SERVICE)
                if claims["scope"] != "https://mail.example/":
                    raise Refused("invalid_scope")
                return str(claims["sub"])
        raise Refused("unsupported_grant_type")

    def _client(self, form: dict[str, str]) -> None:
        if form.get("client_id") != CLIENT:
            raise Refused("unauthorized_client", "no such application")
        if form.get("client_assertion_type") == ASSERTION:
            if self._signed(form["client_assertion"], CLIENT)["sub"] != CLIENT:
                raise Refused("invalid_client", "sub")
        elif form.get("client_secret") != SECRET:
            raise Refused("invalid_client", "wrong secret", 401)

    def _signed(self, assertion: str, issuer: str) -> dict[str, Any]:
        key = RSAKey.import_key(rsa_key()[1])
        try:
            found = jwt.decode(assertion, key, algorithms=["RS256", "PS256"])
        except JoseError as error:
            raise Refused("invalid_client", f"signature: {error}") from error
        claims, now = found.claims, time.time()
        if claims["iss"] != issuer or claims["aud"] != self.url or not claims["iat"] <= now < claims["exp"]:
            raise Refused("invalid_client", "claims")
        self.headers.append(found.header)
        self.claims.append(claims)
        return claims

    def _issue(self, subject: str) -> str:
        self._count += 1
        token = f"token-{self._count}"
        # a server of mail may take it for longer than was told, so that no test hangs on a second
        self.tokens[token] = time.monotonic() + max(self.script.life_s or 0, 60)
        self.subjects[token] = subject
        return token


class _Handler(BaseHTTPRequestHandler):
    """HTTP around it."""

    def __init__(self, endpoint: TokenEndpoint, *args: Any) -> None:
        self._endpoint = endpoint
        super().__init__(*args)

    def do_POST(self) -> None:  # http.server's name
        """The token endpoint."""
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        script = self._endpoint.script
        script.go_on.wait(30)
        if script.body is not None:
            self._endpoint.asked.append(form)
            self._reply(200, script.body, "application/json", script.encoding)
            return
        if script.status:
            self._endpoint.asked.append(form)
            self._reply(script.status, b"<html>busy</html>", "text/html")
            return
        try:
            status, found = 200, self._endpoint.answer(form)
        except Refused as error:
            status, found = error.status, {"error": error.word, "error_description": error.told}
        self._reply(status, json.dumps(found).encode(), "application/json")

    def do_GET(self) -> None:  # http.server's name
        """Introspection as Dovecot asks: the token in the query."""
        token = parse_qs(urlsplit(self.path).query).get("token", [""])[0]
        live = self._endpoint.tokens.get(token, 0) > time.monotonic()
        user = self._endpoint.subjects.get(token) or "user"
        self._reply(200, json.dumps({"active": live, "sub": user}).encode(), "application/json")

    def log_message(self, *args: object) -> None:
        """Nothing on standard error."""

    def _reply(self, status: int, body: bytes, kind: str, encoding: str = "") -> None:
        with contextlib.suppress(ConnectionError):  # who asked has gone
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if encoding:
                self.send_header("Content-Encoding", encoding)
            self.end_headers()
            self.wfile.write(body)


@pytest.fixture
def endpoint() -> Iterator[TokenEndpoint]:
    """A token endpoint on a free port of 127.0.0.1."""
    with TokenEndpoint() as running:
        yield running
