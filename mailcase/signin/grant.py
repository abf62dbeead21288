"""What one account shows to the token endpoint; its fields decide which grant of OAuth 2 that is."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Google's key of a service account, which speaks for `subject`, a user of its domain (RFC 7523)."""

    email: str
    key: str = field(repr=False)  # PEM
    key_id: str
    subject: str

    @classmethod
    def parse(cls, text: str, subject: str) -> Self:
        """From the JSON file that Google hands out; raises ValueError with what is wrong."""
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        names = ("client_email", "private_key", "private_key_id")
        if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in names):
            raise ValueError(f"expected the JSON key file of a Google service account, with {', '.join(names)}")
        check_key(found["private_key"])
        return cls(found["client_email"], found["private_key"], found["private_key_id"], subject)


@dataclass(frozen=True, slots=True)
class Grant:
    """[mailbox.oauth2] of contract.md with its secrets read; none of them shows in a repr.

    A `service_account` is a JWT bearer grant, a `refresh_token` a delegated one; else the client speaks for itself.
    """

    token_url: str
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)  # PEM
    thumbprint: str = ""  # of its certificate, hexadecimal: SHA-1 or SHA-256
    scope: str = ""
    refresh_token: str = field(default="", repr=False)
    service_account: ServiceAccount | None = None
    ca_file: str = ""
    memory: Path | None = None  # the folder that keeps a rotated refresh token
    timeout_s: float = 30.0

    @property
    def host(self) -> str:
        """Who is asked, for messages."""
        return urlsplit(self.token_url).hostname or self.token_url

    @property
    def fingerprint(self) -> str:
        """Names the refresh token as it was configured; another one has another name."""
        text = "\0".join((self.token_url, self.client_id, self.refresh_token))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def certificate_header(self) -> dict[str, str]:
        """Which certificate signs, as a JWT's header says it (RFC 7515 4.1.7, 4.1.8)."""
        if not self.thumbprint:
            return {}
        digest = bytes.fromhex(self.thumbprint)
        name = "x5t" if len(digest) == hashlib.sha1(usedforsecurity=False).digest_size else "x5t#S256"
        return {name: base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")}

    @property
    def algorithm(self) -> str:
        """How the client signs: Microsoft wants PS256 with a SHA-256 thumbprint, RS256 with the older one."""
        return "PS256" if "x5t#S256" in self.certificate_header else "RS256"


def check_key(pem: str) -> None:
    """Raises ValueError, with what is wrong, for what is no RSA key that can sign."""
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    try:
        private = RSAKey.import_key(pem).is_private
    except (ValueError, TypeError, JoseError):  # encrypted, of another kind, no PEM at all
        private = False
    if not private:
        raise ValueError("expected an RSA private key in PEM, without a passphrase")
