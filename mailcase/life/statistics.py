"""`mailcase report`: from cases and their changes of status to counts, times, rates and ages. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from math import ceil, floor
from typing import Final

from mailcase.cases.statuses import StatusKind
from mailcase.errors import Permanent

#: Work is left to do: what a backlog consists of.
OPEN: Final = frozenset({StatusKind.ACTIVE, StatusKind.PAUSED})
#: How old an open case is: the name of an age, and what is still under it.
AGES: Final[tuple[tuple[str, timedelta], ...]] = (
    ("under 1 day", timedelta(days=1)),
    ("1 to 3 days", timedelta(days=3)),
    ("3 to 7 days", timedelta(days=7)),
    ("7 to 30 days", timedelta(days=30)),
    ("30 to 90 days", timedelta(days=90)),
    ("over 90 days", timedelta.max),
)
_MEDIAN, _SLOW = 0.5, 0.9
_MOST_DAYS: Final = 3_660  # ten years: more lines than a person or a spreadsheet's reader looks at


class By(StrEnum):
    """What the lines of a report are."""

    DAY = "day"
    MAILBOX = "mailbox"
    CATEGORY = "category"
    ASSIGNEE = "assignee"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class CaseFact:
    """A case as it stands now; junk is none."""

    running: int
    created_at: datetime
    kind: StatusKind
    canceled: bool = False
    mailbox: str = ""
    category: str = ""
    assignee: str = ""
    group: str = ""  # of agents
    first_response_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A change of status."""

    case: int
    at: datetime
    before: StatusKind
    after: StatusKind

    @property
    def ends(self) -> bool:
        """Whether it left nothing to do."""
        return self.before in OPEN and self.after not in OPEN

    @property
    def reopens(self) -> bool:
        """Whether what was resolved or closed is open again; an answer that was waited for is no reopening."""
        return self.before not in OPEN and self.after in OPEN


@dataclass(frozen=True, slots=True)
class Backlog:
    """So many alike cases that were made before the period, open at its end, and that nothing happened to in it."""

    count: int
    age: int  # at the end of the period, by AGES
    mailbox: str = ""
    category: str = ""
    assignee: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is counted: cases that were made or changed in the period, their moves, and what else is open at its end.

    The moves are all of these cases' since the beginning of the period, also those after its end, oldest first.
    """

    cases: tuple[CaseFact, ...] = ()
    moves: tuple[Move, ...] = ()
    backlog: tuple[Backlog, ...] = ()
    began: datetime | None = None  # the first case of all that are looked at; None: there is none


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` on and before `until`; days are those of `zone`."""

    since: datetime
    until: datetime
    zone: tzinfo

    def has(self, at: datetime | None) -> bool:
        """Whether the moment lies in it."""
        return at is not None and self.since <= at < self.until

    def day(self, at: datetime) -> str:
        """The day of a moment, ISO 8601."""
        return at.astimezone(self.zone).date().isoformat()

    def days(self, began: datetime | None = None) -> list[str]:
        """Every day of it in order; from the one on when all began, where that lies in it.

        Raises:
            Permanent: they are more than a report has lines.
        """
        ends = (began if began and self.has(began) else self.since, self.until - timedelta.resolution)
        first, last = (one.astimezone(self.zone).date().toordinal() for one in ends)
        if (count := last + 1 - first) > _MOST_DAYS:
            raise Permanent(
                f"a report by day has {_MOST_DAYS:,} lines at most, not {count:,}: name a later --from or an earlier "
                "--to, or count --by mailbox, category, assignee or group"
            )
        return [date.fromordinal(day).isoformat() for day in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took: of so many, half took no longer than the median, nine in ten than `slow`."""

    count: int = 0
    median: timedelta | None = None
    slow: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report."""

    name: str
    created: int
    resolved: int
    closed: int
    reopened: int
    first_response: Spread
    resolution: Spread
    reopen_rate: float | None  # of the cases that were resolved or closed; None: none was
    open: int  # at the end of the period
    ages: tuple[int, ...]  # of these, by AGES


@dataclass(slots=True)
class _Tally:
    """What belongs to one line while it is counted."""

    created: int = 0
    resolved: int = 0
    closed: int = 0
    reopened: int = 0
    responses: list[timedelta] = field(default_factory=list)
    resolutions: list[timedelta] = field(default_factory=list)
    ended: set[int] = field(default_factory=set)
    came_back: set[int] = field(default_factory=set)
    ages: list[int] = field(default_factory=lambda: [0] * len(AGES))  # of what is open


@dataclass(frozen=True, slots=True)
class Report:
    """Lines in their order, and one of all."""

    lines: tuple[Line, ...]
    total: Line


def report(facts: Facts, period: Period, by: By) -> Report:
    """Count.

    Created cases, their first responses and what of them is open stand on the line of the day when they were made;
    resolved, closed, reopened ones on that of the day when it happened. Mailbox, category, assignee and group are
    those that a case has now. Raises Permanent for more days than a report has lines.
    """
    days = period.days(_began(facts)) if by is By.DAY else []
    lines = _tallies(facts, period, _namer(by, period))
    names = days or sorted(lines)
    whole = _tallies(facts, period, lambda _case, _at: "all")
    return Report(tuple(_line(name, lines[name]) for name in names), _line("all", whole["all"]))


def _began(facts: Facts) -> datetime | None:
    """When the first case was made; a clock that was put back may have dated one of the period before it."""
    return min((facts.began, *(one.created_at for one in facts.cases))) if facts.began else None


def percentile(values: Sequence[timedelta], share: float) -> timedelta | None:
    """The value that this share lies at or below, interpolated between neighbours; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low, high = ordered[floor(place)], ordered[ceil(place)]
    return low + (high - low) * (place - floor(place))


def age_of(age: timedelta) -> int:
    """Its place in AGES."""
    return next(at for at, (_, under) in enumerate(AGES) if age < under)


Namer = Callable[[CaseFact | Backlog, datetime | None], str]


def _namer(by: By, period: Period) -> Namer:
    """Which line something belongs to that happened to a case at a moment; None: before the period, which has none."""
    if by is By.DAY:
        return lambda _case, at: period.day(at) if at else ""
    return lambda case, _at: str(getattr(case, by.value))


def _tallies(facts: Facts, period: Period, name: Namer) -> dict[str, _Tally]:
    moves: dict[int, list[Move]] = defaultdict(list)
    for move in facts.moves:
        moves[move.case].append(move)
    lines: dict[str, _Tally] = defaultdict(_Tally)
    for case in facts.cases:
        _count_made(case, moves[case.running], period, lines, name)
        _count_moves(case, [one for one in moves[case.running] if period.has(one.at)], lines, name)
    for some in facts.backlog:
        lines[name(some, None)].ages[some.age] += some.count
    return lines


def _count_made(case: CaseFact, moves: Iterable[Move], period: Period, lines: dict[str, _Tally], name: Namer) -> None:
    """What is counted by when the case was made; one that was there before counts only while it is open."""
    made_in = period.has(case.created_at)
    kind = next((one.before for one in moves if one.at >= period.until), case.kind)
    is_open = case.created_at < period.until and kind in OPEN
    if not (made_in or is_open):
        return
    # A day of before the period has no line; its open cases stand in the sum alone, and by mailbox and so on.
    line = lines[name(case, case.created_at)]
    line.created += made_in
    if is_open:
        line.ages[age_of(period.until - case.created_at)] += 1
    if made_in and case.first_response_at is not None and case.first_response_at < period.until:
        line.responses.append(max(timedelta(0), case.first_response_at - case.created_at))


def _count_moves(case: CaseFact, moves: Sequence[Move], lines: dict[str, _Tally], name: Namer) -> None:
    """What happened to the case in the period."""
    first_end: str | None = None  # whose it was then; "" is nobody
    for place, move in enumerate(moves):
        line = lines[name(case, move.at)]
        line.resolved += move.after is StatusKind.RESOLVED and move.before is not StatusKind.RESOLVED
        line.closed += move.after is StatusKind.FINAL and move.before is not StatusKind.FINAL
        line.reopened += move.reopens
        if move.ends and first_end is None:
            first_end = name(case, move.at)
            line.ended.add(case.running)
        if move.reopens and first_end is not None:
            lines[first_end].came_back.add(case.running)
        if move.ends and not case.canceled and not any(later.reopens for later in moves[place:]):
            line.resolutions.append(max(timedelta(0), move.at - case.created_at))


def _line(name: str, tally: _Tally) -> Line:
    return Line(
        name=name,
        created=tally.created,
        resolved=tally.resolved,
        closed=tally.closed,
        reopened=tally.reopened,
        first_response=_spread(tally.responses),
        resolution=_spread(tally.resolutions),
        reopen_rate=len(tally.came_back) / len(tally.ended) if tally.ended else None,
        open=sum(tally.ages),
        ages=tuple(tally.ages),
    )


def _spread(values: Sequence[timedelta]) -> Spread:
    return Spread(len(values), percentile(values, _MEDIAN), percentile(values, _SLOW))
