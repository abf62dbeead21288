"""The subject without its Re: and Fwd: prefixes, for the rules that look at how it begins."""

import re
from typing import Final

from mailcase.message import Email

_LONGEST: Final = 400
_REPLY_WORDS: Final = "re|aw|antw|antwort|sv|vs|ref|odp|ynt|atb|res|rif|réf|回复|答复|回覆|返信"
_FORWARD_WORDS: Final = "fw|fwd|wg|tr|rv|enc|vb|doorst|vl|pd|i|转发|轉寄|転送"
_PREFIX: Final = re.compile(
    rf"\s*(?:(?P<reply>{_REPLY_WORDS})|(?P<forward>{_FORWARD_WORDS}))(?:\[\d{{1,3}}\]|\(\d{{1,3}}\))?\s{{0,3}}[:：]\s*",
    re.IGNORECASE,
)
_MOST_PREFIXES: Final = 20


def without_prefixes(email: Email) -> tuple[str, bool, bool]:
    """(the rest in lower case with single blanks, had a reply prefix, had a forward prefix)."""
    text = " ".join(email.subject[:_LONGEST].split()).lower()
    replied = forwarded = False
    for _ in range(_MOST_PREFIXES):
        found = _PREFIX.match(text)
        if not found:
            break
        replied, forwarded = replied or bool(found["reply"]), forwarded or bool(found["forward"])
        text = text[found.end() :]
    return text, replied, forwarded
