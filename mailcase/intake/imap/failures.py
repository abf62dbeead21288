"""What an IMAP server's refusal means for us (RFC 5530, reliability.md I12); pure."""

import re

from mailcase.errors import Permanent, Transient
from mailcase.intake.imap.grammar import Piece, response_code

TRY_LATER = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "SERVERBUSY", "CORRUPTION"})
GONE = "EXPUNGEISSUED"
NO_FOLDER = frozenset({"TRYCREATE", "NONEXISTENT"})
NO_ROOM = frozenset({"OVERQUOTA"})
#: To a FETCH they are of the mail that is asked for, and may never end (decision 018).
ONE_MAIL = frozenset({"SERVERBUG", "CORRUPTION"})
#: What services say of the whole account or session without a code of RFC 5530, or with another one.
_ALL_BUSY = re.compile(
    rb"request is throttled"  # Exchange Online
    rb"|too many simultaneous connections|account exceeded (?:command or )?bandwidth limits"  # Gmail
    rb"|maximum number of connections",  # Dovecot
    re.IGNORECASE,
)
#: Exchange, without a code; to a FETCH it may be of the mail that is asked for, as `ONE_MAIL`.
_UNAVAILABLE = re.compile(rb"server unavailable\b", re.IGNORECASE)
_SHUT = re.compile(rb"user is authenticated but not connected", re.IGNORECASE)
#: What a login is told besides, where nothing is wrong with user and password.
_LOGIN_BUSY = re.compile(
    rb"system error|temporar(?:y|ily) (?:\w+ )?(?:error|fail|problem|unavailable)|try again later|lookup failed",
    re.IGNORECASE,
)
#: What makes even those words a refusal: more tries would keep the account locked.
_LOCKED = re.compile(
    rb"attempts|locked|blocked|password|credentials|too many (?:failed|failures|invalid|incorrect|bad|login failures)",
    re.IGNORECASE,
)
_SAYS_NO = frozenset({"AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED", "WEBALERT"})
_SUGGESTED = re.compile(rb"suggested backoff time: (\d{1,12}) milliseconds", re.IGNORECASE)
_TEXT_LIMIT = 300


class LoginRefused(Permanent):
    """The server does not want this account: three tries, then an alarm and an hour (lock-out)."""


class Refused(Permanent):
    """A command was answered with NO or BAD; `code` is the response code or ""."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class FolderMissing(Refused):
    """The folder is not there."""


class OverQuota(Refused):
    """The target has no room."""


class ServerBusy(Transient):
    """The server asks to come back later, after `again_s` seconds where it says so; 0: it does not."""

    def __init__(self, text: str, again_s: float = 0.0) -> None:
        super().__init__(text)
        self.again_s = again_s


class MailboxShut(ServerBusy):
    """Exchange let us in and does not open the mailbox: one that is being moved, or one that we have no right to."""


class SomeGone(ServerBusy):
    """Some of the mails have been expunged: nothing was done, and the same command does it for the rest."""


def readable(line: Piece) -> str:
    """A server's text for our own messages: one line, printable, short."""
    text = line[:_TEXT_LIMIT].decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "?" for char in text).strip()


def refusal(command: str, result: str, line: Piece) -> Permanent | Transient:
    """The error for a command that got NO or BAD with this status text."""
    code, _ = response_code(line)
    text = f"{command}: {result} {readable(line)}"
    if _SHUT.search(line):
        return MailboxShut(text)
    if _ALL_BUSY.search(line) or (_UNAVAILABLE.search(line) and not command.endswith("FETCH")):
        return ServerBusy(text, _suggested(line))
    if code == GONE:
        return SomeGone(text)
    if code in TRY_LATER and not (code in ONE_MAIL and command.endswith("FETCH")):
        return ServerBusy(text)
    if code in NO_FOLDER:
        return FolderMissing(text, code)
    return OverQuota(text, code) if code in NO_ROOM else Refused(text, code)


def login_refusal(who: str, result: str, line: Piece) -> Permanent | Transient:
    """The error for a refused login of `who`.

    A NO without a known code counts as refused, unless its words are known: most servers write their own.
    """
    code, _ = response_code(line)
    text = f"login refused for {who}: {readable(line)}"
    wrong = code in _SAYS_NO or _LOCKED.search(line)
    known = not wrong and (_ALL_BUSY.search(line) or _UNAVAILABLE.search(line) or _LOGIN_BUSY.search(line))
    return ServerBusy(text, _suggested(line)) if known or code in TRY_LATER or result == "BAD" else LoginRefused(text)


def _suggested(line: Piece) -> float:
    """The seconds that the server wants to be left alone; 0.0 where it names none."""
    found = _SUGGESTED.search(line)
    return int(found[1]) / 1000 if found else 0.0
