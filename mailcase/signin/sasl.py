"""How a token is shown to a mail server: XOAUTH2 (Google's and Microsoft's) and OAUTHBEARER (RFC 7628)."""

from typing import Final

#: The answer to OAUTHBEARER's error message, after which the refusal comes (RFC 7628 3.2.3); XOAUTH2's is empty.
OAUTHBEARER_GIVE_UP: Final = b"\1"


def xoauth2(user: str, token: str) -> bytes:
    """The one message of XOAUTH2, before base64."""
    return f"user={user}\1auth=Bearer {token}\1\1".encode()


def oauthbearer(user: str, host: str, port: int, token: str) -> bytes:
    """The one message of OAUTHBEARER, before base64 (RFC 7628 3.1; a saslname as in RFC 5801 4)."""
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\1host={host}\1port={port}\1auth=Bearer {token}\1\1".encode()
