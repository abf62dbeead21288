"""Makes outbox rows of letters to the administrators: known again as ours, and never a case, when they come back."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from mailcase import tokens
from mailcase.health.letters import Letter
from mailcase.outbox.compose import SUPPRESS
from mailcase.policy import MailboxPolicy, Policy

KINDS: Final = ("alarm", "digest")  # outbox rows that belong to no case
Kind = Literal["alarm", "digest"]


@dataclass(frozen=True, slots=True)
class WayOut:
    """The mailbox that a notice leaves by, and what its mail says of itself."""

    mailbox: str
    group: str
    address: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail to one administrator, ready for the outbox."""

    kind: Kind
    dedup: str
    way: WayOut
    to: str
    subject: str
    text: str
    message_id: str


def way_out(policy: Policy, box: MailboxPolicy) -> WayOut:
    """Through this mailbox: automatic by its headers, signed, without a token that leads to a case (RFC 3834)."""
    signed = tokens.mark(policy.keys, box.group, tokens.NO_CASE, tokens.reference("notice", box.name), automatic=True)
    headers = (
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", SUPPRESS),
        (tokens.LOOP_HEADER, signed),
    )
    return WayOut(box.name, box.group, box.address, headers)


def choose(policy: Policy, wanted: str, with_smtp: Iterable[str], failing: Collection[str]) -> MailboxPolicy | None:
    """Whose SMTP server sends: the wanted mailbox's, else the first; one that works before one that does not."""
    names = [name for name in policy.mailboxes if name in set(with_smtp)]
    ordered = sorted(names, key=lambda name: (name in failing, name != wanted))
    return policy.mailboxes[ordered[0]] if ordered else None


def notices(kind: Kind, letter: Letter, about: str, to: Iterable[str], way: WayOut, box: MailboxPolicy) -> list[Notice]:
    """One mail a recipient; `about` names the letter, so that it has the same Message-ID at every attempt."""
    made = []
    for one in dict.fromkeys(to):
        ref = tokens.reference(kind, about, one)
        message_id = f"<{kind}.{ref}@{box.id_domain}>"
        made.append(Notice(kind, f"{kind}:{about}:{one}", way, one, letter.subject, letter.text, message_id))
    return made
