"""`mailcase contact`: customers' people, and what the store holds of a person, given out or erased."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailcase.cli import contact_edit
from mailcase.cli.files import write_private
from mailcase.cli.output import counted, note, plain, print_json, safe, say
from mailcase.cli.state import As, actor, an_address, reading, state_of, writing
from mailcase.errors import Permanent

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.store.erase_door import Known
    from mailcase.store.store import Store

app = typer.Typer(no_args_is_help=True, help="Customers' people; what is stored of a person, given out or erased.")
Of = Annotated[str, typer.Argument(metavar="ADDRESS", help="A mail address; the contact's other addresses count too.")]
contact_edit.register(app)


@app.command()
def export(
    context: typer.Context,
    address: Of,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; else to standard output.")] = None,
    raw: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also mails as they came, and files of cases.")
    ] = None,
) -> None:
    """Everything that is stored of a person, as JSON; files are for their owner alone and replace none."""
    state = state_of(context)
    with reading(state.settings()) as store:
        if store is None:
            raise Permanent(f"the store knows nothing of {safe(address)}: there is no store yet")
        data = store.export_contact(_key(address))
        if raw is not None:
            _write_raws(store, data["messages"], raw)
            _write_files(store, data["files"], raw)
    if to is None:
        print_json(data)
        return
    write_private(to, json.dumps(data, ensure_ascii=False, indent=1, default=plain).encode() + b"\n")
    if state.json:
        print_json({"file": str(to), "cases": len(data["cases"]), "messages": len(data["messages"])})
    else:
        say(f"{safe(to)}  {counted(len(data['cases']), 'case')}, {counted(len(data['messages']), 'mail')}")


@app.command()
def forget(
    context: typer.Context,
    address: Of,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it only say what would be erased.")] = False,
    vacuum: Annotated[bool, typer.Option("--vacuum", help="Also write the database's files anew: takes time.")] = False,
    as_: As = "",
) -> None:
    """Erase a person from the store for good; a mail that is delivered again does not bring him back."""
    from mailcase.clock import utcnow

    state = state_of(context)
    settings = state.settings()
    key = _customer(settings, address)
    with writing(settings) as store:
        known = store.forget(key, _token_key(settings), utcnow(), actor(as_)) if yes else store.known_of(key)
        clean = store.compact(vacuum=vacuum) if yes else True
    if state.json:
        print_json({**asdict(known), "erased": yes, "compacted": yes and clean})
    else:
        _tell(known, done=yes)
    if not clean:
        note("the database was being read: run the command's --vacuum later, so that no page of its log is left")
    if not yes:
        note("nothing was erased yet: --yes does it; it cannot be undone")


def _key(address: str) -> str:
    from mailcase.intake.addresses import key_of

    if not address:
        raise typer.BadParameter("whose? an address such as jane@example.com")
    return key_of(an_address(address))


def _customer(settings: "Settings", address: str) -> str:
    from mailcase.intake.among import is_among

    key = _key(address)
    if is_among(key, {_key(one) for box in settings.mailbox for one in (box.address, *box.aliases)}):
        raise typer.BadParameter(f"{key} is an address of ours, not a customer's")
    return key


def _token_key(settings: "Settings") -> bytes:
    from mailcase.policy_build import token_keys

    return token_keys(settings).keys[0]


def _tell(known: "Known", *, done: bool) -> None:
    verb = "erased" if done else "would be erased"
    say(f"{verb}  {', '.join(safe(one) for one in known.addresses)}")
    came = counted(known.deliveries, "delivery", "deliveries")
    say(f"  {counted(known.messages, 'mail')} with texts, attachments and raw bytes, in {came}")
    say(f"  {counted(known.sent, 'mail')} of ours to this person, {counted(known.outbox, 'row')} of the outbox")
    say(f"  title, description and contact of {counted(known.cases, 'case')}; the numbers stay")
    for count, told in (
        (known.quarantined, f"{counted(known.quarantined, 'mail')} in quarantine or dropped from it"),
        (
            known.suppressed,
            "1 suppression of the address: automatic mail may go there if this person writes anew",
        ),
    ):
        if count:
            say(f"  {told}")
    if known.quoting:
        others = counted(known.quoting, "mail of another person names", "mails of other people name")
        note(f"{others} the address on these cases: what is theirs stays")
    if known.undecided:
        waiting = counted(known.undecided, "mail of this person is", "mails of this person are")
        note(f"{waiting} not decided yet: run it again afterwards")


def _write_raws(store: "Store", messages: list[dict[str, Any]], folder: Path) -> None:
    """A file each of the mails whose bytes are there; those that are gone are named."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Permanent(f"{folder}: cannot be made: {error.strerror}") from None
    for one in messages:
        if one["raw_sha256"] is None:
            continue
        try:
            content = store.raw(one["raw_sha256"])
        except Permanent as error:
            note(f"mail {one['delivery_id']}: {error}")
        else:
            write_private(folder / f"{one['delivery_id']}.eml", content)


def _write_files(store: "Store", files: list[dict[str, Any]], folder: Path) -> None:
    """The files that agents put on the person's cases, each under its number and name."""
    for one in files:
        try:
            content = store.raw(one["sha256"])
        except Permanent as error:
            note(f"file {one['id']}: {error}")
        else:
            write_private(folder / f"file-{one['id']}-{one['name']}", content)
