"""Times and sizes as people read them."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

import typer

SINCE: Final = "A length such as 7d or 12h, a date, or a moment such as 2027-01-31T09:00 (UTC)."
UNTIL: Final = "A length such as 3d, a date (its end), or a moment such as 2027-01-31T09:00."


def since(text: str) -> datetime:
    """The moment that `--since` means: so long ago, the beginning of a day, or as written; UTC where no zone is.

    Raises typer.BadParameter for anything else, and for what lies before the calendar.
    """
    from mailcase.clock import utcnow

    found = _meant(text, "7d", lambda length: utcnow() - length)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def until(text: str, zone: tzinfo) -> datetime:
    """The moment that is meant: so long from now, the end of a day, or as written; the zone where none is given."""
    from mailcase.clock import utcnow

    found = _meant(text, "3d", lambda length: utcnow() + length)
    if found.tzinfo is None and len(text.strip()) <= len("2027-01-31"):
        found = datetime.combine(found.date(), time(23, 59, 59))
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _meant(text: str, sample: str, at: Callable[[timedelta], datetime]) -> datetime:
    """A length as `at` counts it, else a date or moment as it stands, without a zone where it names none."""
    from mailcase.configuration.values import duration

    try:
        return at(duration(text))
    except (ValueError, OverflowError):
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        said = f"a length such as {sample}, nor a date such as 2027-01-31, nor a moment such as 2027-01-31T09:00"
        raise typer.BadParameter(f"{text} is neither {said}") from None


def moment(at: datetime | None, zone: tzinfo, now: datetime) -> str:
    """`Tue 3 Nov 09:15`, with the year where it is not this year's; – for none."""
    if at is None:
        return "–"
    local = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone)
    year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M}"


def after(start: datetime, end: datetime) -> str:
    """`0.4 s`, `12 s`, `3 min`, `5 h` or `2 days`."""
    seconds = max(0.0, (end - start).total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    for unit, length, until in (("s", 1, 120), ("min", 60, 120), ("h", 3600, 48), ("days", 86400, 10**9)):
        if seconds / length < until:
            return f"{seconds / length:.0f} {unit}"
    return ""


def amount(size: int) -> str:
    """`214 KB`; 1 KB is 1024 bytes."""
    if size < 1024:
        return f"{size} bytes"
    for unit, length in (("KB", 1024), ("MB", 1024**2)):
        if size < 1024 * length:
            return f"{size / length:.{0 if size >= 10 * length or unit == 'KB' else 1}f} {unit}"
    return f"{size / 1024**3:.1f} GB"
