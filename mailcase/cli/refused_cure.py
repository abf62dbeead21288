"""What to do where an IMAP server is there and says no, or nothing that can be read, for `mailcase check`."""

from typing import Final

from mailcase.errors import MailcaseError
from mailcase.intake.imap.exchange import OddAnswer
from mailcase.intake.imap.failures import MailboxShut, Refused, ServerBusy
from mailcase.intake.imap.numbering import NoNumbering

#: The first that fits; what a kind says goes for its own kinds too.
_CURES: Final[tuple[tuple[type[MailcaseError], str], ...]] = (
    (
        NoNumbering,
        "only whoever runs that server can mend it: an update, a repair of the folder's index. Until then let its mail "
        "come another way: forwarded to another server, or by [mailbox.maildir] or LMTP",
    ),
    (
        MailboxShut,
        "the sign-in is good and Exchange does not open the mailbox. If it lasts: is [mailbox.imap] user the mailbox's "
        "own address, is IMAP switched on for it, has it a licence, and has the app or user full access to it "
        "(Add-MailboxPermission)?",
    ),
    (
        ServerBusy,
        "the server is there and does not serve this account now: the daemon tries again by itself. If it lasts, the "
        "server's own log says why",
    ),
    (
        OddAnswer,
        "what answers there is not IMAP as it should be: do host and port of [mailbox.imap] lead to an IMAP server, or "
        "to a proxy or another service before it?",
    ),
    (
        Refused,
        "the folder is there and the server refuses this command: may the user list and read it (its rights, ACL)? "
        "Else the server's own log says why",
    ),
)


def refused_cure(error: MailcaseError) -> str:
    """The cure for [mailbox.imap]; "" where the server's refusal was not what failed."""
    return next((cure for kind, cure in _CURES if isinstance(error, kind)), "")
