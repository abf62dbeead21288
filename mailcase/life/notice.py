"""Notices: the rules of L6 and the mails that they owe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from mailcase.life.happening import What
from mailcase.life.people import Agent, Person

#: In `Notice.only_while`: its agents must have the case's organization when it is sent (isolate_organizations).
ISOLATED: Final = "isolated"
#: In `Notice.only_while`: what it tells of was done by a mail that nobody vouches for, which counts for itself.
UNVERIFIED: Final = "unverified"
#: Of `Notice.only_while` what asks nothing of the case.
MARKS: Final = frozenset({ISOLATED, UNVERIFIED})


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """One rule: when this happens (to a case of that category and status), that template goes to those people."""

    name: str  # stable: part of the key that lets each recipient have it once
    when: What
    to: tuple[str, ...]  # words of notice_rules.RECIPIENTS
    template: str
    category: str = ""  # "" = any
    status: str = ""  # "" = any; checked again when the delay ends
    delay: timedelta = timedelta(0)
    quote: bool = False  # the customer's last mail below
    all_recipients: bool = False  # of a customer's mail: the original To and Cc too
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class LastMail:
    """The customer's newest mail on the case: what a mail to him answers."""

    message_pk: int
    message_id: str | None
    references: tuple[str, ...]
    subject: str
    text: str
    sender: str  # as a person reads it
    at: datetime
    others: tuple[Person, ...] = ()  # the original To and Cc without ours
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Thread:
    """The headers of a mail that a mail to the customer goes on from: nothing that somebody wrote."""

    message_id: str | None
    references: tuple[str, ...]
    subject: str


@dataclass(frozen=True, slots=True)
class Addressee:
    """One of a case's people whom an agent answers instead of its customer, and the thread that this goes on with."""

    person: Person
    thread: Thread
    contact_id: int | None  # whose address it is


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What the engine knows of a case when something happened; read in the same transaction."""

    running: int
    number: str
    title: str
    status: str
    category: str
    priority: str
    group: str  # of mailboxes
    mailbox: str
    created_at: datetime
    first_kind: str  # of the mail that made it; "" = by hand
    junk: bool
    support_level: int
    expected_at: datetime | None
    solution: str
    account_id: int | None
    contact_id: int | None
    customer: Person | None  # the contact, at the address he wrote from last
    article: str = ""  # a link that the solution rests on
    unverified: bool = False  # none of his mails on the case is verified: nothing automatic goes to him (P5)
    assignee: Agent | None = None
    assigned_to: str = ""  # as the case names its assignee, be he an agent or not
    assignee_group: str = ""
    members: tuple[Agent, ...] = ()  # the active ones of the group
    organization: str = ""
    former: Agent | None = None  # the assignee before this happened
    followers: tuple[Agent, ...] = ()
    given: Agent | None = None  # whom the task is given to
    stand_ins: tuple[Agent, ...] = ()  # of the mailbox's group, where nobody has the case any more
    last: LastMail | None = None
    others_thread: Thread | None = None  # where he has not written: of who wrote here before the case was his
    suppressed: frozenset[str] = frozenset()  # keys that get no automatic mail
    suspended: bool = False  # an act paused it, whatever the status says


@dataclass(frozen=True, slots=True)
class Notice:
    """One mail that a rule owes."""

    rule: str
    template: str
    case: int
    mailbox: str
    dedup: str  # "notice:<happening's key>:<rule>:<recipient's key>"
    to: Person
    also_to: tuple[Person, ...] = ()  # in the To of the same mail (a group), or copies to the original recipients
    audience: str = "customer"  # customer, agent
    automatic: bool = True
    delay: timedelta = timedelta(0)
    # What the case must still be when the delay ends: status, category, assignee, assignee_group, contact_id, merged;
    # and the MARKS.
    only_while: Mapping[str, object] = field(default_factory=dict)
    last: bool = False  # the next ones of its kind are kept back for a while: it says so
    suppressed: str = ""  # "" to send; else the reason word, kept on the row
    quote: bool = False
    why: str = ""  # what a rule says above them: why something was not done, in English
    text: str = ""  # the actor's words
    due_at: datetime | None = None  # of the task
    by_name: str = ""
    sent_to: str = ""  # of what became of an agent's mail: addresses that his words go to
