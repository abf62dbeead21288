"""`mailcase audit`: the server's list of mails against the journal, and what the store holds doubled or stuck."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mailcase.cli import when
from mailcase.cli.output import print_json
from mailcase.cli.render_audit import print_checked, print_compared, print_sum
from mailcase.cli.state import must_be_mailbox, reading, state_of
from mailcase.errors import MailcaseError, Permanent

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from mailcase.config import Settings
    from mailcase.intake.audit import FolderAudit
    from mailcase.policy_build import Built
    from mailcase.soundness import Finding
    from mailcase.store.store import Store

_KEYS: Final = ("state", "key", "uid", "received_at", "delivery", "outcome", "reason")


@dataclass(frozen=True, slots=True)
class Compared:
    """One mailbox: its folders, or why it could not be compared."""

    mailbox: str
    source: str
    folders: "tuple[FolderAudit, ...]" = ()
    error: str = ""

    @property
    def missing(self) -> int:
        """Mails that lie on the server and are neither in the journal nor to come."""
        return sum(line.state == "missing" for one in self.folders for line in one.lines)

    @property
    def data(self) -> dict[str, Any]:
        """As JSON shows it."""
        named = {"mailbox": self.mailbox, "source": self.source}
        if self.error:
            return {**named, "error": self.error}
        return {**named, "missing": self.missing, "folders": [_entry(one) for one in self.folders]}


def audit(
    context: typer.Context,
    mailbox: Annotated[str, typer.Argument(metavar="MAILBOX", help="One alone; else all, and the store.")] = "",
    only_store: Annotated[bool, typer.Option("--store", help="The store alone, or with the mailbox.")] = False,
    since: Annotated[str, typer.Option(metavar="TIME", help=when.SINCE)] = "",
    stuck_after: Annotated[str, typer.Option(metavar="LENGTH", help="What waits for longer is stuck.")] = "10m",
) -> None:
    """Look for mail that is missing, doubled or stuck; exit 1 if any is. Changes nothing.

    What lies on the server is compared with the journal, and the store is looked at for itself.
    """
    state = state_of(context)
    start, patience = when.since(since) if since else None, _length(stuck_after)
    settings = state.settings()
    if mailbox:
        must_be_mailbox(settings, mailbox)
    with reading(settings) as store:
        if store is None:
            raise Permanent("there is no store yet: nothing was ever read (`mailcase check` counts what would be)")
        found = _checked(store, start, patience) if only_store or not mailbox else None
        compared = asyncio.run(_compared(settings, mailbox, start, store)) if mailbox or not only_store else []
    if state.json:
        print_json(compared[0].data if found is None else _whole(found, compared))
    else:
        _print(found, compared)
    if found or any(one.missing or one.error for one in compared):
        raise typer.Exit(1)


def _length(text: str) -> "timedelta":
    from mailcase.configuration.values import duration

    try:
        return duration(text)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(f"--stuck-after {text}: {error}") from None


def _checked(store: "Store", since: "datetime | None", stuck_after: "timedelta") -> "list[Finding]":
    from mailcase.clock import utcnow

    return store.findings(utcnow(), stuck_after, since)


async def _compared(settings: "Settings", name: str, since: "datetime | None", store: "Store") -> list[Compared]:
    """The named mailbox, or all that have a copy; of all, one that cannot be read does not hide the others.

    Raises:
        BadParameter: the named one has no copy to compare with.
        MailcaseError: the named one cannot be read.
    """
    from mailcase.policy_build import build

    built = build(settings)
    if name and name not in built.imap and name not in built.maildir:
        raise typer.BadParameter(f"{name} has no IMAP server and no Maildir: there is no copy to compare with")
    if name:
        return [await _one(built, name, since, store)]
    there = [box.name for box in settings.mailbox if box.name in built.imap or box.name in built.maildir]
    return [await _one_of_all(built, box, since, store) for box in there]


async def _one_of_all(built: "Built", name: str, since: "datetime | None", store: "Store") -> Compared:
    try:
        return await _one(built, name, since, store)
    except MailcaseError as error:
        source = built.imap[name].source if name in built.imap else built.maildir[name].source
        return Compared(name, source, error=str(error))


async def _one(built: "Built", name: str, since: "datetime | None", store: "Store") -> Compared:
    """Each folder compared; raises what the source raises."""
    from mailcase.intake.imap.audit import audit_folder
    from mailcase.intake.imap.session import ImapSession
    from mailcase.intake.maildir.audit import audit_maildir

    if name in built.maildir:
        maildir = built.maildir[name]
        return Compared(name, maildir.source, (audit_maildir(maildir, since, store),))
    imap = built.imap[name]
    session = await ImapSession.open(imap)
    try:
        folders = [await audit_folder(session, imap, folder, since, store) for folder in imap.watched]
    finally:
        await session.logout()
    return Compared(name, imap.source, tuple(folders))


def _entry(one: "FolderAudit") -> dict[str, Any]:
    return {
        "folder": one.folder,
        "uidvalidity": one.uidvalidity,
        "on_server": one.on_server,
        "note": one.note,
        "counts": one.counts,
        "differences": [{key: getattr(line, key) for key in _KEYS} for line in one.differences],
    }


def _whole(found: "list[Finding]", compared: list[Compared]) -> dict[str, Any]:
    from mailcase.soundness import BY_WORD, counts

    keys = ("mailbox", "at", "messages", "cases", "outbox", "detail")
    findings = [
        {"word": one.word, "kind": BY_WORD[one.word].kind, **{key: getattr(one, key) for key in keys}} for one in found
    ]
    return {"store": {**counts(found), "findings": findings}, "mailboxes": [one.data for one in compared]}


def _print(found: "list[Finding] | None", compared: list[Compared]) -> None:
    if found is not None:
        print_checked(found)
    for one in compared:
        print_compared(one.mailbox, one.source, one.folders, one.error)
    missing = sum(one.missing for one in compared) if compared else None
    print_sum(found, missing, sum(bool(one.error) for one in compared))
