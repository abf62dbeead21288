"""Addresses in the form that goes over the wire: checked syntax, domain as A-label (S4)."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from mailcase.errors import Permanent


@dataclass(frozen=True, slots=True)
class WireAddress:
    """An address that can be written into an envelope."""

    text: str
    utf8: bool  # its local part is not ASCII: the relay must offer SMTPUTF8


def wire_address(address: str) -> WireAddress:
    """The address with its domain as A-label and its local part as it is.

    Quoted local parts, domain literals and comments are refused; special-use domains (.local,
    .test) are not: mail inside a house uses them.

    Raises:
        Permanent: it is no address that mail can be sent to, with what is wrong.
    """
    if not address.isprintable():
        raise Permanent("address with a control character")
    try:
        sound = validate_email(address, check_deliverability=False, strict=True, globally_deliverable=False)
    except EmailNotValidError as error:
        raise Permanent(f"not an address that mail can be sent to: {error}") from error
    if sound.ascii_email is not None:
        return WireAddress(sound.ascii_email, utf8=False)
    return WireAddress(f"{sound.local_part}@{sound.ascii_domain}", utf8=True)
