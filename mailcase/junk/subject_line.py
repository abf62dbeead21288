"""The subject without its Re: and Fwd: prefixes, for the rules that look at how it begins."""

from typing import Final

from mailcase.message import Email
from mailcase.subjects import base_subject

_LONGEST: Final = 400  # characters


def without_prefixes(email: Email) -> tuple[str, bool, bool]:
    """(the rest in lower case with single blanks, had a reply prefix, had a forward prefix)."""
    base = base_subject(" ".join(email.subject[:_LONGEST].split()).lower())
    return base.text, base.replied, base.forwarded
