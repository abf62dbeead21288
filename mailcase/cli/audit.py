"""`mailcase audit`: the server's list of mails against the journal; every difference explained."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mailcase.cli import when
from mailcase.cli.output import print_json, safe, say
from mailcase.cli.state import must_be_mailbox, reading, state_of
from mailcase.errors import Permanent

if TYPE_CHECKING:
    from datetime import datetime

    from mailcase.config import Settings
    from mailcase.intake.audit import FolderAudit
    from mailcase.store.store import Store

_MOST_LINES: Final = 50  # differences that people are shown of a folder


def audit(
    context: typer.Context,
    mailbox: Annotated[str, typer.Argument(metavar="MAILBOX", help="Its name.")],
    since: Annotated[str, typer.Option(metavar="TIME", help=when.SINCE)] = "",
) -> None:
    """Compare what lies on the server with the journal; exit 1 if a mail is missing. Changes nothing."""
    state = state_of(context)
    start = when.since(since) if since else None
    settings = state.settings()
    must_be_mailbox(settings, mailbox)
    with reading(settings) as store:
        if store is None:
            raise Permanent("there is no store yet: nothing was ever read (`mailcase check` counts what would be)")
        source, found = asyncio.run(_audited(settings, mailbox, start, store))
    missing = sum(line.state == "missing" for one in found for line in one.lines)
    if state.json:
        print_json(
            {"mailbox": mailbox, "source": source, "missing": missing, "folders": [_entry(one) for one in found]}
        )
    else:
        _print(mailbox, source, found, missing)
    if missing:
        raise typer.Exit(1)


async def _audited(
    settings: "Settings", name: str, since: "datetime | None", store: "Store"
) -> "tuple[str, list[FolderAudit]]":
    """The source's id and each folder compared; raises what the source raises."""
    from mailcase.intake.imap.audit import audit_folder
    from mailcase.intake.imap.session import ImapSession
    from mailcase.intake.maildir.audit import audit_maildir
    from mailcase.policy_build import build

    built = build(settings)
    if name in built.maildir:
        maildir = built.maildir[name]
        return maildir.source, [audit_maildir(maildir, since, store)]
    if name not in built.imap:
        raise typer.BadParameter(f"{name} has no IMAP server and no Maildir: there is no copy to compare with")
    imap = built.imap[name]
    session = await ImapSession.open(imap)
    try:
        return imap.source, [await audit_folder(session, imap, folder, since, store) for folder in imap.watched]
    finally:
        await session.logout()


def _entry(one: "FolderAudit") -> dict[str, Any]:
    keys = ("state", "key", "uid", "received_at", "delivery", "outcome", "reason")
    return {
        "folder": one.folder,
        "uidvalidity": one.uidvalidity,
        "on_server": one.on_server,
        "note": one.note,
        "counts": one.counts,
        "differences": [{key: getattr(line, key) for key in keys} for line in one.differences],
    }


def _print(mailbox: str, source: str, found: "list[FolderAudit]", missing: int) -> None:
    from mailcase.intake.audit import STATES

    say(f"{mailbox}  {safe(source)}")
    for one in found:
        say(f"{safe(one.folder or 'Maildir')}: {one.on_server} on the server{f'; {one.note}' if one.note else ''}")
        for state, count in one.counts.items():
            say(f"  {state.replace('_', ' '):<13} {count:>7}  {STATES[state]}")
        _print_differences(one)
    say("nothing is missing" if not missing else f"{missing} missing: the daemon's next comparison fetches what it can")


def _print_differences(one: "FolderAudit") -> None:
    for line in one.differences[:_MOST_LINES]:
        name = f"UID {line.uid}" if line.uid is not None else line.key
        row = f"message {line.delivery}: {line.outcome or 'undecided'} {line.reason}" if line.delivery else ""
        at = f"{line.received_at:%Y-%m-%d %H:%M}"
        say(f"    {line.state.replace('_', ' '):<11}  {safe(name):<12}  {at}  {row}".rstrip())
    if (more := len(one.differences) - _MOST_LINES) > 0:
        say(f"    … {more} more: --json shows them all")
