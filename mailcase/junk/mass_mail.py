"""Row 11, what programs that send to thousands leave in a mail without list headers; it grows by real mail.

Each is a mark that no person's mail has, forwarded or relayed as it may be. A Return-Path like `bounces+x=y@` is none:
forwarding servers rewrite a person's in the same way (SRS, `+caf_=`), so only the sending program's own hop counts.
"""

import re
from collections.abc import Iterator
from typing import Final

from mailcase.message import Email

#: Headers that only such a sender writes.
SENDER_HEADERS: Final = ("X-Mandrill-User",)
_LONGEST: Final = 1000  # characters of a value that are read
_MOST: Final = 20  # headers of one name that are read
#: The bulk mailer's hop with an envelope sender of its own for each recipient: `carol-bob=customer.example@`.
_VERP_HOP: Final = re.compile(r"\(PowerMTA\b[^<>]*(?:<[^<>\s]*>[^<>]*)?\(envelope-from <([^<>@\s]+=[^<>@\s]+)@", re.I)
_FORWARDED: Final = re.compile(r"(?:srs[01]|prvs)[=+-]|.*\+(?:srs|caf_)=", re.I)
#: A Reply-To of its own for each recipient, numbers alone; a telephone number has fewer groups.
_TRACKED_REPLY: Final = re.compile(r"\d{1,12}(?:[.-]\d{1,12}){7,40}")


def mass_mark(email: Email) -> str:
    """What shows that the mail went to many, for a person; "" where nothing does."""
    return next(_marks(email), "")


def _marks(email: Email) -> Iterator[str]:
    yield from (name for name in SENDER_HEADERS if email.has(name))
    for value in list(email.header_all("Received"))[:_MOST]:
        hop = _VERP_HOP.search(value[:_LONGEST])
        if hop and not _FORWARDED.match(hop[1]):
            yield f"Received by PowerMTA, envelope-from {hop[1][:80]}@"
    for one in email.reply_to[:_MOST]:
        if _TRACKED_REPLY.fullmatch(one.local[:_LONGEST]):
            yield f"Reply-To {one.local[:80]}@"
