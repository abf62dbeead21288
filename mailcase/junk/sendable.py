"""Can mail be sent to this address as it is written: syntax only, no look-up (K5)."""

from functools import lru_cache
from typing import Final

from email_validator import EmailNotValidError, validate_email

# The validator refuses names that are special on the Internet; in a company's own network they are hosts.
_INTERNAL: Final = ("test", "local", "localhost")
_LONGEST: Final = 320  # RFC 5321 4.5.3.1: 64 + 1 + 255


@lru_cache(maxsize=1024)
def why_not_sendable(address: str) -> str:
    """What is wrong with it, for a person; "" where it can be written to.

    Takes an addr-spec; quoted local parts, domain literals and addresses with a name are refused.
    """
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
