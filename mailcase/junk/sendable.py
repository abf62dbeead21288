"""Can mail be sent to this address as it is written: syntax only, no look-up (K5)."""

import re
from functools import lru_cache
from typing import Final

from email_validator import EmailNotValidError, validate_email

# The validator refuses names that are special on the Internet; in a company's own network they are hosts.
_INTERNAL: Final = ("test", "local", "localhost")
_LONGEST: Final = 320  # RFC 5321 4.5.3.1: 64 + 1 + 255
# A local part that no validator has anything against, in an address short enough for any.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_PLAIN_LOCAL: Final = 64
_PLAIN_ADDRESS: Final = 254


def why_not_sendable(address: str) -> str:
    """What is wrong with it, for a person; "" where it can be written to.

    Takes an addr-spec; quoted local parts, domain literals and addresses with a name are refused.
    """
    local, _, domain = address.rpartition("@")
    short = len(local) <= _PLAIN_LOCAL and len(address) <= _PLAIN_ADDRESS
    if short and _PLAIN.fullmatch(local) and not _fault(f"a@{domain}"):
        return ""  # only the domain is a question, and domains come again
    return _fault(address)


@lru_cache(maxsize=4096)
def _fault(address: str) -> str:
    if len(address) > _LONGEST:
        return "the address is too long"
    if not address.isprintable():
        return "the address has control characters"
    try:
        validate_email(_as_public(address), check_deliverability=False, strict=True, globally_deliverable=False)
    except (EmailNotValidError, ValueError, RecursionError) as error:
        return str(error)
    last = address.rpartition(".")[2]
    return "the domain is a number" if last.isascii() and last.isdigit() else ""


def _as_public(address: str) -> str:
    """An internal domain in a form that the validator judges by its syntax."""
    local, at, domain = address.rpartition("@")
    name = domain.rstrip(".").rpartition(".")[2].lower()
    return f"{local}{at}{domain.rstrip('.')}.example" if name in _INTERNAL else address
