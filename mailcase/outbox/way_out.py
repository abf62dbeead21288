"""Whose servers send a mail: its mailbox's, under whatever name that is configured now."""

from collections.abc import Mapping

from mailcase.intake.addresses import key_of


def way_out(mailbox: str, sender: str, addresses: Mapping[str, str]) -> str:
    """The name of the mailbox by which a mail leaves.

    Args:
        mailbox: what it was queued for.
        sender: its From.
        addresses: of each mailbox that is configured, by name.

    Returns:
        That mailbox; of one that was renamed since, the one that has its address now; else what it was queued for.
    """
    if mailbox in addresses:
        return mailbox
    key = key_of(sender)
    return next((name for name, address in addresses.items() if key_of(address) == key), mailbox)
