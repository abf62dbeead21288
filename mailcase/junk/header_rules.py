"""Header rules: a header of a spam filter or gateway that makes a mail junk (B6, `[[junk.header]]`)."""

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

import re2

from mailcase.message import Email

_NAME: Final = re.compile(r"[!-9;-~]{1,100}")  # RFC 5322 2.2: printable ASCII without the colon
_REASON: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LONGEST_PATTERN: Final = 1000
_LONGEST_VALUE: Final = 4096  # characters of a header that are searched
_MOST_HEADERS: Final = 50
_SHOWN: Final = 80


class _Pattern(Protocol):
    """What we use of a compiled RE2 expression: linear in the text, whatever the administrator wrote."""

    def search(self, text: str) -> object | None:
        """A match, or None."""


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """`name` is the header, `reason` the word that the junk mail gets."""

    name: str
    pattern: _Pattern
    reason: str
    matches: str  # the expression as written

    def fires(self, email: Email) -> str | None:
        """The beginning of the header's value that the rule fits ("" where it is empty), or None."""
        for value in islice(email.header_all(self.name), _MOST_HEADERS):
            text = value[:_LONGEST_VALUE].encode("utf-8", "replace").decode()
            if self.pattern.search(text):
                return text[:_SHOWN]
        return None


def compile(name: str, matches: str, reason: str) -> HeaderRule:
    """A rule from its three settings; `matches` in RE2 syntax.

    Raises:
        ValueError: with what is wrong and the cure, for a person.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"header name {name!r} is not one; write it without colon and blanks, such as X-Spam-Flag")
    if not _REASON.fullmatch(reason):
        raise ValueError(f"reason {reason!r} must be a word of a-z, 0-9 and _, such as spam_header")
    if len(matches) > _LONGEST_PATTERN:
        raise ValueError(f"the expression has {len(matches)} characters; at most {_LONGEST_PATTERN}")
    options = re2.Options()
    options.log_errors = False
    try:
        return HeaderRule(name, re2.compile(matches, options), reason, matches)
    except (re2.error, UnicodeError) as error:
        words = error.args[0]  # of RE2, which writes UTF-8
        detail = words.decode() if isinstance(words, bytes) else str(error)
        raise ValueError(
            f"{matches!r} is no RE2 expression ({detail}); look-around and back-references do not exist in it, "
            "see https://github.com/google/re2/wiki/Syntax"
        ) from error
