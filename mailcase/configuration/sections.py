"""Every table of mailcase.toml but the mailboxes, with its defaults (contract.md)."""

from datetime import timedelta
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from mailcase.cases.statuses import SHIPPED, Role, StatusKind
from mailcase.configuration.values import (
    Count,
    Domain,
    Duration,
    Flag,
    LimitText,
    MailAddress,
    MaskText,
    Secret,
    Section,
    Share,
    Size,
    Whole,
    Word,
    duration,
    fits,
    limit,
    size,
)
from mailcase.junk import header_rules
from mailcase.netplace import is_loopback

#: What the closing reason of a junk case says, by the reason it is junk (B6).
CLOSING_REASONS: Final = {
    "blacklisted": "Received from blacklisted email",
    "auto_reply": "Received as an automatic reply",
    "spam_header": "Marked as spam by the mail server",
}


_STORE_URL: Final = fits(
    r"sqlite:///.+|postgresql\+psycopg://.+",
    'a store such as "sqlite:///mailcase.db" or "postgresql+psycopg://user@host/database"',
)


_RAW: Final = fits(r"store|file:.+|s3://[^/]+(/.*)?", '"store", "file:raw/" or "s3://bucket/prefix"')


def _lease(value: timedelta) -> timedelta:
    if not timedelta(seconds=2) <= value <= timedelta(minutes=5):
        raise ValueError('expected a length of time from "2s" to "5m"')
    return value


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError('expected a time zone such as "UTC" or "Europe/Berlin"') from None
    return name


class StoreSection(Section):
    """[store]"""

    url: Annotated[str, _STORE_URL] = Field(default="sqlite:///mailcase.db", repr=False)
    state_dir: str = ""
    raw: Annotated[str, _RAW] = "store"
    lease: Annotated[Duration, AfterValidator(_lease)] = duration("20s")
    s3_endpoint: str = ""
    s3_region: str = ""
    s3_access_key: Secret | None = None
    s3_secret_key: Secret | None = None


class SecuritySection(Section):
    """[security]"""

    token_keys: tuple[Secret, ...] = Field(default=(Secret.model_validate({"file": "token.key"}),), min_length=1)
    trusted_authserv_ids: tuple[Word, ...] = ()


class StatusEntry(Section):
    """[[cases.status]]"""

    name: Word
    kind: StatusKind
    role: Role | None = None
    formerly: tuple[Word, ...] = ()
    closing_reason: str = ""


class AccountEntry(Section):
    """[[cases.account]]"""

    name: Word
    domains: tuple[Domain, ...]


class CategoryEntry(Section):
    """[[cases.category]]"""

    name: Word
    enabled: Flag = True
    strict_sequence: Flag = False
    allow_same_case: Flag = False
    assign: Literal["automatic", "manual"] = "automatic"


class TransitionEntry(Section):
    """[[cases.transition]]"""

    from_: Word = Field(alias="from")
    to: tuple[Word, ...]
    category: str = ""


class CasesSection(Section):
    """[cases]"""

    number_mask: MaskText = "SR-{0}"
    retired_masks: tuple[MaskText, ...] = ()
    first_number: Annotated[Count, Field(le=2**53)] = 1
    categories: tuple[Word, ...] = Field(default=("Incident", "Request", "Question", "Complaint"), min_length=1)
    organizations: tuple[Word, ...] = ()
    title_max: Annotated[Whole, Field(ge=20, le=1000)] = 128
    description_max: Annotated[Whole, Field(ge=100, le=1_000_000)] = 20000
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    clear_assignee_on_reopen: Flag = True
    duplicates: Literal["flag", "link"] = "flag"
    duplicate_days: Count = 30
    empty_subject: Word = "(no subject)"
    create_contacts: Flag = True
    freemail: tuple[Domain, ...] = ()
    status: tuple[StatusEntry, ...] = tuple(StatusEntry(name=one.name, kind=one.kind, role=one.role) for one in SHIPPED)
    account: tuple[AccountEntry, ...] = ()
    category: tuple[CategoryEntry, ...] = ()
    transition: tuple[TransitionEntry, ...] = ()
    allow_same_case: Flag = False

    @property
    def category_names(self) -> tuple[str, ...]:
        """Every category: of the plain list, and those with rules of their own."""
        return tuple(dict.fromkeys((*self.categories, *(one.name for one in self.category))))


class LinkingSection(Section):
    """[linking]"""

    number_in_body: Flag = True
    body_if_subject_number_unknown: Flag = False
    strangers: Literal["link", "new_case"] = "link"
    link_across_groups: Flag = False
    notification_reopens: Flag = False
    list_creates: Flag = True
    new_topic_days: Annotated[Whole, Field(ge=0, le=36500)] = 0
    own_lists: tuple[Word, ...] = ()


class AgentsSection(Section):
    """[agents]"""

    isolate_organizations: Flag = False


class HeaderEntry(Section):
    """[[junk.header]]"""

    name: str
    matches: str
    reason: str = "spam_header"

    @model_validator(mode="after")
    def _compile(self) -> Self:
        header_rules.compile(self.name, self.matches, self.reason)
        return self


class JunkSection(Section):
    """[junk]"""

    create_cases: Flag = False
    case_status: Word = "Canceled"
    blacklist: Word = "blacklist.txt"
    header: tuple[HeaderEntry, ...] = ()
    closing_reasons: dict[str, str] = Field(default_factory=dict)


class AcknowledgeSection(Section):
    """[acknowledge]"""

    created: Flag = True
    followed: Flag = True
    reopened: Flag = False
    max_age: Duration = duration("24h")
    recipients: Literal["sender", "all"] = "sender"
    per_address: LimitText = limit("5/1h")
    per_domain: LimitText = limit("100/1h")
    total: LimitText = limit("1000/1h")
    neutral: Literal["unauthenticated", "never", "always"] = "unauthenticated"
    suppress_after_bounce: Duration = duration("30d")
    breaker: Count = 5
    language: Word = "en"


class AttachmentsSection(Section):
    """[attachments]"""

    types: tuple[Word, ...] = ("jpg", "jpeg", "png", "gif", "pdf", "doc", "docx", "xlsx", "txt", "eml")
    max_count: Annotated[Whole, Field(ge=0)] = 5
    max_size: Size = size("5MB")
    max_total: Size = size("25MB")


class IntakeSection(Section):
    """[intake]"""

    max_size: Size = size("50MB")
    memory: Size = size("128MB")
    workers: Annotated[Whole, Field(ge=0, le=256)] = 0
    connections_per_host: Count = 8
    timeout: Duration = duration("60s")
    disk_low: Size = size("512MB")


class AlarmSection(Section):
    """[alarm]"""

    to: tuple[MailAddress, ...] = ()
    mailbox: str = ""
    after: Duration = duration("5m")
    quota: Share = 0.9
    bounces: Share = 0.1
    digest: Annotated[str, fits(r"|([01][0-9]|2[0-3]):[0-5][0-9]", 'a time of day such as "07:00", or nothing')] = (
        "07:00"
    )


_LISTEN: Final = fits(
    r"|[^\s/]+:[0-9]{1,5}|\[[0-9a-fA-F:]+\]:[0-9]{1,5}", 'an address and a port such as "127.0.0.1:9187"'
)


_LMTP_PLACE: Final = 'an address and a port such as "127.0.0.1:2424", or "unix:lmtp.sock"'


def _local(listen: str) -> str:
    host, _, port = listen.rpartition(":")
    if not listen or listen.startswith("unix:"):
        return listen
    if not is_loopback(host):
        raise ValueError("LMTP has no login and no encryption: listen on a loopback address or on unix:lmtp.sock")
    if not 0 < int(port) <= 65535:
        raise ValueError(f"there is no port {port}; {_LMTP_PLACE} is expected")
    return listen


class HttpSection(Section):
    """[http]"""

    listen: Annotated[str, _LISTEN] = ""


class LmtpSection(Section):
    """[lmtp]"""

    listen: Annotated[
        str,
        fits(r"|unix:.+|[^\s/]+:[0-9]{1,5}|\[[0-9a-fA-F:]+\]:[0-9]{1,5}", _LMTP_PLACE),
        AfterValidator(_local),
    ] = ""


class RetentionSection(Section):
    """[retention]"""

    raw: Annotated[str, fits(r"forever|[1-9][0-9]{0,5}[dh]", '"forever" or a time such as "365d"')] = "forever"
