"""Our own errors: each says in its type whether trying again can help."""


class MailcaseError(Exception):
    """Base of every error that this program raises on purpose; its text is meant for a person."""


class Transient(MailcaseError):
    """Trying again later may work (network, locked store, busy server)."""


class NoGreeting(Transient):
    """A server did not greet in time: it may be another service that listens there."""


class Permanent(MailcaseError):
    """Trying again cannot work: quarantine the mail or fail the sending, with this reason."""


class ConfigError(MailcaseError):
    """The configuration is wrong; the text names file, key, line where known, and the cure."""


class Unavailable(Transient):
    """The store cannot be reached or is held by another process: exit 75, an MTA keeps the mail."""


class TenureLost(Unavailable):
    """This daemon's place among the others is gone (its lock, its fence): it holds nothing until it joined again."""


class Fenced(MailcaseError):
    """Another daemon works this now: what we did with it is given up, and nobody's mail is at fault.

    Its store refuses every write under the old fence; the mail lies in the journal for the one who took over.
    `mailboxes` are those whose mail that is: what else was in the same batch is not refused, only not done.
    """

    def __init__(self, text: str, mailboxes: frozenset[str] = frozenset()) -> None:
        super().__init__(text)
        self.mailboxes = mailboxes


class TokenRefused(Permanent):
    """The token endpoint refuses the client or its grant: somebody must sign in anew (F40).

    `said` is what the endpoint said, `cure` what to do; it is not asked again before `again_s` seconds went by.
    """

    def __init__(self, said: str, *, cure: str = "", again_s: float = 3600.0) -> None:
        super().__init__(f"{said}: {cure}" if cure else said)
        self.said, self.cure, self.again_s = said, cure, again_s


class StoreFull(Unavailable):
    """There is no room where the store lies: no mail's fault, so that none is given up for it (F26)."""
