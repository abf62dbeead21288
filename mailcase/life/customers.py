"""Whose case it is: as the store knows him, and as a person names him."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Customer:
    """Contact and account of a case, or one of the two."""

    contact_id: int | None
    account_id: int | None
    name: str = ""  # as a person reads it
    address: str = ""  # of the contact: where he is written to
    key: str = ""  # of that address
    account: str = ""  # its name


@dataclass(frozen=True, slots=True)
class NamedCustomer:
    """What a person says of a customer; "" is none."""

    contact: str | None = None  # an address, an unknown one makes a contact; None: the contact that it is
    contact_name: str = ""  # of a new contact
    account: str | None = None  # the name of a stored one; None: the contact's own
