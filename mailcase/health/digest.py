"""The daily digest: when it is due, and its text. Pure; the time is a parameter."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from mailcase.health.letters import Letter, moment
from mailcase.health.proof import Proof, result
from mailcase.outbox.lines import one_line

_FIELD: Final = 60  # characters of a sender or subject in a line


@dataclass(frozen=True, slots=True)
class Item:
    """One mail of the digest."""

    id: int
    received_at: datetime
    mailbox: str
    outcome: str
    reason: str
    mail_from: str | None
    subject: str | None


@dataclass(frozen=True, slots=True)
class Digest:
    """What happened between two moments."""

    since: datetime
    until: datetime
    counts: tuple[tuple[str, str, str, int], ...]  # mailbox, outcome, reason, mails
    newest: tuple[Item, ...]  # newest first
    late: int = 0  # mails that a comparison with the server found missing and took in, since the last digest


@dataclass(frozen=True, slots=True)
class Last:
    """The flag: the day whose digest is done, and until when it told."""

    day: date
    until: datetime

    def to_text(self) -> str:
        """For the flag."""
        return f"{self.day.isoformat()} {self.until.isoformat()}"

    @classmethod
    def from_text(cls, text: str | None) -> Self | None:
        """From the flag; None where there is none, or it cannot be read."""
        day, _, until = (text or "").partition(" ")
        try:
            return cls(date.fromisoformat(day), datetime.fromisoformat(until))
        except ValueError:
            return None


def remembered(flag: str | None, now: datetime, zone: ZoneInfo) -> Last | None:
    """From the flag; None also for a day later than tomorrow: a clock that was ahead wrote it (F28)."""
    last = Last.from_text(flag)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return None if last is None or last.day > tomorrow else last


def due_day(now: datetime, at: str, zone: ZoneInfo, last: Last | None) -> date | None:
    """The day whose digest is to be made now; None: not yet, done already, or never (`at` is "").

    By the clock of `zone`: a time that the change to summer time leaves out comes an hour later, one that
    comes twice counts the first time. The first day of all is only remembered by the caller.
    """
    if not at:
        return None
    hour, _, minute = at.partition(":")
    today = now.astimezone(zone).date()
    begins = datetime.combine(today, time(int(hour), int(minute)), zone)
    if last is not None and last.day >= today:
        return None
    return today if now.timestamp() >= begins.timestamp() else None


def letter(digest: Digest, zone: ZoneInfo, host: str, proof: Proof | None = None) -> Letter | None:
    """The mail, or None where there is nothing to tell; `proof`, the newest look through the store, alone is nothing.

    What that found has an alarm, which is repeated each day.
    """
    total = sum(mails for *_, mails in digest.counts)
    if not total and not digest.late:
        return None
    said = _mails(total, "made no case") if total else _mails(digest.late, "came late")
    text = "\n".join(_lines(digest, zone, total, proof))
    foot = f"\n\n-- \nmailcase on {host}. This comes once a day, and only if there is something to tell.\n"
    return Letter(f"[mailcase] daily digest: {said}", text + foot)


def _mails(count: int, what: str) -> str:
    return f"1 mail {what}" if count == 1 else f"{count} mails {what}"


def _lines(digest: Digest, zone: ZoneInfo, total: int, proof: Proof | None) -> Iterator[str]:
    yield f"From {moment(digest.since, zone)} to {moment(digest.until, zone)}:"
    yield ""
    for mailbox, outcome, reason, mails in digest.counts:
        yield f"{mails:>6}  {mailbox}: {outcome.replace('_', ' ')} ({reason})"
    if digest.counts:
        yield ""
    yield from _proved(proof, zone)
    yield _missing(digest.late)
    if not total:
        return
    yield ""
    yield "All of them:" if total <= len(digest.newest) else f"The newest {len(digest.newest)} of {total}:"
    for one in digest.newest:
        yield ""
        yield from _item(one, zone)


def _proved(proof: Proof | None, zone: ZoneInfo) -> Iterator[str]:
    if proof is None:
        yield "The store has not been looked through yet (`mailcase audit --store`)."
        return
    since = f"since the look before, at {moment(proof.before, zone)}" if proof.before else "in all"
    yield f"The store was looked through at {moment(proof.at, zone)}: {result(proof)}; {_mails(proof.mails, since)}."


def _missing(late: int) -> str:
    if not late:
        return "Missing: no comparison with a server (IMAP) found any."
    return f"Missing: {_mails(late, 'had been read past; found by comparison with the server (IMAP), and taken in')}."


def _item(one: Item, zone: ZoneInfo) -> Iterator[str]:
    sender = one_line(one.mail_from or "", _FIELD) or "(no sender)"
    subject = one_line(one.subject or "", _FIELD) or "(no subject)"
    yield f"{moment(one.received_at, zone)}  {one.mailbox}  {one.reason}"
    yield f"  {sender}: {subject}"
    yield f"  {_cure(one)}"


def _cure(one: Item) -> str:
    if one.outcome == "quarantined":
        return f"mailcase quarantine retry {one.id}"
    return f"mailcase message accept {one.id}"
