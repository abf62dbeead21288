"""Keyed digests of what was erased on request: known again when it comes again, readable by nobody. Pure."""

from collections.abc import Sequence

from mailcase.tokens import TokenKeys, keyed

#: Before the digest, in place of a message's identity.
ERASED = "in:e:"


def digest(key: bytes, *parts: str) -> str:
    """HMAC-SHA256 of the parts, in hex; without the key nobody can try addresses on it."""
    return keyed(key, "\n".join(("erased", *parts)).encode("utf-8", "replace")).hex()


def erased_identity(key: bytes, group: str, identity: str) -> str:
    """What takes the place of `message.identity` (with its "in:") in the store."""
    return ERASED + digest(key, "message", group, identity)


def erased_identities(keys: TokenKeys, group: str, identity: str) -> tuple[str, ...]:
    """Under every key, for a mail that comes (again): `identity` as in Email.identity."""
    return tuple(erased_identity(key, group, f"in:{identity}") for key in keys.keys)


def erased_beginning(key: bytes, group: str, beginning: str) -> str:
    """What takes the place of `message.beginning`."""
    return ERASED + digest(key, "beginning", group, beginning)


def erased_beginnings(keys: TokenKeys, group: str, beginning: str) -> tuple[str, ...]:
    """Under every key: `beginning` as it stood in the store (same_mail.stored_beginning)."""
    return tuple(erased_beginning(key, group, beginning) for key in keys.keys)


def address_digests(key: bytes, addresses: Sequence[str]) -> list[str]:
    """Of address keys, for the list of what was erased."""
    return [digest(key, "address", one) for one in addresses]
