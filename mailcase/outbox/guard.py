"""The last look at a mail before it leaves: exactly the intended recipients, exactly our headers (P5)."""

import re
from collections.abc import Iterator
from typing import Final

from mailcase.errors import Permanent
from mailcase.outbox.mime import Envelope
from mailcase.outbox.wire import wire_address
from mailcase.ports import OutboxMail

_ONCE: Final = ("from", "to", "subject", "date", "message-id", "mime-version", "content-type")
_AT_MOST_ONCE: Final = frozenset(
    {
        *_ONCE,
        "cc",
        "content-transfer-encoding",
        "in-reply-to",
        "references",
        "reply-to",
        "auto-submitted",
        "x-auto-response-suppress",
        "x-helpdesk-loop",
    }
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONE_BREAK: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_LONGEST_LINE: Final = 998  # octets without CRLF (RFC 5322 2.1.1)
_FOLD: Final = re.compile(r"\r\n(?=[ \t])")


def check(mail: OutboxMail, envelope: Envelope) -> None:
    """Compare what would leave with the row that asked for it.

    Raises:
        Permanent: it must not leave, with the first reason; the row fails.
    """
    for problem in _problems(mail, envelope):
        raise Permanent(f"stopped before it left: {problem}")


def _problems(mail: OutboxMail, envelope: Envelope) -> Iterator[str]:
    wanted = [wire_address(one).text for one in (mail.to, *mail.cc)]
    still = [one for one in wanted if not mail.still_to or one in mail.still_to]
    if list(envelope.recipients) != still or not still:
        yield "the envelope does not name exactly the intended recipients"
    if envelope.sender not in ("", wire_address(mail.from_address).text):
        yield "the envelope's sender is neither null nor the mailbox"
    if any(_CONTROL.search(one) for one in (envelope.sender, *envelope.recipients)):
        yield "a control character in the envelope"
    yield from _lines(envelope)
    named = len(wanted) if mail.audience == "agent" else 1
    yield from _header(_fields(envelope.data), wanted[:named], wanted[named:])


def _lines(envelope: Envelope) -> Iterator[str]:
    if not envelope.utf8 and not envelope.data.isascii():
        yield "8-bit data"
    if _LONE_BREAK.search(envelope.data):
        yield "a bare CR or LF"
    if max(map(len, envelope.data.split(b"\r\n"))) > _LONGEST_LINE:
        yield "a line of more than 998 octets"


def _fields(data: bytes) -> list[tuple[str, str]]:
    """The header's fields as they stand, unfolded, names in lower case."""
    header = _FOLD.sub("", data.partition(b"\r\n\r\n")[0].decode("utf-8", "replace"))
    parts = (line.partition(":") for line in header.split("\r\n"))
    return [(name.lower(), value.strip()) for name, _, value in parts]


def _header(fields: list[tuple[str, str]], to: list[str], cc: list[str]) -> Iterator[str]:
    names = [name for name, _ in fields]
    for name in sorted(set(names)):
        if name not in _AT_MOST_ONCE:
            yield f"a header {name!r} that is not ours"
        elif names.count(name) > 1:
            yield f"the header {name!r} stands twice"
    for name in _ONCE:
        if name not in names:
            yield f"the header {name!r} is missing"
    for name, value in fields:
        if _CONTROL.search(value):
            yield f"a control character in {name!r}"
    values = dict(fields)
    if _addresses(values.get("to", "")) != to or _addresses(values.get("cc", "")) != cc:
        yield "To and Cc do not name exactly the intended recipients"


def _addresses(value: str) -> list[str]:
    """The addresses of a To or Cc that we wrote: bare ones, or one in angle brackets at the end."""
    if value.endswith(">"):
        return [value[value.rindex("<") + 1 : -1]]
    return [one.strip() for one in value.split(",")] if value else []
