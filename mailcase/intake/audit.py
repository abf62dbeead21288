"""What lies at a source against what the journal holds: every difference has a name (`mailcase audit`). Pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

#: Every state of a mail, with what it means; in the order in which people read them.
STATES: Final[Mapping[str, str]] = {
    "decided": "on the server and decided",
    "before_start": "lay there at the first connection: left alone on purpose",
    "moved_away": "decided, then moved or deleted as `after` says",
    "gone": "in the journal, but moved or deleted by somebody else",
    "to_come": "not fetched yet: the daemon was not there, or is at it",
    "undecided": "in the journal, not decided yet",
    "oversize": "too large: header and text were taken, the mail stays",
    "quarantined": "could not be processed: `mailcase quarantine list`",
    "missing": "neither in the journal nor to come",
}
_NO_DATE: Final = datetime.min.replace(tzinfo=UTC)
#: What is as it should be, and is only counted.
COUNTED: Final = frozenset({"decided", "before_start", "moved_away"})


@dataclass(frozen=True, slots=True)
class Found:
    """A mail at the source."""

    key: str  # as the journal's key
    uid: int | None
    received_at: datetime | None  # None: its server says none that can be read


@dataclass(frozen=True, slots=True)
class Entry:
    """A delivery of the journal."""

    id: int
    key: str
    uid: int | None
    received_at: datetime
    outcome: str | None
    reason: str
    oversize: bool
    marked: bool  # the source was told


@dataclass(frozen=True, slots=True)
class Line:
    """One mail with its state; `delivery` is None where the journal does not hold it."""

    state: str
    key: str
    uid: int | None
    received_at: datetime | None
    delivery: int | None = None
    outcome: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FolderAudit:
    """One folder (or Maildir) compared."""

    folder: str
    uidvalidity: int | None
    on_server: int
    lines: tuple[Line, ...]
    note: str = ""  # what stands in the way of a full comparison

    @property
    def counts(self) -> dict[str, int]:
        """How many mails are in each state, in the order of STATES; only those that occur."""
        found = Counter(line.state for line in self.lines)
        return {state: found[state] for state in STATES if found[state]}

    @property
    def differences(self) -> list[Line]:
        """The mails that are not as they should be, oldest first."""
        return [line for line in self.lines if line.state not in COUNTED]


def compare(
    present: Sequence[str],
    entries: Mapping[str, Entry],
    unknown: Sequence[Found],
    explain: Callable[[Found], str],
    *,
    takes_away: bool,
) -> list[Line]:
    """A line a mail, oldest first, before them those without a date.

    Args:
        present: the keys of all mails at the source.
        entries: what the journal holds of it, by key.
        unknown: the mails at the source that the journal does not hold.
        explain: the state of such a mail.
        takes_away: whether `after` moves or deletes what is decided.
    """
    there = set(present)
    lines = [Line(explain(one), one.key, one.uid, one.received_at) for one in unknown]
    for key, one in entries.items():
        state = _kept(one) if key in there else _absent(one, takes_away=takes_away)
        lines.append(Line(state, key, one.uid, one.received_at, one.id, one.outcome, one.reason))
    return sorted(lines, key=lambda line: (line.received_at or _NO_DATE, line.uid or 0, line.key))


def received_since(lines: Sequence[Line], since: datetime | None) -> tuple[Line, ...]:
    """Those received since then (None: all), and those of which nobody knows when."""
    return tuple(one for one in lines if since is None or one.received_at is None or one.received_at >= since)


def _kept(one: Entry) -> str:
    if one.outcome is None:
        return "undecided"
    if one.outcome == "quarantined":
        return "quarantined"
    if one.reason == "before_start":
        return "before_start"
    return "oversize" if one.oversize else "decided"


def _absent(one: Entry, *, takes_away: bool) -> str:
    return "moved_away" if takes_away and one.marked else "gone"
