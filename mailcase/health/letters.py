"""The texts of alarm mails: what, since when, what it means, what to do. Pure; no mail's content is in them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from mailcase.health.conditions import BY_WORD, Condition, cure_of
from mailcase.health.situation import AlarmTold
from mailcase.outbox.lines import one_line

_PREFIX: Final = "[mailcase]"
_SUBJECT: Final = 150  # characters
_DETAIL: Final = 2000


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to the people of [alarm] to."""

    subject: str
    text: str


def beginning(what: Sequence[Condition | AlarmTold], host: str, zone: tzinfo, by_token: Collection[str] = ()) -> Letter:
    """These conditions have begun, together; `by_token` as Facts.by_token."""
    return Letter(_subject(what, "things need a person"), _text(what, zone, by_token) + _foot(host, _OPEN))


def reminder(what: Sequence[AlarmTold], host: str, zone: tzinfo, by_token: Collection[str] = ()) -> Letter:
    """These conditions still last."""
    subject = _subject(what, "things still need a person", "still: ")
    return Letter(subject, _text(what, zone, by_token) + _foot(host, _OPEN))


def ending(what: Sequence[AlarmTold], host: str, zone: tzinfo) -> Letter:
    """These are over."""
    subject = _subject(what, "things are over", "over: ")
    items = [f"{_title(one)}\nIt began {moment(one.since, zone)} and is over; nothing is left to do." for one in what]
    return Letter(subject, "\n\n".join(items) + _foot(host, "Told when it began; this is the end of it."))


_OPEN: Final = "You are told once when it begins, daily while it lasts, and once when it is over."


def _subject(what: Sequence[Condition | AlarmTold], several: str, before: str = "") -> str:
    said = f"{before}{_title(what[0])}" if len(what) == 1 else f"{len(what)} {several}"
    return one_line(f"{_PREFIX} {said}", _SUBJECT)


def _title(one: Condition | AlarmTold) -> str:
    rule = BY_WORD.get(one.word)
    title = rule.title if rule else one.word
    return f"{one.mailbox}: {title}" if one.mailbox else title


def _text(what: Iterable[Condition | AlarmTold], zone: tzinfo, by_token: Collection[str]) -> str:
    return "\n\n".join("\n".join(_lines(one, zone, by_token)) for one in what)


def _lines(one: Condition | AlarmTold, zone: tzinfo, by_token: Collection[str]) -> Iterator[str]:
    rule = BY_WORD.get(one.word)
    detail = one.detail if isinstance(one, Condition) else one.text
    yield _title(one)
    yield f"since {moment(one.since, zone)}"
    yield from (f"  {one_line(line, _DETAIL)}" for line in detail.splitlines())
    if rule is not None:
        yield f"What it means: {rule.means}"
        yield f"What to do: {cure_of(one.word, one.mailbox, by_token)}"


def _foot(host: str, said: str) -> str:
    return f"\n\n-- \nmailcase on {host}. {said} `mailcase status` shows all of it.\n"


def moment(at: datetime, zone: tzinfo) -> str:
    """`2026-11-03 10:15 CET`."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
