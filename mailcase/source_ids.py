"""The source id of each mailbox, as its deliveries bear it, from the configuration alone: no secret is read."""

from mailcase.config import Settings
from mailcase.intake.imap.settings import ImapSettings
from mailcase.maildir_settings import maildir_settings


def source_ids(settings: Settings) -> dict[str, str]:
    """Mailbox name -> source id, of those that have an IMAP server or a Maildir."""
    found: dict[str, str] = {}
    for box in settings.mailbox:
        if box.imap:
            found[box.name] = ImapSettings(box.name, box.imap.host, box.imap.user, port=box.imap.port).source
        elif box.maildir:
            found[box.name] = maildir_settings(settings, box).source
    return found
