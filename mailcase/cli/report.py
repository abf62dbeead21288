"""`mailcase report`: counts, times, rates and ages of cases, for people and as CSV."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mailcase.cli.case_options import Viewer
from mailcase.cli.output import note, print_json, say
from mailcase.cli.state import reading, state_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from mailcase.life.statistics import Period

_STANDARD_OUTPUT: Final = Path("-")
_DAYS: Final = 30  # that are counted where no beginning is named
Date = Annotated[
    str, typer.Option("--from", metavar="DATE", help="The first day, such as 2027-01-31; else 30 days ago.")
]
Until = Annotated[str, typer.Option("--to", metavar="DATE", help="The first day that is not counted; else up to now.")]
ByWhat = Annotated[str, typer.Option("--by", help="A line for each day, mailbox, category, assignee or group.")]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="As CSV into a file, or - for here.")]


def report(
    context: typer.Context, since: Date = "", until: Until = "", by: ByWhat = "day", csv: Csv = None, as_: Viewer = ""
) -> None:
    """Cases created, resolved, closed and reopened; times to answer and to resolve; what is open, by age."""
    from zoneinfo import ZoneInfo

    from mailcase.cli import render_report
    from mailcase.cli.viewing import view_of
    from mailcase.clock import utcnow
    from mailcase.configuration.checks import status_table
    from mailcase.life.statistics import By, Facts
    from mailcase.life.statistics import report as counted

    state = state_of(context)
    if by not in list(By):
        raise typer.BadParameter(f"--by {by} is not known; there are {', '.join(By)}")
    if state.json and csv == _STANDARD_OUTPUT:
        raise typer.BadParameter("--json and --csv - both write to standard output; --csv FILE writes to a file")
    settings = state.settings()
    period = _period(since, until, ZoneInfo(settings.cases.timezone), utcnow())
    with reading(settings) as store:
        facts = Facts()
        if store:
            organizations = view_of(settings, store, as_).organizations
            facts = store.case_facts(status_table(settings.cases), period.since, period.until, organizations)
    found = counted(facts, period, By(by))
    if csv is not None:
        _write(csv, render_report.as_csv(found, By(by)))
    if state.json:
        print_json(render_report.as_json(found, By(by), period))
    elif csv is None:
        render_report.print_report(found, By(by), period)


def _period(since: str, until: str, zone: "ZoneInfo", now: datetime) -> "Period":
    """From the beginning of one day to that of another; wrong usage for a period of no time."""
    from mailcase.life.statistics import Period

    end = _midnight(until, zone) if until else now
    start = (
        _midnight(since, zone) if since else _midnight(f"{end.astimezone(zone) - timedelta(days=_DAYS):%Y-%m-%d}", zone)
    )
    if start >= end:
        raise typer.BadParameter(
            f"--from {since or start} is not before --to {until or 'now'}: nothing lies between them"
        )
    return Period(start, end, zone)


def _midnight(text: str, zone: "ZoneInfo") -> datetime:
    """The beginning of a day; wrong usage for what is no date."""
    from datetime import UTC, date

    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text} is no date such as 2027-01-31") from None


def _write(file: Path, text: str) -> None:
    """To standard output, or into a file for its owner alone that replaces none."""
    from mailcase.cli.files import write_private

    if file == _STANDARD_OUTPUT:
        say(text.removesuffix("\r\n"))
        return
    write_private(file, text.encode())
    note(f"{file} is written")
