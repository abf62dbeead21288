"""One line of the blacklist: its form, its normalised value, its note and its end date (B6)."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from mailcase.intake.addresses import key_of, without_tag

_LONGEST: Final = 1000  # characters of a line
_FORMS: Final = "jane@example.com, example.com, *.example.com, noreply@ or *promo*@"

# Its own key when in lower case: most lines are such, and long lists are read ten times as fast.
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class BlacklistLine:
    """One entry. `form` is address, domain, tree (`*.domain`), local (`local@`) or glob (`*part*@`)."""

    number: int
    entry: str  # as written, with its leading "!"
    form: str
    value: str  # normalised: what is compared
    allows: bool
    until: date | None  # last day in force; None: for good
    note: str

    def in_force(self, today: date) -> bool:
        """Whether the line still counts on that day."""
        return self.until is None or today <= self.until

    def matches(self, local: str) -> bool:
        """Whether this glob fits the local part; linear, `*` stands for any run of characters."""
        head, *pieces = self.value.split("*")
        tail = pieces.pop()
        if not local.startswith(head) or len(local) < len(head) + len(tail):
            return False
        at, end = len(head), len(local) - len(tail)
        for piece in pieces:
            at = local.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return local.endswith(tail)


def parse_line(number: int, line: str) -> BlacklistLine | None:
    """The entry on this line; None for an empty line or a comment.

    Raises:
        ValueError: with the line's number, what is wrong and what to write instead.
    """
    text = line.strip().lstrip("\ufeff")
    if not text or text.startswith("#"):
        return None
    if len(text) > _LONGEST:
        raise _wrong(number, "the line is too long", f"at most {_LONGEST} characters")
    text = text.partition(" #")[0].partition("\t#")[0]
    written, *options = (part.strip() for part in text.split(";"))
    allows, entry = written.startswith("!"), written.removeprefix("!").strip()
    form, value = _read_entry(number, entry)
    until, note = _options(number, options)
    return BlacklistLine(number, written, form, value, allows, until, note)


def _wrong(number: int, what: str, cure: str) -> ValueError:
    return ValueError(f"blacklist line {number}: {what}; {cure}")


def _options(number: int, options: list[str]) -> tuple[date | None, str]:
    until, notes = None, []
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or name.strip().lower() != "until":
            notes.append(option)
            continue
        try:
            until = date.fromisoformat(value.strip())
        except ValueError:
            raise _wrong(number, f"{value.strip()!r} is no date", "write until=2027-01-31") from None
    return until, "; ".join(note for note in notes if note)


def _read_entry(number: int, entry: str) -> tuple[str, str]:
    """(form, normalised value)."""
    if _PLAIN.fullmatch(entry):
        return "address", entry.lower()
    if not entry:
        raise _wrong(number, "there is no entry", f"write one of {_FORMS}")
    if "<" in entry or (" " in entry and '"' not in entry):
        raise _wrong(number, f"{entry!r} is not an address alone", f"write one of {_FORMS}, without a name")
    local, at, domain = entry.rpartition("@")
    if not at:
        return _domain_entry(number, entry)
    if not domain:
        return _local_entry(number, local)
    key = without_tag(key_of(entry))
    if "*" in entry or not local or key.count("@") < 1 or not _is_domain(key.rpartition("@")[2]):
        raise _wrong(number, f"{entry!r} is not an address", f"write one of {_FORMS}")
    return "address", key


def _local_entry(number: int, local: str) -> tuple[str, str]:
    if not local.strip("*"):
        raise _wrong(number, f"{local + '@'!r} would block everyone", "name a part, such as *promo*@")
    if "*" in local:
        return "glob", local.lower()
    return "local", without_tag(key_of(f"{local}@x.example")).rpartition("@")[0]


def _domain_entry(number: int, entry: str) -> tuple[str, str]:
    form, name = ("tree", entry[2:]) if entry.startswith("*.") else ("domain", entry)
    _, at, domain = key_of(f"x@{name}").rpartition("@")
    fewest = 1 if form == "tree" else 2  # *.xyz is every address under a top-level domain
    if not at or "*" in name or not _is_domain(domain, fewest):
        raise _wrong(number, f"{entry!r} is not a domain", _cure(entry))
    return form, domain


def _cure(entry: str) -> str:
    """What somebody who wrote this may have meant."""
    if entry.startswith("*."):
        return "*. needs a domain, such as *.example.com"
    word = entry.strip("*")
    if not word or "." in word:
        return f"write one of {_FORMS}"
    return f"for a whole local part write {word}@, for a part of it *{word}*@, for a top-level domain *.{word}"


def _is_domain(name: str, fewest: int = 2) -> bool:
    labels = name.split(".")
    return len(labels) >= fewest and all(label.replace("-", "").isalnum() for label in labels)
