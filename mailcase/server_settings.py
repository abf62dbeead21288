"""From a mailbox's configuration to what its IMAP source and its SMTP sender are told."""

from typing import TYPE_CHECKING

from mailcase.config import Settings
from mailcase.configuration.mailbox import MailboxSection
from mailcase.configuration.values import Secret
from mailcase.errors import ConfigError
from mailcase.intake.imap.settings import ImapSettings
from mailcase.outbox.settings import SmtpSettings
from mailcase.tls import tls_context

if TYPE_CHECKING:
    from mailcase.signin.grant import ServiceAccount
    from mailcase.signin.source import TokenSource


def imap_settings(settings: Settings, box: MailboxSection) -> ImapSettings:
    """What the IMAP source of a mailbox is told; raises ConfigError (secret, CA file)."""
    imap = box.imap
    if imap is None:
        raise ConfigError(f"{settings.file}: mailbox {box.name} has no [mailbox.imap]")
    return ImapSettings(
        mailbox=box.name,
        host=imap.host,
        user=imap.user,
        password=_secret(settings, box, "imap") if imap.auth == "password" else "",
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
        sign_in=_sign_in(settings, box, imap.user) if imap.auth == "xoauth2" else None,
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
        password=_secret(settings, box, "smtp") if smtp.auth == "password" else "",
        from_name=smtp.from_name,
        timeout=smtp.timeout.total_seconds(),
        sign_in=_sign_in(settings, box, smtp.user) if smtp.auth == "xoauth2" else None,
    )


def _sign_in(settings: Settings, box: MailboxSection, user: str) -> "TokenSource":
    """Where the account's tokens come from; raises ConfigError (a secret, a key, the CA file)."""
    from mailcase.signin.grant import Grant  # few mailboxes sign in so, and a start is spared it
    from mailcase.signin.source import source_of

    oauth2 = box.oauth2
    if oauth2 is None:  # the configuration's checks refuse that with its place
        raise ConfigError(f"{settings.file}: mailbox {box.name} has no [mailbox.oauth2]")
    return source_of(
        Grant(
            token_url=oauth2.token_url,
            client_id=oauth2.client_id,
            client_secret=_secret(settings, box, "oauth2", "client_secret"),
            client_key=_client_key(settings, box),
            thumbprint=oauth2.client_thumbprint,
            scope=oauth2.scope,
            refresh_token=_secret(settings, box, "oauth2", "refresh_token"),
            service_account=_service_account(settings, box, user),
            ca_file=_ca_file(settings, box, "oauth2"),
            memory=settings.state_dir / "signin",
        )
    )


def _client_key(settings: Settings, box: MailboxSection) -> str:
    from mailcase.signin.grant import check_key

    key = _secret(settings, box, "oauth2", "client_key")
    try:
        if key:
            check_key(key)
    except ValueError as error:
        raise settings.refusal(_key(settings, box, "oauth2", "client_key"), str(error)) from None
    return key


def _service_account(settings: Settings, box: MailboxSection, user: str) -> "ServiceAccount | None":
    from mailcase.signin.grant import ServiceAccount

    text = _secret(settings, box, "oauth2", "service_account")
    try:
        return ServiceAccount.parse(text, user) if text else None
    except ValueError as error:
        raise settings.refusal(_key(settings, box, "oauth2", "service_account"), str(error)) from None


def _secret(settings: Settings, box: MailboxSection, section: str, key: str = "password") -> str:
    """The text of a secret that may be left out."""
    secret: Secret | None = getattr(getattr(box, section), key)
    if secret is None:
        return ""
    try:
        return settings.secret(secret).get_secret_value()
    except ConfigError as error:
        raise settings.refusal(_key(settings, box, section, key), str(error)) from None


def _ca_file(settings: Settings, box: MailboxSection, section: str) -> str:
    name: str = getattr(box, section).ca_file
    if not name:
        return ""
    file = settings.path(name)
    try:
        with file.open("rb"):
            tls_context(str(file))
        return str(file)
    except FileNotFoundError:
        said = f"there is no file {file}"
    except OSError as error:
        said = f"{file} cannot be read: {error.strerror}"
    except ConfigError as error:
        said = str(error).removeprefix("ca_file ")
    raise settings.refusal(_key(settings, box, section, "ca_file"), said)


def _key(settings: Settings, box: MailboxSection, section: str, key: str) -> tuple[str | int, ...]:
    names = [one.name for one in settings.mailbox]
    return ("mailbox", names.index(box.name), section, key)
