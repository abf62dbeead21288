"""How a sending can fail beyond "try again" and "never": refused by the relay, or nobody knows."""

import re
from dataclasses import dataclass

from mailcase.errors import MailcaseError, Permanent, Transient

#: What relays say with 5yz of the account, its rights or its quota, and not of the mail: a person or time mends it.
_OF_ACCOUNT = re.compile(
    r"SendAsDenied|not have permissions to send as this sender"  # Exchange
    r"|SubmissionQuotaExceeded|reached your daily limit"
    r"|sending (?:quota|limit) exceeded"  # Gmail
    r"|email address is not verified"  # Amazon SES
    r"|not match a verified sender identity"  # SendGrid
    r"|number of allowed outgoing messages was exceeded",  # Plesk
    re.IGNORECASE,
)
_TOO_MANY = re.compile(r"(?<![\d.])[45]\.5\.3(?!\.?\d)|too many recipients", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Taken:
    """The relay took the mail, though perhaps not for everybody."""

    lost: tuple[str, ...] = ()  # in words: who will not get it
    later: tuple[str, ...] = ()  # members of a group who are to be tried again: addresses of the envelope
    why: str = ""  # they were not taken now
    said: str = ""  # the relay's words after the final dot


class Refused(Permanent):
    """The relay answered 5yz to MAIL, RCPT, DATA or the final dot: this mail will not be taken."""

    def __init__(self, verb: str, code: int, text: str) -> None:
        super().__init__(f"{verb}: {code} {text}")
        self.code = code

    @property
    def of_account(self) -> bool:
        """Whether its words say that no mail of this account is taken now, and nothing against this one."""
        return _OF_ACCOUNT.search(str(self)) is not None

    @property
    def too_many(self) -> bool:
        """Whether one mail may not have so many recipients (RFC 5321 4.5.3.1.10): the rest is for another one."""
        return _TOO_MANY.search(str(self)) is not None


class TakenOver(MailcaseError):
    """Another daemon took this one for dead and settled the row: the mail is no longer ours to send."""


class RelayShut(Transient):
    """421 to the first MAIL of a connection: the relay takes no mail now, whatever it is."""


class UsedUp(Transient):
    """The connection had carried mail and ended at the next MAIL: nothing was taken, and another one may do."""


class CopyFailed(Transient):
    """The dialogue ended at the RCPT of a copy: nothing was taken, and it was not the customer's address."""


class MemberFailed(Transient):
    """The dialogue ended at the RCPT of a member of a group: nothing was taken; the others may have it without him."""

    def __init__(self, address: str, said: str) -> None:
        super().__init__(said)
        self.address = address


class LostFile(Permanent):
    """A file that the mail carries is not there any more: it does not leave without it."""


class Uncertain(Transient):
    """It failed after the final dot: the relay may have taken the mail (RFC 1047)."""
