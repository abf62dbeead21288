"""`mailcase case`: lists, shows and sets cases."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mailcase.cli.output import note, print_json, print_table, say
from mailcase.cli.state import As, actor, reading, state_of, writing
from mailcase.errors import Permanent

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.store.store import Store

app = typer.Typer(no_args_is_help=True, help="Cases.")
_MOST_DIGITS: Final = 19
_COLUMNS = {"number": 16, "title": 44, "status": 22, "priority": 8, "category": 14, "contact": 40, "message_count": 13}
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Such as SR-12.")]


@app.command("list")
def list_(context: typer.Context) -> None:
    """All cases, oldest first."""
    from mailcase.configuration.checks import status_table

    state = state_of(context)
    settings = state.settings()
    with reading(settings) as store:
        rows = store.case_list(status_table(settings.cases)) if store else []
    if state.json:
        print_json(rows)
    else:
        print_table(rows, _COLUMNS, "there are no cases yet")


@app.command()
def show(context: typer.Context, number: Number) -> None:
    """One case: its thread, why each mail is on it, and what is related."""
    from zoneinfo import ZoneInfo

    from mailcase.cli.render_case import print_case
    from mailcase.clock import utcnow
    from mailcase.configuration.checks import status_table

    state = state_of(context)
    settings = state.settings()
    with reading(settings) as store:
        if store is None:
            raise Permanent(f"there is no case {number}: there is no store yet")
        case = store.case_show(resolve(settings, store, number), status_table(settings.cases))
        ids = [one["id"] for one in case["messages"] if one["id"] is not None]
        traces = {} if state.json else {one: store.message_show(one)["trace"] for one in ids}
    if state.json:
        print_json(case)
        return
    addresses = {box.name: box.address for box in settings.mailbox}
    print_case(case, traces, addresses, ZoneInfo(settings.cases.timezone), utcnow())


@app.command("set")
def set_(
    context: typer.Context,
    number: Number,
    status: Annotated[str, typer.Option(metavar="NAME", help="A status of the configuration.")] = "",
    assignee: Annotated[str | None, typer.Option(help="An agent's address; empty: nobody.")] = None,
    as_: As = "",
) -> None:
    """Set a case's status or assignee by hand, out of a final status too; sends no notices."""
    from mailcase.cases.statuses import StatusKind
    from mailcase.clock import utcnow
    from mailcase.configuration.checks import status_table

    if not status and assignee is None:
        raise typer.BadParameter("what is to be set? --status NAME or --assignee ADDRESS")
    if assignee and "@" not in assignee:
        raise typer.BadParameter(f"--assignee {assignee} is no address, such as jane@example.com; empty: nobody")
    state = state_of(context)
    settings = state.settings()
    table = status_table(settings.cases)
    wanted = table.find(status) if status else None
    if status and wanted is None:
        known = ", ".join(one.name for one in table.statuses)
        raise Permanent(f"there is no status {status}; there are {known}")
    reason = None
    if wanted:
        reason = (wanted.closing_reason or None) if wanted.kind is StatusKind.FINAL else ""
    with writing(settings) as store:
        found = resolve(settings, store, number)
        name = wanted.name if wanted else None
        store.set_case(found, utcnow(), actor(as_), status=name, assignee=assignee, closing_reason=reason)
        case = store.case_show(found, table)
    if state.json:
        print_json(case)
    else:
        say(f"{found}  {case['status']}  assignee {case['assignee'] or '–'}")
        note("the customer is not told")


def resolve(settings: "Settings", store: "Store", number: str) -> str:
    """The number as it is stored: any case, and any number of zeros, by any mask.

    Raises:
        Permanent: there is no such case.
    """
    from mailcase.cases.numbers import Mask, find_numbers

    masks = tuple(Mask.parse(one) for one in (settings.cases.number_mask, *settings.cases.retired_masks))
    spellings = [mask.format(running) for running in find_numbers(masks, number) for mask in masks]
    found = _first(settings, store, (number, *spellings))
    if found:
        return found
    alone = number.isdecimal() and len(number) < _MOST_DIGITS
    meant = _first(settings, store, [mask.format(int(number)) for mask in masks]) if alone else ""
    raise Permanent(f"there is no case {number}{meant and f'; did you mean {meant}?'}")


def _first(settings: "Settings", store: "Store", spellings: Sequence[str]) -> str:
    """The first of these numbers that a case has; "" where none has one."""
    from mailcase.configuration.checks import status_table

    for spelling in dict.fromkeys(spellings):
        with suppress(Permanent):
            return str(store.case_show(spelling, status_table(settings.cases))["number"])
    return ""
