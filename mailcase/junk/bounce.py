"""Rows 5 to 7: delivery reports in words, by X-Failed-Recipients, sender and wording."""

from typing import Final

from mailcase.junk.autoreply import autoreply_mark
from mailcase.junk.bounce_words import BOUNCE_BODIES, BOUNCE_SUBJECTS, DELAY_SUBJECTS
from mailcase.junk.finding import Hit
from mailcase.junk.robots import daemon_sender, machine_sender
from mailcase.junk.subject_line import without_prefixes
from mailcase.message import Email, Kind

_SEARCHED: Final = 16_000  # characters of the text


def failed_recipients(email: Email) -> Hit | None:
    """Row 5: X-Failed-Recipients."""
    value = email.header("X-Failed-Recipients")
    return None if value is None else Hit(Kind.BOUNCE, f"X-Failed-Recipients: {value[:80]}")


def null_or_daemon(email: Email) -> Hit | None:
    """Row 6: a null Return-Path or a mail server as sender; the wording says what it is."""
    sender = "null Return-Path" if email.return_path == "" else daemon_sender(email)
    if not sender:
        return None
    if words := subject_words(email) or body_words(email):
        return Hit(_bounce_or_delay(email), f"{sender}, {words}")
    if mark := autoreply_mark(email):
        return Hit(Kind.AUTO_REPLY, f"{sender}, {mark}")
    return Hit(Kind.NOTIFICATION, sender)


def bounce_wording(email: Email) -> Hit | None:
    """Row 7: bounce subject and bounce body from a machine, and nobody forwarded or answered it."""
    _, replied, forwarded = without_prefixes(email)
    sender = machine_sender(email)
    if replied or forwarded or not sender:
        return None
    subject, body = subject_words(email), body_words(email)
    return Hit(_bounce_or_delay(email), f"{sender}, {subject}, {body}") if subject and body else None


def subject_words(email: Email) -> str:
    """The wording of a report in the subject, for a person; "" where there is none."""
    text, _, _ = without_prefixes(email)
    found = next((words for words in (*BOUNCE_SUBJECTS, *DELAY_SUBJECTS) if words in text), None)
    return f"subject has {found!r}" if found else ""


def body_words(email: Email) -> str:
    """The wording of a report in the text, for a person; "" where there is none."""
    text = " ".join(email.text[:_SEARCHED].split()).lower()
    found = next((words for words in BOUNCE_BODIES if words in text), None)
    return f"text has {found!r}" if found else ""


def _bounce_or_delay(email: Email) -> Kind:
    text, _, _ = without_prefixes(email)
    return Kind.DELAY if any(words in text for words in DELAY_SUBJECTS) else Kind.BOUNCE
