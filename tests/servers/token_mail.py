"""Mail servers that let people in by the tokens of a TokenEndpoint: a Dovecot, and an SMTP sink."""

import shutil
import subprocess
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

from tests.servers.dovecot import Dovecot, ServerMissingError
from tests.servers.smtp import SmtpSink
from tests.servers.token_endpoint import TokenEndpoint

_SETTINGS = """
introspection_url = {url}?token=
introspection_mode = get
username_attribute = sub
active_attribute = active
active_value = true
"""
_V23 = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {file}
}}
"""
#: As Dovecot 2.4's manual says; it was not there to be tried.
_V24 = """
oauth2 {{
  {settings}
}}
passdb oauth2 {{
  mechanisms_filter = xoauth2 oauthbearer
}}
"""


@contextmanager
def token_dovecot(endpoint: TokenEndpoint, users: dict[str, str] | None = None) -> Iterator[Dovecot]:
    """A Dovecot that asks the endpoint about each token; the account is "user" (password "pass")."""
    with tempfile.TemporaryDirectory(prefix="mc-oauth2-", dir="/tmp") as name:
        file = Path(name, "oauth2.conf")
        settings = _SETTINGS.format(url=endpoint.introspection_url)
        file.write_text(settings)
        file.parent.chmod(0o755)  # Dovecot runs as nobody
        template = _V24 if dovecot_version().startswith("2.4") else _V23
        with Dovecot(users=users, extra=template.format(file=file, settings=settings)) as server:
            yield server


def dovecot_version() -> str:
    """Such as "2.3.19.1 (9b53102964)"; raises ServerMissingError."""
    if shutil.which("dovecot") is None:
        raise ServerMissingError("dovecot is not installed (apt-get install dovecot-imapd)")
    return subprocess.run(["dovecot", "--version"], check=True, capture_output=True, text=True).stdout


class TokenSink(SmtpSink):
    """An SMTP sink that offers one mechanism and lets in whom the endpoint says.

    `refusals` more logins are refused although the token is good; each refusal is a challenge first (334).
    """

    def __init__(self, endpoint: TokenEndpoint, mechanism: str = "XOAUTH2", tls: str = "") -> None:
        super().__init__(tls)
        self.endpoint, self.mechanism = endpoint, mechanism
        self.refusals = 0
        self.answers: list[bytes] = []  # what came back to each challenge

    def start(self) -> None:
        """As SmtpSink."""
        super().start()
        assert self._controller is not None
        setattr(self._controller.handler, f"auth_{self.mechanism}", self._sign_in)

    def options(self, tls: Any) -> dict[str, Any]:
        """As SmtpSink."""
        return {
            **super().options(tls),
            "auth_require_tls": tls is not None,
            "auth_exclude_mechanism": ["PLAIN", "LOGIN"],
        }

    async def _sign_in(self, server: SMTP, args: list[str]) -> AuthResult:
        user, token = _shown(b64decode(args[1]))
        good = self.refusals == 0 and self.endpoint.good(user, token)
        self.refusals = max(0, self.refusals - 1)
        self.logins.append((user, good))
        if not good:
            answer = await server.challenge_auth('{"status":"401","schemes":"bearer"}')
            self.answers.append(answer if isinstance(answer, bytes) else b"?")
        return AuthResult(success=good, handled=False, auth_data=user)


def _shown(message: bytes) -> tuple[str, str]:
    """(user, token) of an XOAUTH2 or OAUTHBEARER message."""
    parts = message.decode().split("\1")
    user = parts[0].removeprefix("user=").removeprefix("n,a=").rstrip(",")
    token = next(part.removeprefix("auth=Bearer ") for part in parts if part.startswith("auth=Bearer "))
    return user, token
