"""How a sending can fail beyond "try again" and "never": refused by the relay, or nobody knows."""

from dataclasses import dataclass

from mailcase.errors import MailcaseError, Permanent, Transient


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


class TakenOver(MailcaseError):
    """Another daemon took this one for dead and settled the row: the mail is no longer ours to send."""


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
