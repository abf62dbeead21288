"""The Message-ID that a relay gave our mail, out of its words after the final dot (decision 022)."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from mailcase.outbox.references import sound
from mailcase.tokens import carries_mark

MOST: Final = 2  # ids of one reply
_LONGEST: Final = 2000  # characters of a reply that are read


@dataclass(frozen=True, slots=True)
class Way:
    """How one kind of relay tells it: where `host` fits the relay's name and `words` its reply, `id` is the id."""

    relay: str  # for people
    host: re.Pattern[str]
    words: re.Pattern[str]
    id: str  # of the groups of both


_SES_WORDS: Final = re.compile(r"^ok (?P<token>[0-9a-f][0-9a-f-]{20,98}[0-9a-f])\s*$", re.I | re.M)
_SES_HOST: Final = r"(?:.*\.)?email-smtp(?:-fips)?\.{region}\.(?:vpce\.)?amazonaws\.com"
_EXCHANGE: Final = r"\s{1,3}(?:\[(?:InternalId|Hostname)=|Queued mail for delivery)"
#: A relay that is not here teaches nothing.
WAYS: Final = (
    # Exchange: 2.6.0 <id> [InternalId=…, Hostname=…] … Queued mail for delivery; Outlook: 2.0.0 OK <id> [Hostname=…].
    # Not any <x@y>: others tell the recipient behind an alias, or the id of a mail of somebody else's.
    Way("Exchange", re.compile(".*"), re.compile(rf"<(?P<token>[^<>\s@]+@[^<>\s@]+)>(?={_EXCHANGE})"), "<{token}>"),
    Way("Amazon SES", re.compile(_SES_HOST.format(region="us-east-1")), _SES_WORDS, "<{token}@email.amazonses.com>"),
    Way(
        "Amazon SES elsewhere",
        re.compile(_SES_HOST.format(region=r"(?P<region>(?!us-east-1\.)[a-z0-9-]+)")),
        _SES_WORDS,
        "<{token}@{region}.amazonses.com>",
    ),
)


def ids_told(host: str, said: str, ours: Collection[str]) -> tuple[str, ...]:
    """The ids that the relay's reply gives the mail beside its own, at most two.

    Args:
        host: the relay's name, as it is configured.
        said: the text of its 250 after the final dot, lines joined by a line feed.
        ours: the Message-ID that the mail left with, the ids that it names, and every address of its envelope.
    """
    known = {one.strip("<>").lower() for one in ours}
    found = dict.fromkeys(_told(host.lower().rstrip("."), said[:_LONGEST]))
    return tuple(one for one in found if one[1:-1].lower() not in known and is_foreign(one))[:MOST]


def is_foreign(message_id: str) -> bool:
    """Whether an id can stand in a header, and is none that we make ourselves."""
    return sound(message_id) and not carries_mark(message_id)


def _told(host: str, said: str) -> Iterator[str]:
    for way in WAYS:
        if place := way.host.fullmatch(host):
            for words in way.words.finditer(said):
                yield way.id.format(**place.groupdict(), **words.groupdict())
