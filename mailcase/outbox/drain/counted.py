"""What the store counted a moment ago, and what came to it since (K9)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from mailcase.outbox.limits import domain_of
from mailcase.ports import OutboxMail, SendCounts


def queued_since(at: datetime, mails: Iterable[OutboxMail]) -> int:
    """How many of these limited mails, and of their copies, the count of that moment cannot have known."""
    return sum(1 + len(mail.cc) for mail in mails if mail.limited and mail.created_at > at)


def with_more(counts: SendCounts, mails: Sequence[OutboxMail], counted: datetime | None = None) -> SendCounts:
    """The counts with these limited mails more under way, and one for each of their copies.

    `counted`: when they were counted; what was queued after that is more in its hour, too.
    """
    later = queued_since(counted, mails) if counted else 0
    domains = [domain_of(one) for mail in mails if mail.limited for one in (mail.to, *mail.cc)]
    if not domains:
        return counts
    per_domain = dict(counts.per_domain)
    for domain in domains:
        per_domain[domain] = per_domain.get(domain, 0) + 1
    total, last_hour = counts.total + len(domains), counts.last_hour + later
    return replace(counts, total=total, per_domain=per_domain, last_hour=last_hour)
