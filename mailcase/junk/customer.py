"""Who the customer is: the From address, or the Reply-To of a web form's mail (B3, B13)."""

from collections.abc import Set

from mailcase.intake.among import is_among
from mailcase.message import Address, Email
from mailcase.policy import MailboxPolicy


def form_customer(email: Email, mailbox: MailboxPolicy, own_keys: Set[str]) -> Address | None:
    """The Reply-To, if the mailbox says `reply_to_is_sender` and From is ours or a form's; else None.

    `own_keys` are the keys of every mailbox. A Reply-To that is ours itself names no customer.
    """
    sender = email.sender
    if not mailbox.reply_to_is_sender or sender is None or len(email.senders) != 1:
        return None
    if not is_among(sender.key, own_keys) and sender.key not in mailbox.form_senders:
        return None
    return next((one for one in email.reply_to if one.key and not is_among(one.key, own_keys)), None)


def customer(email: Email, mailbox: MailboxPolicy, own_keys: Set[str]) -> Address | None:
    """The customer's address: of a web form's mail the Reply-To, else the first From; None without one.

    The address may be one of ours (a mail From us without our mark): never a contact (B11). That of a form service
    is nobody's: where its Reply-To names no customer, there is none to answer or to make a contact of.
    """
    found = form_customer(email, mailbox, own_keys)
    if found is None and mailbox.reply_to_is_sender and email.sender and email.sender.key in mailbox.form_senders:
        return None
    return found or email.sender
