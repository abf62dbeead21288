"""Addresses that no person reads: daemons and the robots of K5 (reliability.md 3.1 row 6, 3.3 K5)."""

import re
from functools import lru_cache
from typing import Final

from mailcase.junk.robot_words import NO_ANSWER, spelled
from mailcase.message import Address, Email

_LONGEST: Final = 400  # characters of a key that are looked at

#: K5, each a full match on the local part, in lower case, with and without its +tag.
_LOCALS: Final = {
    "mailer-daemon": r"mail(er)?[-_.]?daemon",
    "postmaster": r"post[-_.]?master",
    "no-reply": r"(.{0,64}[-_.+])?no[-_.]?reply([-_.+0-9].{0,64})?",
    "do-not-reply": r"(.{0,64}[-_.+])?do[-_.]?not[-_.]?reply([-_.+0-9].{0,64})?",
    "bounce": r"bounces?([-_.+=].{0,300})?",
    "*-bounces": r".{1,64}[-_.]bounces?([+=].{0,300})?",
    "owner-*": r"owner-.{1,300}",
    "*-request": r".{1,64}-request",
    "*-owner": r".{1,64}-owner",
    "listserv": r"listserv",
    "majordomo": r"majordomo",
    "daemon": r"daemon",
    "root": r"root",
    "cron": r"cron([-_.]?(daemon|jobs?|tabs?))?",
    "www-data": r"www-data",
    "auto*reply": r"auto.{0,64}reply",
    "notification": r"(.{0,64}[-_.])?notifications?([-_.+].{0,64})?",
    "newsletter": r"(.{0,64}[-_.])?(e-?news|news-?(letters?|flash))",
}
ROBOT_LOCALS: Final = _LOCALS | {name: spelled(words) for name, words in NO_ANSWER.items()}
_ROBOTS: Final = tuple((name, re.compile(pattern)) for name, pattern in ROBOT_LOCALS.items())
# Nearly all senders fit none: the words of all languages are looked for at once.
_ANY_WORD: Final = spelled(tuple(one for words in NO_ANSWER.values() for one in words))
_ANY_ROBOT: Final = re.compile("|".join(f"(?:{pattern})" for pattern in (*_LOCALS.values(), _ANY_WORD)))
_DAEMONS: Final = re.compile(r"m(ail(er)?)?[-_.]?daemon|post[-_.]?master")
#: Beginnings of the display name of a mail server, or of a From field without an address.
DAEMON_NAMES: Final = ("mail delivery", "mailer-daemon")
#: Names that a person may have as well: they count for row 7 only, where subject and text must agree.
MACHINE_NAMES: Final = ("system administrator", "mail administrator", "smtp mail service", "internet mail service")


def robot(key: str) -> str:
    """The name of the K5 pattern that the address (a key) fits, or ""."""
    return _robot((key[:_LONGEST].rpartition("@")[0] or key[:_LONGEST]).lower())


@lru_cache(maxsize=1024)  # one sender is asked about several times while his mail is decided
def _robot(local: str) -> str:
    tries = {local, local.partition("+")[0]}
    if not any(_ANY_ROBOT.fullmatch(one) for one in tries):
        return ""
    return next((name for name, pattern in _ROBOTS if any(pattern.fullmatch(one) for one in tries)), "")


def daemon_sender(email: Email) -> str:
    """What shows that a mail server wrote the From field (row 6), or ""."""
    for one in email.senders[:10]:
        local = one.key[:_LONGEST].rpartition("@")[0] or one.key[:_LONGEST]
        if _DAEMONS.fullmatch(local.partition("+")[0]):
            return f"From {one.address[:_LONGEST]}"
        if one.name[:_LONGEST].strip().lower().startswith(DAEMON_NAMES):
            return f"From name {one.name[:_LONGEST].strip()!r}"
    return "" if email.senders else _empty_from(email)


def _empty_from(email: Email) -> str:
    """A From field whose address is empty: `MAILER-DAEMON <>`."""
    value = (email.header("From") or "")[:_LONGEST].strip()
    empty = value.endswith("<>") or value.strip("\"' ").lower().startswith(DAEMON_NAMES)
    return f"From {value}" if empty else ""


def machine_sender(email: Email) -> str:
    """A null path, a mail server or a robot as sender (row 7), or ""."""
    if email.return_path == "":
        return "null Return-Path"
    found = daemon_sender(email)
    return found or next((f"From {one.address[:_LONGEST]}" for one in email.senders[:10] if _machine(one)), "")


def _machine(one: Address) -> bool:
    words = one.name[:_LONGEST].strip().lower() or one.local[:_LONGEST].replace("_", " ")
    return bool(robot(one.key)) or any(name in words for name in MACHINE_NAMES)
