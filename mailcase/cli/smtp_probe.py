"""Trying an SMTP server as `mailcase check` does: connect, secure, log in, ask for the null sender; send nothing."""

from functools import partial

from mailcase.errors import Transient
from mailcase.outbox.failures import Refused
from mailcase.outbox.settings import SmtpSettings
from mailcase.outbox.smtp import SmtpSender


async def probe(settings: SmtpSettings) -> str:
    """What the server accepted, in words.

    Raises:
        Transient, ConfigError: as SmtpSender.connect.
    """
    sender = SmtpSender(settings)
    try:
        await sender.connect()
        null_sender = await _null_sender(sender)
    finally:
        await sender.quit()
    secured = {"tls": "TLS", "starttls": "STARTTLS", "none": "plain text"}[settings.security]
    login = "login accepted" if settings.user else "no login"
    return f"{secured}, {login}, {null_sender}"


async def _null_sender(sender: SmtpSender) -> str:
    """Acknowledgements leave with MAIL FROM:<>; a relay that refuses it is given the mailbox's address instead."""
    client = sender._client
    if client is None:
        raise Transient(f"{sender.settings.relay} closed the connection")
    try:
        await sender._step("MAIL", partial(client.mail, ""))
    except Refused as error:
        return f"null sender refused, the mailbox's address is used: {error}"
    return "null sender accepted"
