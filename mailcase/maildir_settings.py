"""From Settings to what a mailbox's Maildir source is told."""

from mailcase.config import Settings
from mailcase.configuration.mailbox import MailboxSection
from mailcase.errors import ConfigError
from mailcase.intake.maildir.settings import MaildirSettings


def maildir_settings(settings: Settings, box: MailboxSection) -> MaildirSettings:
    """What the Maildir source of a mailbox is told; raises ConfigError where it has none.

    Symbolic links are followed here, once: the path is part of every delivery's key.
    """
    maildir = box.maildir
    if maildir is None:
        raise ConfigError(f"{settings.file}: mailbox {box.name} has no [mailbox.maildir]")
    return MaildirSettings(
        mailbox=box.name,
        path=settings.path(maildir.path).resolve(),
        after=maildir.after,
        start=box.start,
        poll_s=maildir.poll.total_seconds(),
        max_size=settings.intake.max_size,
        batch_bytes=min(16 * 1024**2, settings.intake.memory),
    )
