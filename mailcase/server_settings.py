"""From a mailbox's configuration to what its IMAP source and its SMTP sender are told."""

from mailcase.config import Settings
from mailcase.configuration.mailbox import MailboxSection
from mailcase.errors import ConfigError
from mailcase.intake.imap.settings import ImapSettings
from mailcase.outbox.settings import SmtpSettings


def imap_settings(settings: Settings, box: MailboxSection) -> ImapSettings:
    """What the IMAP source of a mailbox is told; raises ConfigError (secret, CA file)."""
    imap = box.imap
    if imap is None or imap.password is None:
        raise ConfigError(f"{settings.file}: mailbox {box.name} has no [mailbox.imap]")
    return ImapSettings(
        mailbox=box.name,
        host=imap.host,
        user=imap.user,
        password=_secret(settings, box, "imap"),
        port=imap.port,
        security=imap.security,
        ca_file=_ca_file(settings, box, "imap") or None,
        folders=imap.folders,
        sent_folder=imap.sent_folder,
        after=imap.after,
        start=box.start,
        idle=imap.idle,
        poll_s=imap.poll.total_seconds(),
        timeout_s=settings.intake.timeout.total_seconds(),
        max_size=settings.intake.max_size,
        batch_bytes=min(16 * 1024**2, settings.intake.memory),
    )


def smtp_settings(settings: Settings, box: MailboxSection) -> SmtpSettings:
    """How the mail of a mailbox gets out; raises ConfigError (secret, CA file)."""
    smtp = box.smtp
    if smtp is None:
        raise ConfigError(f"{settings.file}: mailbox {box.name} has no [mailbox.smtp]")
    return SmtpSettings(
        host=smtp.host,
        port=smtp.port,
        security=smtp.security,
        ca_file=_ca_file(settings, box, "smtp"),
        user=smtp.user,
        password=_secret(settings, box, "smtp"),
        from_name=smtp.from_name,
        timeout=smtp.timeout.total_seconds(),
    )


def _secret(settings: Settings, box: MailboxSection, section: str) -> str:
    server = box.imap if section == "imap" else box.smtp
    if server is None or server.password is None:
        return ""
    try:
        return settings.secret(server.password).get_secret_value()
    except ConfigError as error:
        raise settings.refusal(_key(settings, box, section, "password"), str(error)) from None


def _ca_file(settings: Settings, box: MailboxSection, section: str) -> str:
    server = box.imap if section == "imap" else box.smtp
    if server is None or not server.ca_file:
        return ""
    file = settings.path(server.ca_file)
    try:
        with file.open("rb"):
            return str(file)
    except FileNotFoundError:
        said = f"there is no file {file}"
    except OSError as error:
        said = f"{file} cannot be read: {error.strerror}"
    raise settings.refusal(_key(settings, box, section, "ca_file"), said)


def _key(settings: Settings, box: MailboxSection, section: str, key: str) -> tuple[str | int, ...]:
    names = [one.name for one in settings.mailbox]
    return ("mailbox", names.index(box.name), section, key)
