"""A report as tables, as CSV and as JSON."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from mailcase.cli.output import aligned, padded, safe, say, width
from mailcase.life.statistics import AGES, By, Line, Period, Report, Spread

_NONE: Final = "–"
_HEADS: Final = (
    "created", "resolved", "closed", "reopened", "first answer", "9 in 10", "resolution", "9 in 10", "came back",
    "open",
)  # fmt: skip
#: A spreadsheet takes a cell that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def print_report(found: Report, by: By, period: Period) -> None:
    """The lines, their sum, and the age of what is open.

    Args:
        found: what was counted.
        by: what the lines are.
        period: of what time.
    """
    first, last = (f"{one.astimezone(period.zone):%Y-%m-%d %H:%M}" for one in (period.since, period.until))
    say(f"cases from {first} to {last} ({period.zone}), by {by}")
    say()
    _print_lines([*found.lines, found.total], by.value)
    say()
    say(f"open at the end: {found.total.open}")
    for (age, _), count in zip(AGES, found.total.ages, strict=True):
        say(f"  {padded(age, 14)} {count:>6}")


def _print_lines(lines: list[Line], head: str) -> None:
    cells = [[head, *_HEADS], *(list(_cells(one)) for one in lines)]
    widths = [max(width(line[place]) for line in cells) for place in range(len(cells[0]))]
    for name, *rest in cells:
        right = [" " * (wide - width(cell)) + cell for cell, wide in zip(rest, widths[1:], strict=True)]
        say(aligned([name, *right], widths))


def _cells(line: Line) -> Iterator[str]:
    yield safe(line.name) or _NONE
    yield from map(str, (line.created, line.resolved, line.closed, line.reopened))
    for spread in (line.first_response, line.resolution):
        yield long(spread.median)
        yield long(spread.slow)
    yield _NONE if line.reopen_rate is None else f"{line.reopen_rate:.0%}"
    yield str(line.open)


def long(time: timedelta | None) -> str:
    """`45 s`, `12 min`, `3 h 20 min` or `2 d 4 h`; – for none."""
    if time is None:
        return _NONE
    seconds = round(time.total_seconds())
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 60:
        return f"{seconds} s"
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h"


def as_json(found: Report, by: By, period: Period) -> dict[str, Any]:
    """Times of lengths are seconds; the period's ends are moments, the second not in it."""
    return {
        "from": period.since,
        "to": period.until,
        "timezone": str(period.zone),
        "by": by.value,
        "lines": [{by.value: one.name, **_entry(one)} for one in found.lines],
        "total": _entry(found.total),
        "backlog": [{"age": age, "count": count} for (age, _), count in zip(AGES, found.total.ages, strict=True)],
    }


def as_csv(found: Report, by: By) -> str:
    """A line each with the keys of JSON as heads, and what is open by age; lengths of time are seconds."""
    ages = [f"open_{age.replace(' ', '_')}" for age, _ in AGES]
    rows = [{by.value: _cell(one.name), **_entry(one), **dict(zip(ages, one.ages, strict=True))} for one in found.lines]
    text = io.StringIO()
    writer = csv.DictWriter(text, [by.value, *_entry(found.total), *ages])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _cell(name: str) -> str:
    return f"'{name}" if name.startswith(_FORMULA) else name


def _entry(line: Line) -> dict[str, Any]:
    return {
        "created": line.created, "resolved": line.resolved, "closed": line.closed, "reopened": line.reopened,
        **_lengths("first_response", line.first_response), **_lengths("resolution", line.resolution),
        "reopen_rate": line.reopen_rate, "open": line.open,
    }  # fmt: skip


def _lengths(name: str, spread: Spread) -> dict[str, Any]:
    seconds = [one.total_seconds() if one is not None else None for one in (spread.median, spread.slow)]
    return {f"{name}_count": spread.count, f"{name}_median": seconds[0], f"{name}_p90": seconds[1]}
