"""Signed marks: how our own mail, and an answer to it, is known again without trusting a number.

A mark is `c<running>.m<ref><class>.<token>` with class `a` (automatic) or `r` (an agent's words) and
token = base32(HMAC-SHA256(key, group | case | ref | class))[:80 bits] (reliability.md T3). `ref` binds
the mail it answers, the rule and the recipient, so the Message-ID built from it is deterministic.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Final

_MARK: Final = re.compile(r"c([0-9]{1,18})\.m([a-z2-7]{12})([ar])\.([a-z2-7]{16})(?![a-z0-9])", re.I)
_LONGEST: Final = 400  # characters of an id or address that are looked at
LOOP_HEADER: Final = "X-Helpdesk-Loop"
NO_CASE: Final = 0  # in the mark of mail that is about no case: ours, whichever group it comes back to


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The secret keys: the first signs, all verify."""

    keys: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark that verified."""

    group: str
    running: int
    automatic: bool


def keyed(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256 of the data (RFC 2104).

    A copy of what the key began: each mail takes several, and `hmac.digest` would begin anew and let go of Python's
    lock each time, for which the one thread that decides would wait again.
    """
    begun = _begun(key).copy()
    begun.update(data)
    return begun.digest()


@lru_cache(maxsize=16)
def _begun(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


def _digest(key: bytes, *parts: str) -> str:
    raw = keyed(key, "|".join(parts).encode())[:10]
    return base64.b32encode(raw).decode().lower()


def reference(*parts: str) -> str:
    """Twelve characters that stand for these parts (identity of the mail answered, rule, recipient)."""
    raw = hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).digest()
    return base64.b32encode(raw).decode().lower()[:12]


def mark(keys: TokenKeys, group: str, running: int, ref: str, *, automatic: bool) -> str:
    """The signed mark for a mail about a case."""
    letter = "a" if automatic else "r"
    return f"c{running}.m{ref}{letter}.{_digest(keys.keys[0], 'mark', group, str(running), ref, letter)}"


def message_id(signed: str, domain: str) -> str:
    """The Message-ID, with angle brackets, that carries a signed mark."""
    return f"<{signed}@{domain}>"


def verify(keys: TokenKeys, groups: Iterable[str], text: str) -> Mark | None:
    """The first mark in `text` (an id, a header, a line) that verifies for one of the groups."""
    found = _verified(keys, tuple(groups), text)
    return found[0] if found else None


def signed(keys: TokenKeys, groups: Iterable[str], text: str) -> str:
    """As `verify`: the mark as our Message-ID has it, or ""."""
    found = _verified(keys, tuple(groups), text)
    return found[1] if found else ""


def _verified(keys: TokenKeys, groups: tuple[str, ...], text: str) -> tuple[Mark, str] | None:
    for found in _MARK.finditer(text[:_LONGEST].lower()):
        running, ref, letter, token = found.groups()
        for group, key in product(groups, keys.keys):
            good = _digest(key, "mark", group, str(int(running)), ref, letter)
            if hmac.compare_digest(good, token):
                return Mark(group, int(running), letter == "a"), f"c{int(running)}.m{ref}{letter}.{token}"
    return None


def sub_address_token(keys: TokenKeys, group: str, running: int) -> str:
    """The token of a Reply-To like support+SR-12.token@ (reliability.md T4)."""
    return _digest(keys.keys[0], "sub", group, str(running))


def carries_mark(text: str) -> bool:
    """Whether a mark of ours may stand in it, also one that a mail program broke over two quoted lines."""
    joined = "".join(text.split()).replace(">", "")
    return _MARK.search(text) is not None or _MARK.search(joined) is not None


def verify_sub_address(keys: TokenKeys, group: str, running: int, token: str) -> bool:
    """Whether a sub-address token was signed by us for this case."""
    given = token.lower()[:_LONGEST].encode("utf-8", "replace")
    return any(hmac.compare_digest(_digest(key, "sub", group, str(running)).encode(), given) for key in keys.keys)
