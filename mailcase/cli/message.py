"""`mailcase message`: deliveries with what became of them, and why."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailcase.cli import when
from mailcase.cli.output import note, print_json, print_table, safe, say
from mailcase.cli.relink import relink
from mailcase.cli.state import As, State, actor, may_write, reading, state_of
from mailcase.errors import Permanent

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.store.store import Store

app = typer.Typer(no_args_is_help=True, help="Deliveries, with what became of them and why.")
_COLUMNS = {
    "id": 6, "received_at": 16, "mailbox": 16, "from": 36, "subject": 44, "kind": 12, "outcome": 11, "reason": 24,
    "linked_by": 9, "case": 16,
}  # fmt: skip
Id = Annotated[int, typer.Argument(metavar="ID", help="As in the list.")]


@app.command("list")
def list_(
    context: typer.Context,
    since: Annotated[str, typer.Option(metavar="TIME", help=when.SINCE)] = "",
    outcome: Annotated[str | None, typer.Option(help="Such as created, linked, ignored.")] = None,
    mailbox: Annotated[str | None, typer.Option(help="The mailbox's name.")] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only so many, the newest.")] = None,
) -> None:
    """All deliveries in journal order, with outcome and reason."""
    state = state_of(context)
    start = when.since(since) if since else None
    _must_be_outcome(outcome)
    settings = state.settings()
    with reading(settings) as store:
        _must_be_known(settings, store, mailbox)
        rows = store.message_list(since=start, outcome=outcome, mailbox=mailbox, last=last) if store else []
    if state.json:
        print_json(rows)
    else:
        print_table(rows, _COLUMNS, "there is no mail")


def _must_be_outcome(outcome: str | None) -> None:
    from mailcase.verdict import Outcome

    known = [str(one) for one in Outcome]
    if outcome is not None and outcome not in known:
        raise typer.BadParameter(f"there is no outcome {outcome}; there are {', '.join(known)}")


def _must_be_known(settings: "Settings", store: "Store | None", mailbox: str | None) -> None:
    """Wrong usage where no mailbox has this name; one that was taken out of the configuration has its mail still."""
    known = {box.name for box in settings.mailbox}
    if mailbox is None or mailbox in known or (store and store.message_list(mailbox=mailbox, last=1)):
        return
    known |= {one["mailbox"] for one in store.message_list()} if store else set()
    raise typer.BadParameter(f"no mailbox is named {mailbox}; known are {', '.join(sorted(known))}")


@app.command()
def show(
    context: typer.Context,
    number: Id,
    raw: Annotated[bool, typer.Option("--raw", help="The mail as it came, byte for byte.")] = False,
) -> None:
    """One delivery: text, parts, and every test with its evidence."""
    from zoneinfo import ZoneInfo

    from mailcase.cli.render_message import print_message
    from mailcase.clock import utcnow

    state = state_of(context)
    if raw and state.json:
        raise typer.BadParameter("--raw is the mail byte for byte: it cannot be had as --json")
    settings = state.settings()
    if raw:
        sys.stdout.buffer.write(_raw(settings, number))
        return
    mail = _shown(settings, number)
    if state.json:
        print_json(mail)
    else:
        print_message(mail, ZoneInfo(settings.cases.timezone), utcnow())


def _shown(settings: "Settings", number: int) -> dict[str, Any]:
    from mailcase.intake.offered import offered
    from mailcase.policy_build import attachment_policy

    with reading(settings) as store:
        if store is None:
            raise Permanent(f"there is no message {number}: there is no store yet")
        mail = store.message_show(number)
    mail["attachments"] = offered(mail["attachments"], attachment_policy(settings))
    return mail


def _raw(settings: "Settings", number: int) -> bytes:
    with reading(settings) as store:
        if store is None:
            raise Permanent(f"there is no message {number}: there is no store yet")
        return store.raw(store.delivery(number).sha256)


@app.command()
def save(
    context: typer.Context,
    number: Id,
    part: Annotated[str, typer.Option(metavar="N", help="The part, as `message show` names it.")],
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; else its own name, here.")] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Also a part that is not offered.")] = False,
) -> None:
    """Write one attachment to a file; never over another."""
    from mailcase.intake.extract import extract

    state = state_of(context)
    settings = state.settings()
    mail = _shown(settings, number)
    found = next((one for one in mail["attachments"] if one["part"] == part), None)
    if found is None:
        raise Permanent(f"message {number} has no attachment {part}; `message show {number}` lists them")
    if not found["taken"]:
        raise Permanent(f"{safe(found['name'])} was not taken: {_left(number, mail)}")
    if not (found["allowed"] or anyway):
        raise Permanent(f"{safe(found['name'])} is not offered ({found['reason']}); --anyway writes it all the same")
    file = to or Path(found["name"])
    data = extract(_raw(settings, number), part)
    try:
        with file.open("xb") as out:
            size = sum(map(out.write, data))
    except FileExistsError:
        raise Permanent(f"{file} is there already; --to names another file") from None
    except OSError as error:
        raise Permanent(f"{file}: cannot be written: {error.strerror}") from None
    if state.json:
        print_json({"file": str(file), "size": size})
    else:
        say(f"{safe(file)}  {size} bytes")


def _left(number: int, mail: dict[str, Any]) -> str:
    """Why a part cannot be written, and where it is."""
    place = f"mailbox {mail['mailbox']}, folder {mail['folder']}, UID {mail['uid']}"
    return f"message {number} is larger than [intake] max_size, and its rest lies on the server ({safe(place)})"


@app.command()
def accept(
    context: typer.Context,
    number: Id,
    case: Annotated[str, typer.Option(metavar="N", help="The case that it shall go to.")] = "",
    allow_sender: Annotated[bool, typer.Option("--allow-sender", help="Allow the sender from now on.")] = False,
    as_: As = "",
) -> None:
    """Decide an ignored or junk mail again as if it were allowed; 1 if it is ignored all the same."""
    state = state_of(context)
    settings = state.settings()
    may_write(settings)
    state.start_log()
    mail = _shown(settings, number)
    asyncio.run(_decide_again(settings, number, case, actor(as_)))
    if allow_sender:
        _allow(settings, mail, actor(as_))
    accepted = _shown(settings, number)
    _tell(state, accepted)
    if accepted["outcome"] == "ignored":
        raise typer.Exit(1)


def _tell(state: State, mail: dict[str, Any]) -> None:
    from mailcase.cli.render_trace import headline

    if state.json:
        print_json(mail)
    else:
        say(f"mail {mail['id']}  {headline(mail)}")


async def _decide_again(settings: "Settings", number: int, case: str, who: str) -> None:
    from mailcase import acts
    from mailcase.cases.numbers import find_numbers
    from mailcase.cli.case import resolve
    from mailcase.house import open_house
    from mailcase.message import Wish

    async with open_house(settings) as house:
        running = find_numbers(house.policy.cases.masks, resolve(settings, house.store, case)) if case else ()
        await acts.accept(house, number, Wish(accept=True, case=running[0] if running else None, actor=who))


def _allow(settings: "Settings", mail: dict[str, Any], who: str) -> None:
    from email.utils import parseaddr

    from mailcase import blacklist_edit

    sender = parseaddr(mail["from"] or "")[1]
    if "@" not in sender:
        raise Permanent(f"message {mail['id']} has no sender who could be allowed")
    try:
        line = blacklist_edit.add(settings.blacklist_file, f"!{sender}", note=f"message {mail['id']} accepted by {who}")
    except Permanent as error:
        note(str(error))
    else:
        note(f"{settings.blacklist_file}:{line.number}: {safe(line.entry)}")


app.command()(relink)
