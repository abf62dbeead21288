"""The part of the configuration that the core reads: frozen, complete, without secrets in its repr."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from mailcase.cases.numbers import Mask
from mailcase.cases.statuses import StatusTable
from mailcase.intake.among import is_among, not_among
from mailcase.junk.blacklist import Blacklist
from mailcase.junk.header_rules import HeaderRule
from mailcase.life.assignment import AssignmentRule
from mailcase.life.notice import NoticeRule
from mailcase.life.notice_rules import SHIPPED, rule_named
from mailcase.tokens import TokenKeys


@dataclass(frozen=True, slots=True)
class MailboxPolicy:
    """One support address with everything that decides about its mail."""

    name: str
    address: str  # as written in the configuration
    keys: frozenset[str]  # normalised address and aliases
    group: str
    category: str
    organization: str
    language: str  # "" = the default
    assignee_group: str
    accept_any_recipient: bool
    reply_to_is_sender: bool
    form_senders: frozenset[str]  # keys
    sub_addressing: bool
    message_id_domain: str
    from_name: str
    notify: tuple[str, ...] = ()  # addresses told of each new case

    @property
    def id_domain(self) -> str:
        """The right side of our Message-IDs, as A-label."""
        domain = self.message_id_domain or self.address.rpartition("@")[2]
        return domain if domain.isascii() else domain.encode("idna").decode()


@dataclass(frozen=True, slots=True)
class CategoryPolicy:
    """[[cases.category]]"""

    name: str
    enabled: bool = True  # a disabled one is not given to further cases
    strict_sequence: bool = False  # new, in progress, resolved, closed: no step is left out
    allow_same_case: bool = False  # a second open case of the same customer may be made by hand
    assign: str = "automatic"  # automatic, manual


@dataclass(frozen=True, slots=True)
class TransitionRule:
    """[[cases.transition]]"""

    from_status: str
    to: tuple[str, ...]  # statuses; nothing that the kinds do not allow
    category: str = ""  # "" = all that have no rule of their own


@dataclass(frozen=True, slots=True)
class CasePolicy:
    """[cases]"""

    mask: Mask
    retired_masks: tuple[Mask, ...]
    first_number: int
    categories: tuple[str, ...]
    organizations: tuple[str, ...]
    title_max: int
    description_max: int
    timezone: str
    clear_assignee_on_reopen: bool
    duplicates: str  # flag, link
    duplicate_days: int
    empty_subject: str
    create_contacts: bool
    freemail: frozenset[str]  # shipped and added domains, as A-labels
    accounts: Mapping[str, str]  # configured: domain (A-label) -> account name
    allow_same_case: bool = False
    category_rules: tuple[CategoryPolicy, ...] = ()
    transitions: tuple[TransitionRule, ...] = ()

    def category(self, name: str) -> CategoryPolicy:
        """The rules of a category; one that has no entry of its own has the shipped ones."""
        found = next((one for one in self.category_rules if one.name == name), None)
        return found or CategoryPolicy(name)

    @property
    def masks(self) -> tuple[Mask, ...]:
        """The mask in force and the retired ones."""
        return (self.mask, *self.retired_masks)


@dataclass(frozen=True, slots=True)
class LinkingPolicy:
    """[linking]"""

    number_in_body: bool
    body_if_subject_number_unknown: bool
    strangers: str  # link, new_case
    link_across_groups: bool
    notification_reopens: bool
    list_creates: bool
    new_topic_days: int  # 0: never
    own_lists: frozenset[str]  # List-Ids, lower case, without angle brackets


@dataclass(frozen=True, slots=True)
class JunkPolicy:
    """[junk]"""

    create_cases: bool
    case_status: str
    blacklist: Blacklist
    header_rules: tuple[HeaderRule, ...]
    closing_reasons: Mapping[str, str]  # reason word -> text on the junk case


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in a window of time."""

    count: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class AcknowledgePolicy:
    """[acknowledge]"""

    created: bool
    followed: bool
    reopened: bool
    max_age: timedelta
    recipients: str  # sender, all
    per_address: Limit
    per_domain: Limit
    total: Limit
    neutral: str  # unauthenticated, never, always
    suppress_after_bounce: timedelta
    breaker: int
    language: str


@dataclass(frozen=True, slots=True)
class AttachmentPolicy:
    """[attachments]"""

    types: frozenset[str]  # file name endings, lower case, without the dot
    max_count: int
    max_size: int  # bytes
    max_total: int  # bytes


@dataclass(frozen=True, slots=True)
class AgentPolicy:
    """[agents]"""

    isolate_organizations: bool = False  # an agent sees and acts only on cases of his organizations


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules in force, with the hash that is kept with each decision."""

    mailboxes: Mapping[str, MailboxPolicy]
    statuses: StatusTable
    cases: CasePolicy
    linking: LinkingPolicy
    junk: JunkPolicy
    acknowledge: AcknowledgePolicy
    attachments: AttachmentPolicy
    trusted_authserv_ids: frozenset[str]
    keys: TokenKeys = field(repr=False)
    hash: str = ""
    agents: AgentPolicy = AgentPolicy()
    notices: tuple[NoticeRule, ...] = SHIPPED  # [[notice]]
    assignments: tuple[AssignmentRule, ...] = ()  # [[assignment]], in their order
    # Made once of the mailboxes: each mail is compared with them several times.
    own_keys: frozenset[str] = field(init=False, repr=False, compare=False)  # every address of every mailbox
    groups: tuple[str, ...] = field(init=False, repr=False, compare=False)  # all groups, sorted

    def __post_init__(self) -> None:
        boxes = self.mailboxes.values()
        object.__setattr__(self, "own_keys", frozenset().union(*(box.keys for box in boxes)))
        object.__setattr__(self, "groups", tuple(sorted({box.group for box in boxes})))

    def is_ours(self, key: str) -> bool:
        """Whether it is the key of an address of a mailbox, be it with a +tag (B4)."""
        return is_among(key, self.own_keys)

    def not_ours(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of the keys that are no address of a mailbox."""
        return not_among(keys, self.own_keys)

    def notice(self, name: str) -> NoticeRule:
        """The notice rule of a shipped name."""
        return rule_named(self.notices, name)

    def group_of(self, mailbox: str) -> tuple[MailboxPolicy, ...]:
        """The mailboxes that share cases with this one, itself among them, in configured order."""
        group = self.mailboxes[mailbox].group
        return tuple(box for box in self.mailboxes.values() if box.group == group)
