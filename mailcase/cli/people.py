"""What the commands for agents, groups, accounts and contacts share."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mailcase.cli.output import note, print_json, print_table, safe, say
from mailcase.cli.state import As, State, actor, reading, state_of, writing

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.life.admitting import Rules
    from mailcase.life.entries import Entry, Value
    from mailcase.store.store import Store

Kind = Literal["agent", "group", "account", "contact"]
Given = Mapping[str, str | list[str] | None]
Language = Annotated[str | None, typer.Option(metavar="TAG", help="Such as en or de; empty: the default.")]
Timezone = Annotated[str | None, typer.Option(metavar="ZONE", help="Such as Europe/Berlin; empty: that of [cases].")]
Name = Annotated[str | None, typer.Option(metavar="NAME")]


def common(app: typer.Typer, kind: Kind, columns: Mapping[str, int]) -> None:
    """Add the commands that are the same for all: list, disable, enable, import-csv and export-csv."""
    metavar = "ADDRESS" if kind in ("agent", "contact") else "NAME"
    who = Annotated[str, typer.Argument(metavar=metavar)]

    def list_(context: typer.Context) -> None:
        _list(state_of(context), kind, columns)

    def disable(context: typer.Context, which: who, as_: As = "") -> None:
        _switch(context, kind, which, as_, active="no")

    def enable(context: typer.Context, which: who, as_: As = "") -> None:
        _switch(context, kind, which, as_, active="yes")

    app.command("list", help=f"All {kind}s.")(list_)
    app.command(help=f"Take one out of use; nothing of this {kind} is lost.")(disable)
    app.command(help="Take one into use again.")(enable)
    _files(app, kind)


def _files(app: typer.Typer, kind: Kind) -> None:
    def import_csv(
        context: typer.Context,
        file: Annotated[
            Path, typer.Argument(metavar="FILE", help="UTF-8, with , or ; between cells; - is standard input.")
        ],
        as_: As = "",
    ) -> None:
        _import(state_of(context), kind, file, as_)

    def export_csv(
        context: typer.Context,
        to: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; else to standard output.")] = None,
        separator: Annotated[str, typer.Option(help=", or ; between the cells.")] = ",",
    ) -> None:
        _export(state_of(context), kind, to, separator)

    app.command("import-csv", help=f"Enter and change {kind}s from a CSV file, all or nothing; nobody is removed.")(
        import_csv
    )
    app.command("export-csv", help=f"All {kind}s as CSV, which `{kind} import-csv` takes.")(export_csv)


def add(context: typer.Context, kind: Kind, given: Given, by: str) -> None:
    """Enter one; wrong usage where a text is not what its field takes."""
    from mailcase.clock import utcnow
    from mailcase.life import entries

    state = state_of(context)
    settings = state.settings()
    said = values(kind, given)
    with writing(settings) as store:
        entry = store.person_add(entries.Kind(kind), said, rules_of(settings), utcnow())
        _tell(state, kind, entry, by, _open(settings, store, kind, entry))
        _say_customer(settings, store, kind, entry)
    _say_language(settings, said)


def _say_language(settings: "Settings", said: "Entry") -> None:
    """A language that no template has is no mistake, but nobody is written to in it."""
    from mailcase.policy_build import languages

    wanted = str(said.get("language", "")).lower().replace("_", "-")
    there = languages(settings) if wanted else ()
    if wanted and not {wanted, wanted.partition("-")[0]} & {*there}:
        note(f"no template is in {safe(wanted)}: mails go out in the default language; there are {', '.join(there)}")


def _say_customer(settings: "Settings", store: "Store", kind: Kind, entry: "Entry") -> None:
    """An agent may be a customer too, but on his own cases he is nothing else."""
    address = str(entry["address"]) if kind == "agent" else ""
    count = store.cases_as_customer(address, _final(settings)) if address else 0
    if count:
        cases = "open case is" if count == 1 else "open cases are"
        note(f"{count} {cases} of {safe(address)} as a customer: his mails on his own cases are read as the customer's")


def edit(context: typer.Context, kind: Kind, which: str, given: Given, add: Given, remove: Given, by: str) -> None:
    """Change one: fields that are given are set, lists are added to and taken from."""
    from mailcase.life.admitting import Change

    sets, more, less = (values(kind, one) for one in (given, add, remove))
    if not (sets or more or less):
        raise typer.BadParameter("what is to be changed? see --help")
    change = Change(sets, *({name: _texts(value) for name, value in one.items()} for one in (more, less)))
    _change(context, kind, which, change, by)


def _change(context: typer.Context, kind: Kind, which: str, change: Any, by: str) -> "tuple[Entry, int | None]":
    from mailcase.clock import utcnow
    from mailcase.life import entries

    state = state_of(context)
    settings = state.settings()
    with writing(settings) as store:
        entry = store.person_edit(entries.Kind(kind), which, change, rules_of(settings), utcnow())
        opened = _open(settings, store, kind, entry)
        if change.set.get("active"):
            _say_customer(settings, store, kind, entry)
    _tell(state, kind, entry, by, opened)
    _say_language(settings, change.set)
    return entry, opened


def _switch(context: typer.Context, kind: Kind, which: str, by: str, *, active: str) -> None:
    from mailcase.life.admitting import Change

    entry, opened = _change(context, kind, which, Change(values(kind, {"active": active})), by)
    if active == "yes":
        return
    if opened:
        mine = f"{opened} open {'case stays' if opened == 1 else 'cases stay'}"
        if kind == "agent":
            note(f"{mine} assigned to {safe(entry['address'])}")
            note("→ `mailcase case list` shows them, `mailcase case assign NUMBER --to ADDRESS` hands one over")
        else:
            note(f"{mine} with the group")
    if kind == "contact":
        note("mail from this contact is still recognised; the contact is only offered no more")


def values(kind: Kind, given: Given) -> "dict[str, Value]":
    """The options as the fields' values; BadParameter names the option that is wrong."""
    from mailcase.life.entries import FORMS
    from mailcase.life.entries import Kind as Kinds

    form, read = FORMS[Kinds(kind)], {}
    for name, text in given.items():
        if text is None or text == []:
            continue
        try:
            read[name] = form.field(name).value(text)
        except ValueError as error:
            raise typer.BadParameter(f"{name}: {safe(error)}") from None
    return read


def _texts(value: "Value") -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def rules_of(settings: "Settings") -> "Rules":
    """What of the configuration counts for people."""
    from mailcase.cases.freemail import FREEMAIL
    from mailcase.intake.addresses import key_of
    from mailcase.life.admitting import Rules

    return Rules(
        own_keys=frozenset(key_of(one) for box in settings.mailbox for one in (box.address, *box.aliases)),
        organizations=settings.cases.organizations,
        freemail=FREEMAIL.union(settings.cases.freemail),
        domains={domain: account.name for account in settings.cases.account for domain in account.domains},
    )


def _final(settings: "Settings") -> tuple[str, ...]:
    from mailcase.configuration.checks import status_table

    return status_table(settings.cases).final_names


def _open(settings: "Settings", store: "Store", kind: Kind, entry: "Entry") -> int | None:
    """How many open cases an agent or a group has; None for others."""
    from mailcase.life import entries

    if kind not in ("agent", "group"):
        return None
    key = entries.FORMS[entries.Kind(kind)].key.name
    rows = store.people_list(entries.Kind(kind), _final(settings))
    return next((int(row["open_cases"]) for row in rows if row[key] == entry[key]), 0)


def _tell(state: State, kind: Kind, entry: "Entry", by: str, opened: int | None) -> None:
    if state.json:
        more = {} if opened is None else {"open_cases": opened}
        print_json({**entry, **more, "by": actor(by)})
        return
    shown = {name: value for name, value in entry.items() if value not in ("", ()) and name != "active"}
    told = (f"{name} {safe(', '.join(value) if isinstance(value, tuple) else value)}" for name, value in shown.items())
    say(f"{kind}  {'  '.join(told)}{'' if entry['active'] else '  disabled'}")


def _list(state: State, kind: Kind, columns: Mapping[str, int]) -> None:
    from mailcase.life import entries

    settings = state.settings()
    with reading(settings) as store:
        rows = store.people_list(entries.Kind(kind), _final(settings)) if store else []
    if state.json:
        print_json(rows)
    else:
        print_table(rows, columns, f"there are no {kind}s yet")


def _import(state: State, kind: Kind, file: Path, by: str) -> None:
    from mailcase.clock import utcnow
    from mailcase.life import csv_people, entries

    settings = state.settings()
    rows = csv_people.read(entries.FORMS[entries.Kind(kind)], _content(file))
    with writing(settings) as store:
        done = store.people_import(entries.Kind(kind), rows, rules_of(settings), utcnow())
    if state.json:
        counts = {"new": done.new, "changed": done.changed, "same": done.same, "groups_made": done.groups_made}
        print_json({"file": str(file), **counts, "by": actor(by)})
        return
    say(f"{kind}s  {done.new} new, {done.changed} changed, {done.same} as they were")
    if done.groups_made:
        note(f"groups made because they are named: {safe(', '.join(done.groups_made))}")


def _content(file: Path) -> bytes:
    from mailcase.errors import Permanent

    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise Permanent(f"{file}: cannot be read: {error.strerror}") from None


def _export(state: State, kind: Kind, to: Path | None, separator: str) -> None:
    from mailcase.cli.files import write_private
    from mailcase.life import csv_people, entries

    if separator not in csv_people.SEPARATORS:
        raise typer.BadParameter(f"--separator is {' or '.join(csv_people.SEPARATORS)}, not {safe(separator)}")
    with reading(state.settings()) as store:
        found = store.people_entries(entries.Kind(kind)) if store else []
    text = csv_people.write(entries.FORMS[entries.Kind(kind)], found, separator)
    if to is None and state.json:
        print_json(found)
    elif to is None:
        sys.stdout.write(text.replace("\r\n", "\n"))
    else:
        write_private(to, text.encode("utf-8-sig"))  # with the mark by which spreadsheets know UTF-8
        counted = {"file": str(to), f"{kind}s": len(found)}
        print_json(counted) if state.json else say(f"{safe(to)}  {len(found)} {kind}s")
