"""May this mail leave now? The limits of [acknowledge], as a verdict on one row (K9, B13)."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mailcase.errors import Permanent
from mailcase.outbox.wire import wire_address
from mailcase.policy import AcknowledgePolicy, Limit
from mailcase.ports import OutboxMail, SendCounts

LONGEST_DELAY: Final = timedelta(hours=4)  # over a limit: then it goes out if the limit allows, else it expires
_LIFE: Final = timedelta(hours=24)  # of an automatic mail from the moment when it is due
_MEANWHILE: Final = 500  # mails: more is not sent between two counts, by all daemons together
_NEAR: Final = 8  # one part in so many: seven daemons that each use one up are below the limit still
_LOOK_AGAIN: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Send:
    """It may leave."""


@dataclass(frozen=True, slots=True)
class Hold:
    """It waits and keeps its place."""

    until: datetime
    reason: str  # breaker, per_domain, total


@dataclass(frozen=True, slots=True)
class Expire:
    """It waited too long and is given up."""

    reason: str  # expired, per_domain, total


Verdict = Send | Hold | Expire


def judge(
    mail: OutboxMail,
    counts: SendCounts,
    rules: AcknowledgePolicy,
    freemail: Set[str],
    now: datetime,
    *,
    breaker_open: bool,
) -> Verdict:
    """The verdict on one due row. Only automatic mail to customers is limited; every mail expires.

    The breaker holds until the mail expires; a limit delays for at most four hours.
    """
    if now >= mail.expires_at:
        return Expire("expired")
    if not mail.limited:
        return Send()
    if breaker_open:
        return Hold(min(now + _LOOK_AGAIN, mail.expires_at), "breaker")
    over = _limit_reached(domain_of(mail.to), counts, rules, freemail)
    if not over:
        return Send()
    last = max(mail.created_at, mail.expires_at - _LIFE) + LONGEST_DELAY  # a rule's delay comes before that
    return Expire(over) if now >= last else Hold(min(now + _LOOK_AGAIN, last, mail.expires_at), over)


def is_near(mail: OutboxMail, counts: SendCounts, rules: AcknowledgePolicy) -> bool:
    """Whether so much of a limit is used up that a count of some seconds ago is no answer: others send as well.

    So it is near the breaker, which opens at `total` queued in an hour or above.
    """
    of_domain = counts.per_domain.get(domain_of(mail.to), 0)
    most = max(counts.total, counts.last_hour)
    return _near(most, rules.total) or _near(of_domain, rules.per_domain)


def _near(used: int, limit: Limit) -> bool:
    return _NEAR * used >= limit.count and limit.count - used <= _MEANWHILE


def domain_of(address: str) -> str:
    """The domain of a recipient, lower case, as A-label: as the store counts and freemail is listed."""
    domain = address.rpartition("@")[2].lower()
    if domain.isascii():
        return domain
    try:
        return wire_address(f"x@{domain}").text.rpartition("@")[2]
    except Permanent:
        return domain


def _limit_reached(domain: str, counts: SendCounts, rules: AcknowledgePolicy, freemail: Set[str]) -> str:
    if counts.total >= rules.total.count:
        return "total"
    if domain not in freemail and counts.per_domain.get(domain, 0) >= rules.per_domain.count:
        return "per_domain"
    return ""
