"""How a sending can fail beyond "try again" and "never": refused by the relay, or nobody knows."""

from mailcase.errors import MailcaseError, Permanent, Transient


class Refused(Permanent):
    """The relay answered 5yz to MAIL, RCPT, DATA or the final dot: this mail will not be taken."""

    def __init__(self, verb: str, code: int, text: str) -> None:
        super().__init__(f"{verb}: {code} {text}")
        self.code = code


class TakenOver(MailcaseError):
    """Another daemon took this one for dead and settled the row: the mail is no longer ours to send."""


class CopyFailed(Transient):
    """The dialogue ended at the RCPT of a copy: nothing was taken, and it was not the customer's address."""


class Uncertain(Transient):
    """It failed after the final dot: the relay may have taken the mail (RFC 1047)."""
