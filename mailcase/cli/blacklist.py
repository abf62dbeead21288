"""`mailcase blacklist`: edits blacklist.txt and says which line decides."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

import typer

from mailcase.cli.output import print_json, print_table, safe, say
from mailcase.cli.state import state_of

app = typer.Typer(no_args_is_help=True, help="Whose mail is junk.")


@app.command("list")
def list_(context: typer.Context) -> None:
    """All entries with their line, end date and note."""
    from mailcase.policy_build import build_blacklist

    state = state_of(context)
    rows = [_row(line) for line in build_blacklist(state.settings()).lines]
    if state.json:
        print_json(rows)
    else:
        print_table(rows, {"line": 6, "entry": 60, "until": 10, "note": 60}, "the blacklist has no entries")


@app.command()
def add(
    context: typer.Context,
    entry: Annotated[str, typer.Argument(help="jane@example.com, example.com, *.example.com, noreply@, *promo*@, !…")],
    note: Annotated[str, typer.Option(help="Why, for those who come later.")] = "",
    until: Annotated[str, typer.Option(metavar="DATE", help="The last day, such as 2027-01-31.")] = "",
) -> None:
    """Append an entry; the file's comments stay."""
    from mailcase import blacklist_edit

    state = state_of(context)
    last = _last_day(until)
    with _entries_only():
        line = blacklist_edit.add(state.settings().blacklist_file, entry, note=note, until=last)
    if state.json:
        print_json(_row(line))
    else:
        say(f"line {line.number}: {safe(line.entry)}")


@app.command()
def remove(context: typer.Context, entry: Annotated[str, typer.Argument(help="As in the list.")]) -> None:
    """Take an entry out; the file's comments stay."""
    from mailcase import blacklist_edit

    state = state_of(context)
    with _entries_only():
        gone = blacklist_edit.remove(state.settings().blacklist_file, entry)
    if state.json:
        print_json([_row(line) for line in gone])
    else:
        say(f"removed {', '.join(f'line {line.number}: {safe(line.entry)}' for line in gone)}")


@app.command()
def test(context: typer.Context, address: Annotated[str, typer.Argument(help="A sender's address.")]) -> None:
    """Say whether mail from this address is junk, and which line decides."""
    from mailcase.clock import utcnow
    from mailcase.intake.addresses import key_of
    from mailcase.policy_build import build_blacklist

    state = state_of(context)
    key = key_of(address)
    if " " in key or not all(key.rpartition("@")[::2]):
        raise typer.BadParameter(f"{address!r} is not an address, such as jane@example.com")
    verdict = build_blacklist(state.settings()).judge([key], utcnow().date())
    if state.json:
        print_json(
            {
                "address": key,
                "blocked": verdict.blocked,
                "line": verdict.line_number or None,
                "entry": verdict.entry,
                "allowed_by": verdict.allowed_by,
                "looked_at": verdict.looked_at,
            }
        )
        return
    say(f"{safe(key)}  {_told(verdict)}")


def _told(verdict: Any) -> str:
    by = f"line {verdict.line_number}: {safe(verdict.entry)}"
    if verdict.blocked:
        return f"blocked by {by}"
    if verdict.allowed_by:
        return f"allowed by {safe(verdict.allowed_by)}, which beats {by}"
    return f"not blocked; {verdict.looked_at} {'line' if verdict.looked_at == 1 else 'lines'} looked at"


def _row(line: Any) -> dict[str, object]:
    return {"line": line.number, "entry": line.entry, "until": line.until, "note": line.note}


@contextmanager
def _entries_only() -> Iterator[None]:
    """What is no entry is wrong usage."""
    from mailcase.blacklist_edit import NotAnEntry

    try:
        yield
    except NotAnEntry as error:
        raise typer.BadParameter(str(error)) from None


def _last_day(text: str) -> date | None:
    from mailcase.clock import utcnow

    try:
        last = date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"--until {text} is no date; write it as 2027-01-31") from None
    if last and last < utcnow().date():
        raise typer.BadParameter(f"--until {text} is past: the entry would never be in force")
    return last
