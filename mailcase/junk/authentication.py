"""What a trusted server says about the sender: Authentication-Results (RFC 8601, RFC 7489).

Which fields count. A server puts its field at the top, so a field that the sender forged lies below
all that our servers wrote. Looked at is only the first field, from the top, with a trusted
authserv-id, and those that follow it before the next Received (a DKIM and a DMARC filter each write
one). Above it may stand only Received fields of our own servers: the top-most, which the delivering
server wrote whatever it is called, and those whose `by` host is the trusted one or below it; of Gmail
and Exchange Online, whose hosts are known, each of them (`authentication_hops`). A Received of another
host above it: the field came with the mail and says nothing. A border server must remove incoming
fields with its own id (RFC 8601 5).
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Final, Literal

from mailcase.intake.addresses import key_of
from mailcase.junk.authentication_hops import Trust
from mailcase.junk.authentication_results import Method, methods
from mailcase.message import Email

_MOST_HEADERS: Final = 500  # headers that are looked at, from the top
_MOST_FIELDS: Final = 10

Result = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Authentication:
    """Whether a trusted server authenticated the From domain; it can only lower trust (B8)."""

    result: Result
    detail: str


def authenticate(email: Email, trusted_ids: Set[str]) -> Authentication:
    """Weigh the trusted fields: dmarc=fail fails; dmarc=pass, else aligned dkim or spf, passes.

    `trusted_ids` are authserv-ids in any case, or "exchange-online"; none means unknown for every mail. With
    several From addresses or From fields nothing passes.
    """
    if not trusted_ids:
        return Authentication("unknown", "no trusted server is configured")
    trusted = frozenset(one.lower() for one in trusted_ids)
    found = [method for value in _trusted_fields(email, trusted) for method in methods(value)]
    if not found:
        return Authentication("unknown", "no Authentication-Results of a trusted server")
    if failed := next((one for one in found if one.name == "dmarc" and one.result == "fail"), None):
        return Authentication("fail", failed.text)
    if len(email.senders) != 1 or "duplicate_from" in email.defects:
        return Authentication("unknown", "not exactly one From")
    passed = _passed(found, email.senders[0].domain)
    return Authentication("pass", passed.text) if passed else Authentication("unknown", "; ".join(_texts(found)))


def _texts(found: list[Method]) -> list[str]:
    return [one.text for one in found[:5]]


def _passed(found: list[Method], domain: str) -> Method | None:
    """The first method that vouches for the From domain."""
    if not domain:
        return None
    good = [one for one in found if one.result == "pass"]
    for one in good:
        if one.name == "dmarc" and _domain(one.properties.get("header.from", "")) == domain:
            return one
    return next((one for one in good if any(_aligned(name, domain) for name in _vouched(one))), None)


def _vouched(one: Method) -> Iterator[str]:
    """The domains that a DKIM signature or SPF speaks for."""
    names = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom", "smtp.mail")}.get(one.name, ())
    return (_domain(one.properties[name]) for name in names if name in one.properties)


def _domain(value: str) -> str:
    """The domain of an address or of a bare domain, normalised."""
    return key_of(f"@{value}").rpartition("@")[2]


def _aligned(one: str, other: str) -> bool:
    """Relaxed alignment (RFC 7489 3.1) without a suffix list: equal, or one is below the other."""
    shorter, longer = sorted((one, other), key=len)
    return "." in shorter and (shorter == longer or longer.endswith("." + shorter))


def _trusted_fields(email: Email, trusted: Set[str]) -> list[str]:
    """The values that count, top-most first."""
    fields: list[str] = []
    trust = Trust(trusted)
    for name, value in email.headers[:_MOST_HEADERS]:
        lower = name.lower()
        if lower == "received":
            trust.pass_hop(value)
            if fields or not trust.in_force:
                break
        elif lower == "authentication-results" and trust.believes(value) and len(fields) < _MOST_FIELDS:
            fields.append(value)
    return fields
