"""Signed marks in addresses, ids and quoted bodies (B7.1, B7.3)."""

import re
from collections.abc import Iterator
from typing import Final

from mailcase.cases.numbers import find_numbers
from mailcase.message import Address, Email
from mailcase.policy import MailboxPolicy, Policy
from mailcase.snapshot import TokenHit
from mailcase.tokens import TokenKeys, verify, verify_sub_address

_BODY_MARK: Final = re.compile(r"\[ref:(c[0-9]{1,18}\.m[a-z2-7]{13}\.[a-z2-7]{16})\]", re.I)
_BODY_LIMIT: Final = 262_144  # characters searched (B7.5)
_MOST_MARKS: Final = 20
SUB_ADDRESS: Final = "sub-address"
CARRIED: Final = "carried mail"  # counts for reports only: any text may quote an id


def token_hits(
    email: Email, ids: tuple[str, ...], boxes: tuple[MailboxPolicy, ...], policy: Policy, groups: tuple[str, ...]
) -> tuple[TokenHit, ...]:
    """Every mark that verifies for one of the groups, in the order of B7: sub-addresses, ids, body."""
    found = [
        *_sub_addresses(email, boxes, policy, groups),
        *_ids(email, ids, policy.keys, groups),
        *_body(email, policy.keys, groups),
    ]
    return tuple(found)


def _ids(email: Email, ids: tuple[str, ...], keys: TokenKeys, groups: tuple[str, ...]) -> Iterator[TokenHit]:
    for one in ids:
        if mark := verify(keys, groups, one):
            yield TokenHit(mark.group, mark.running, mark.automatic, _where(email, one), one)


def _where(email: Email, one: str) -> str:
    if one in email.in_reply_to:
        return "In-Reply-To"
    return "References" if one in email.references else CARRIED


def _body(email: Email, keys: TokenKeys, groups: tuple[str, ...]) -> Iterator[TokenHit]:
    seen: set[str] = set()
    for text in (email.text, email.html):
        for found in _BODY_MARK.finditer(text[:_BODY_LIMIT]):
            written = found[1].lower()
            if written in seen or len(seen) >= _MOST_MARKS:
                continue
            seen.add(written)
            if mark := verify(keys, groups, written):
                yield TokenHit(mark.group, mark.running, mark.automatic, "body mark", written)


def _sub_addresses(
    email: Email, boxes: tuple[MailboxPolicy, ...], policy: Policy, groups: tuple[str, ...]
) -> Iterator[TokenHit]:
    ours = frozenset[str]().union(*(box.keys for box in boxes))
    written = (*email.to, *email.cc, *email.resent_to, *email.resent_cc, *email.delivered_to)
    for address in written:
        base, plus, tag = address.local.partition("+")
        if plus and f"{base}@{address.domain}" in ours:
            yield from _signed_tag(address, tag, policy, groups)


def _signed_tag(address: Address, tag: str, policy: Policy, groups: tuple[str, ...]) -> Iterator[TokenHit]:
    name, _, token = tag.rpartition(".")
    plain = (int(name),) if name.isascii() and name.isdigit() and len(name) < 19 else ()
    for running in plain or find_numbers(policy.cases.masks, name):
        for group in groups:
            if verify_sub_address(policy.keys, group, running, token):
                yield TokenHit(group, running, False, SUB_ADDRESS, address.address)
