"""Addresses in the form that goes over the wire: checked syntax, domain as A-label (S4)."""

from dataclasses import dataclass
from typing import Final

from email_validator import EmailNotValidError, validate_email

from mailcase.errors import Permanent

_LONGEST: Final = 320  # RFC 5321 4.5.3.1: 64 + 1 + 255
_INTERNAL: Final = frozenset({"local", "localhost", "test"})  # hosts of a house's own network
_PUBLIC: Final = ".example"  # what makes the validator judge an internal name by its form


@dataclass(frozen=True, slots=True)
class WireAddress:
    """An address that can be written into an envelope."""

    text: str
    utf8: bool  # its local part is not ASCII: the relay must offer SMTPUTF8


def wire_address(address: str) -> WireAddress:
    """The address with its domain as A-label and its local part as it is.

    Quoted local parts, domain literals and comments are refused; internal names (.local, .test) are
    judged by their form only, as `junk.sendable` judges them.

    Raises:
        Permanent: it is no address that mail can be sent to, with what is wrong.
    """
    if len(address) > _LONGEST or not address.isprintable():
        raise Permanent("an address that is too long or has a control character")
    internal = address.rpartition(".")[2].rpartition("@")[2].lower() in _INTERNAL
    judged = address + _PUBLIC if internal else address
    try:
        sound = validate_email(judged, check_deliverability=False, strict=True, globally_deliverable=False)
    except (EmailNotValidError, ValueError, RecursionError) as error:
        raise Permanent(f"not an address that mail can be sent to: {error}") from error
    domain = sound.ascii_domain.removesuffix(_PUBLIC) if internal else sound.ascii_domain
    return WireAddress(f"{sound.local_part}@{domain}", utf8=not sound.local_part.isascii())
