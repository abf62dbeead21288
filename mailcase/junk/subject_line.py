"""The subject without its Re: and Fwd: prefixes, for the rules that look at how it begins."""

from functools import lru_cache
from typing import Final

from mailcase.message import Email
from mailcase.subjects import base_subject

_LONGEST: Final = 400  # characters


def without_prefixes(email: Email) -> tuple[str, bool, bool]:
    """(the rest in lower case with single blanks, had a reply prefix, had a forward prefix)."""
    return _without_prefixes(email.subject[:_LONGEST])


@lru_cache(maxsize=256)  # several rules ask while one mail is decided
def _without_prefixes(subject: str) -> tuple[str, bool, bool]:
    base = base_subject(" ".join(subject.split()).lower())
    return base.text, base.replied, base.forwarded
