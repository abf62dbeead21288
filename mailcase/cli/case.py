"""`mailcase case`: lists, shows, compares and sets cases."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mailcase.cli import case_options as of
from mailcase.cli.case_acts import add_to
from mailcase.cli.output import note, print_json, print_table, say
from mailcase.cli.state import As, actor, reading, state_of, writing
from mailcase.errors import Permanent

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.store.store import Store

app = typer.Typer(no_args_is_help=True, help="Cases.")
_MOST_DIGITS: Final = 19
_DIGITS: Final = re.compile(r"\d+")
_SIMILAR = {"number": 16, "title": 44, "status": 22, "assignee": 28, "closed_at": 16, "solution": 60}
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Such as SR-12.")]


@app.command("list")
def list_(
    context: typer.Context,
    status: of.Status = None,
    kind: of.Kind = None,
    assignee: of.Assignee = None,
    group: of.Group = None,
    mailbox: of.Mailbox = None,
    contact: of.Contact = None,
    account: of.Account = None,
    category: of.Category = None,
    unanswered: of.Unanswered = False,
    text: of.Text = None,
    priority: of.Priority = None,
    mine: of.Mine = False,
    sort: of.Sort = "opened",
    last: of.Last = None,
    as_: of.Viewer = "",
) -> None:
    """Cases, oldest first; several options together: those for which all of them hold."""
    from mailcase.cli.case_list import show_cases
    from mailcase.store.life.case_filter import CaseFilter

    wanted = CaseFilter(
        status, of.kind_of(kind), of.key_or_nobody(assignee), of.name_or_none(group), mailbox, of.key_of(contact),
        account, category, unanswered, text, last, priority=of.priority_of(priority), sort=of.sort_of(sort),
    )  # fmt: skip
    show_cases(state_of(context), wanted, as_, mine=mine)


@app.command()
def show(context: typer.Context, number: Number, as_: of.Viewer = "") -> None:
    """One case: its whole life in order, why each mail is on it, and what is related."""
    from mailcase.cli.acting import zone_of
    from mailcase.cli.render_case import print_case
    from mailcase.cli.viewing import view_of
    from mailcase.clock import utcnow
    from mailcase.configuration.checks import status_table

    state = state_of(context)
    settings = state.settings()
    with reading(settings) as store:
        if store is None:
            raise Permanent(f"there is no case {number}: there is no store yet")
        view = view_of(settings, store, as_)
        found = resolve(settings, store, number)
        case = store.case_show(found, status_table(settings.cases), view.viewer, view.organizations)
        ids = [one["id"] for one in case["messages"] if one["id"] is not None]
        traces = {} if state.json else {one: store.message_show(one)["trace"] for one in ids}
    if state.json:
        print_json(case)
        return
    addresses = {box.name: box.address for box in settings.mailbox}
    print_case(case, traces, addresses, zone_of(settings, view.viewer), utcnow())


@app.command()
def similar(
    context: typer.Context,
    number: Number,
    last: Annotated[int, typer.Option("--most", min=1, max=100, help="At most so many.")] = 10,
    as_: of.Viewer = "",
) -> None:
    """Cases of the same category whose words are nearest, the nearest first."""
    from mailcase.cli.viewing import view_of
    from mailcase.configuration.checks import status_table

    state = state_of(context)
    settings = state.settings()
    with reading(settings) as store:
        if store is None:
            raise Permanent(f"there is no case {number}: there is no store yet")
        organizations = view_of(settings, store, as_).organizations
        found = resolve(settings, store, number)
        rows = store.case_similar(found, status_table(settings.cases), last, organizations)
    if state.json:
        print_json(rows)
    else:
        print_table(rows, _SIMILAR, "there is no similar case")


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
    from mailcase.cli.viewing import view_of
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
        view = view_of(settings, store, as_)
        found = resolve(settings, store, number)
        name = wanted.name if wanted else None
        said = {"status": name, "assignee": assignee, "closing_reason": reason}
        by = view.viewer.key if view.viewer else actor("")
        store.set_case(found, utcnow(), by, **said, statuses=table, organizations=view.organizations)
        case = store.case_show(found, table, view.viewer, view.organizations)
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
    found = _first(store, (number, *spellings))
    if found:
        return found
    digits = _DIGITS.findall(number)[-1:]  # of SR3 and 3 alike
    meant = _first(store, [mask.format(int(one)) for one in digits for mask in masks if len(one) < _MOST_DIGITS])
    raise Permanent(f"there is no case {number}{meant and f'; did you mean {meant}?'}")


def _first(store: "Store", spellings: Sequence[str]) -> str:
    """The first of these numbers that a case has; "" where none has one."""
    return store.case_number(*dict.fromkeys(spellings))


add_to(app)
