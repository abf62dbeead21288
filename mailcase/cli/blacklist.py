"""`mailcase blacklist`: edits blacklist.txt and says which line decides."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer

from mailcase.cli.output import print_json, print_table, safe, say
from mailcase.cli.state import state_of
from mailcase.errors import Permanent

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
    line = blacklist_edit.add(state.settings().blacklist_file, entry, note=note, until=_date(until))
    if state.json:
        print_json(_row(line))
    else:
        say(f"line {line.number}: {safe(line.entry)}")


@app.command()
def remove(context: typer.Context, entry: Annotated[str, typer.Argument(help="As in the list.")]) -> None:
    """Take an entry out; the file's comments stay."""
    from mailcase import blacklist_edit

    state = state_of(context)
    gone = blacklist_edit.remove(state.settings().blacklist_file, entry)
    if state.json:
        print_json([_row(line) for line in gone])
    else:
        say(f"removed {', '.join(f'line {line.number}: {safe(line.entry)}' for line in gone)}")


@app.command()
def test(context: typer.Context, address: Annotated[str, typer.Argument(help="A sender's address.")]) -> None:
    """Say whether mail from this address is junk, and which line decides."""
    from mailcase.intake.addresses import key_of
    from mailcase.policy_build import build_blacklist

    state = state_of(context)
    key = key_of(address)
    verdict = build_blacklist(state.settings()).judge([key], datetime.now(UTC).date())
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
    return f"not blocked; {verdict.looked_at} lines looked at"


def _row(line: Any) -> dict[str, object]:
    return {"line": line.number, "entry": line.entry, "until": line.until, "note": line.note}


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Permanent(f"{text} is no date; write it as 2027-01-31") from None
