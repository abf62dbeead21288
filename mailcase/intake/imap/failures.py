"""What an IMAP server's refusal means for us (RFC 5530, reliability.md I12); pure."""

from mailcase.errors import Permanent, Transient
from mailcase.intake.imap.grammar import Piece, response_code

TRY_LATER = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "SERVERBUSY", "CORRUPTION"})
GONE = "EXPUNGEISSUED"
NO_FOLDER = frozenset({"TRYCREATE", "NONEXISTENT"})
NO_ROOM = frozenset({"OVERQUOTA"})
#: To a FETCH they are of the mail that is asked for, and may never end (decision 018).
ONE_MAIL = frozenset({"SERVERBUG", "CORRUPTION"})
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
    """The server asks to come back later."""


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
    if code == GONE:
        return SomeGone(text)
    if code in TRY_LATER and not (code in ONE_MAIL and command.endswith("FETCH")):
        return ServerBusy(text)
    if code in NO_FOLDER:
        return FolderMissing(text, code)
    return OverQuota(text, code) if code in NO_ROOM else Refused(text, code)


def login_refusal(who: str, result: str, line: Piece) -> Permanent | Transient:
    """The error for a refused login of `who`.

    A NO without a known code counts as refused: most servers write their own words.
    """
    code, _ = response_code(line)
    text = f"login refused for {who}: {readable(line)}"
    return ServerBusy(text) if code in TRY_LATER or result == "BAD" else LoginRefused(text)
