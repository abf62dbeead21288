"""How one mailbox's mail gets out: the SMTP settings, as the configuration makes them."""

from dataclasses import dataclass, field
from typing import Literal

from mailcase.ports import SignIn

Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """[mailbox.smtp] of `contract.md`; the password never shows in a repr."""

    host: str
    port: int = 587
    security: Security = "starttls"
    ca_file: str = ""  # "" = the system's certificate authorities
    user: str = ""  # "" = no login
    password: str = field(default="", repr=False)
    from_name: str = ""
    timeout: float = 60.0  # seconds, each command; ten times that after the final dot
    greeting: float = float("inf")  # seconds until its greeting, TLS included; where that is less than timeout
    pool: int = 1  # connections at a time
    sign_in: SignIn | None = field(default=None, repr=False)  # tokens, instead of the password
    local_hostname: str = "[127.0.0.1]"  # what EHLO says; never looked up

    @property
    def relay(self) -> str:
        """`host:port`, for reasons, flags and log lines."""
        return f"{self.host}:{self.port}"
