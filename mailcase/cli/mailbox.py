"""`mailcase mailbox`: the state of each, a round trip, and to stop and go on."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mailcase.cli.output import print_json, print_table, safe, say
from mailcase.cli.state import As, actor, must_be_mailbox, reading, state_of, writing

if TYPE_CHECKING:
    from datetime import datetime

    from mailcase.config import Settings
    from mailcase.configuration.mailbox import MailboxSection
    from mailcase.health.situation import Told
    from mailcase.store.store import Store

app = typer.Typer(no_args_is_help=True, help="State of each mailbox, a round trip, stop and go on.")
_COLUMNS: Final = {
    "name": 20, "address": 40, "source": 48, "state": 10, "daemon": 40, "last_look": 16, "last_mail": 16, "error": 80,
}  # fmt: skip
_TIMEOUT: Final = 120.0  # seconds that a probe has
Name = Annotated[str, typer.Argument(metavar="NAME", help="As in the configuration.")]


@app.command("list")
def list_(context: typer.Context) -> None:
    """All mailboxes: reading, error, paused, stopped where no daemon works them, no_source where mail is handed in."""
    state = state_of(context)
    settings = state.settings()
    with reading(settings) as store:
        rows = _rows(settings, store)
    if state.json:
        print_json(rows)
    else:
        print_table(rows, _COLUMNS, "no mailbox is configured")


def _rows(settings: "Settings", store: "Store | None") -> list[dict[str, Any]]:
    from mailcase.clock import utcnow
    from mailcase.roster import PAUSED
    from mailcase.source_ids import source_ids

    now = utcnow()
    told = store.health_told(now) if store else None
    flags = store.flags(PAUSED) if store else {}
    sources = source_ids(settings)
    handed_in = "lmtp" if settings.lmtp.listen else "ingest"
    return [
        {**_row(box, told, flags.get(PAUSED + box.name), now, sources.get(box.name, "")), "source": source}
        for box in settings.mailbox
        for source in [sources.get(box.name) or _told_source(told, box.name) or handed_in]
    ]


def _told_source(told: "Told | None", name: str) -> str:
    """As the daemon told it, and `status` says it: the files may have been edited since."""
    return next((one.source for one in told.mailboxes if one.mailbox == name), "") if told else ""


def _row(box: "MailboxSection", told: "Told | None", paused: str | None, now: "datetime", reads: str) -> dict[str, Any]:
    living = {one.owner: f"{one.host} (pid {one.pid})" for one in told.daemons if one.alive(now)} if told else {}
    row = next((one for one in told.mailboxes if one.mailbox == box.name), None) if told else None
    works = row is not None and row.owner in living
    fares = row.state if row else None
    state = "reading" if works else "stopped"
    if works and fares and fares.error:
        state = "error"
    if not reads:
        state = "no_source"  # as `status` calls it
    return {
        "name": box.name, "address": box.address, "aliases": list(box.aliases), "group": box.group,
        "source": "", "state": "paused" if paused is not None else state,
        "daemon": living.get(row.owner, "") if row else "",
        "paused": _who(paused), "error": fares.error if fares and works else "",
        "failing_since": fares.failing_since if fares and works else None,
        "failed_at": fares.failed_at if fares and works else None,
        "last_look": fares.last_look if fares else None, "last_mail": fares.last_mail if fares else None,
    }  # fmt: skip


def _who(paused: str | None) -> dict[str, str] | None:
    """{"by", "at"} of a pause; a flag that was set in another way has nobody."""
    if paused is None:
        return None
    try:
        found = json.loads(paused)
    except ValueError:
        return {"by": "", "at": ""}
    return {key: str(found.get(key, "")) for key in ("by", "at")} if isinstance(found, dict) else {"by": "", "at": ""}


def _moment(text: str) -> "datetime | None":
    """When it was paused; None where the flag does not say it."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


@app.command()
def pause(context: typer.Context, name: Name, as_: As = "") -> None:
    """Leave its server alone within seconds; what was journalled is still decided, LMTP puts its mail off."""
    _set_pause(context, name, as_, wanted=True)


@app.command()
def resume(context: typer.Context, name: Name, as_: As = "") -> None:
    """Read it again; nothing that came meanwhile is missed."""
    _set_pause(context, name, as_, wanted=False)


def _set_pause(context: typer.Context, name: str, given: str, *, wanted: bool) -> None:
    """The flag that the roster obeys; setting what is set already changes nothing."""
    from zoneinfo import ZoneInfo

    from mailcase.cli.output import plain
    from mailcase.cli.when import moment
    from mailcase.clock import utcnow
    from mailcase.roster import PAUSED

    state = state_of(context)
    settings = state.settings()
    must_be_mailbox(settings, name)
    with writing(settings) as store:
        changed = wanted != (store.get_flag(PAUSED + name) is not None)
        if changed:
            value = json.dumps({"by": actor(given), "at": plain(utcnow())})
            store.set_flag(PAUSED + name, value if wanted else None)
        who = _who(store.get_flag(PAUSED + name))
    if state.json:
        print_json({"name": name, "paused": who, "changed": changed})
        return
    if who:
        said = "is paused, by" if changed else "was paused already, by"
        at = moment(_moment(who["at"]), ZoneInfo(settings.cases.timezone), utcnow())
        say(f"{name} {said} {safe(who['by'] or '–')}, {at}")
    else:
        say(f"{name} is read again" if changed else f"{name} was not paused")


@app.command("test")
def probe(
    context: typer.Context,
    name: Name,
    seconds: Annotated[float, typer.Option("--timeout", min=1, metavar="SECONDS", help="What it may take.")] = _TIMEOUT,
) -> None:
    """A round trip: send a probe through its SMTP server to its own address, and wait for it at its source."""
    from mailcase.cli.round_trip import round_trip

    state = state_of(context)
    settings = state.settings()
    must_be_mailbox(settings, name)
    with reading(settings) as store:
        trip = asyncio.run(round_trip(settings, name, seconds, store))
    if state.json:
        print_json(trip.entry())
    else:
        for step in trip.steps:
            say(f"{'ok' if step.ok else 'FAIL':<5} {step.name:<8} {step.seconds:6.1f} s  {safe(step.detail)}")
            if step.cure:
                say(f"      → {safe(step.cure)}")
    if not trip.ok:
        raise typer.Exit(1)
