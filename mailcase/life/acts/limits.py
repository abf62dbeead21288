"""How long words may be, which priorities and sources there are, and files within [attachments]."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from mailcase.intake.attachments import numbered, safe_name
from mailcase.intake.offered import offered
from mailcase.intake.texts import clean_text, why_no_text
from mailcase.life.changes import File
from mailcase.life.refused import Refused
from mailcase.policy import AttachmentPolicy

PRIORITIES: Final = ("Low", "Medium", "High", "Critical")
SOURCES: Final = ("Voice", "WhatsApp", "Webchat", "Email")
LONGEST_NOTE: Final = 20_000  # characters; also of a comment, a solution, a question, a result
LONGEST_REPLY: Final = 100_000
MOST_COPIES: Final = 20  # of a reply
LONGEST_LINE: Final = 255  # a reason, a task's title, a link
HIGHEST_LEVEL: Final = 9
_WHY: Final = {
    "type_not_allowed": "its type is not among [attachments] types ({types})",
    "too_large": "it is larger than [attachments] max_size",
    "too_many": "[attachments] max_count is {max_count}",
    "total_too_large": "together they are larger than [attachments] max_total",
}


def words(text: str, what: str, most: int = LONGEST_NOTE, *, needed: bool = True) -> str:
    """The text without blanks around it, clean as that of a mail; Refused where it is no text, missing or too long."""
    if wrong := why_no_text(text):
        raise Refused(f"the {what} cannot be read: {wrong}")
    clean = clean_text(text).strip()
    if needed and not clean:
        raise Refused(f"the {what} is empty: what is it to say?")
    if len(clean) > most:
        raise Refused(f"the {what} has {len(clean):,} characters, at most {most:,} are possible")
    return clean


def line(text: str, what: str, *, needed: bool = True, most: int = LONGEST_LINE) -> str:
    """A text of one line: white space is one blank."""
    return words(" ".join(text.split()), what, most, needed=needed)


def one_of(given: str, known: Sequence[str], what: str) -> str:
    """The known one that was meant, in any case of letters; Refused naming all."""
    found = next((one for one in known if one.casefold() == given.strip().casefold()), None)
    if found is None:
        raise Refused(f"there is no {what} {given}; there are {', '.join(known)}")
    return found


def not_past(at: datetime | None, now: datetime, what: str) -> datetime | None:
    """The moment, if it is still to come."""
    if at is not None and at < now:
        raise Refused(f"the {what} {at:%Y-%m-%d %H:%M} UTC is in the past")
    return at


def within_limits(files: Sequence[File], policy: AttachmentPolicy) -> tuple[File, ...]:
    """The files with names that are safe and differ; Refused where [attachments] does not allow one (B14)."""
    taken: set[str] = set()
    named = [replace(one, name=numbered(safe_name(one.name) or "file", taken)) for one in files]
    facts = [{"name": one.name, "size": len(one.content), "inline": False} for one in named]
    for one in offered(facts, policy):
        if not one["allowed"]:
            raise Refused(f"{one['name']} is not taken: {why_not_taken(one['reason'], policy)}")
    return tuple(named)


def why_not_taken(reason: str, policy: AttachmentPolicy) -> str:
    """The reason word of `offered` in words."""
    return _WHY[reason].format(types=", ".join(sorted(policy.types)), max_count=policy.max_count)
