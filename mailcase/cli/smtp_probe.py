"""Trying an SMTP server as `mailcase check` does: connect, secure, log in, ask for the null sender; send nothing."""

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
        refusal = await sender.null_sender_refusal()
    finally:
        await sender.quit()
    secured = {"tls": "TLS", "starttls": "STARTTLS", "none": "plain text"}[settings.security]
    login = "login accepted" if settings.user else "no login"
    if refusal:
        return f"{secured}, {login}, null sender refused, the mailbox's address is used: {refusal}"
    return f"{secured}, {login}, null sender accepted"
