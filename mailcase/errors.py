"""Our own errors: each says in its type whether trying again can help."""


class MailcaseError(Exception):
    """Base of every error that this program raises on purpose; its text is meant for a person."""


class Transient(MailcaseError):
    """Trying again later may work (network, locked store, busy server)."""


class Permanent(MailcaseError):
    """Trying again cannot work: quarantine the mail or fail the sending, with this reason."""


class ConfigError(MailcaseError):
    """The configuration is wrong; the text names file, key, line where known, and the cure."""


class Unavailable(Transient):
    """The store cannot be reached or is held by another process: exit 75, an MTA keeps the mail."""
