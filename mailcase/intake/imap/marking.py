"""Tells the server what became of a mail, after the commit: keep, seen, move or delete (I7, I8)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from mailcase.errors import ConfigError
from mailcase.intake.imap.failures import OverQuota, Refused
from mailcase.intake.imap.ports import Alarm, MailSession, SelectedFolder
from mailcase.log import Event

DONE_KEYWORD = "$MailcaseDone"
SEEN = r"\Seen"
DELETED = r"\Deleted"


@dataclass(frozen=True, slots=True)
class After:
    """What shall happen on the server to a mail that is decided."""

    kind: Literal["keep", "seen", "move", "delete"]
    folder: str = ""


KEEP = After("keep")
_PLAIN = {"keep": KEEP, "seen": After("seen"), "delete": After("delete")}


def parse_after(text: str) -> After:
    """`keep`, `seen`, `delete` or `move:Folder`; ConfigError for anything else."""
    kind, _, folder = text.partition(":")
    if kind == "move" and folder:
        return After("move", folder)
    if text in _PLAIN:
        return _PLAIN[text]
    raise ConfigError(f'after = "{text}": use "keep", "seen", "move:Folder" or "delete"')


async def mark(session: MailSession, selected: SelectedFolder, after: After, uids: Sequence[int], alarm: Alarm) -> None:
    """Do it for these UIDs of the selected folder. Safe to repeat: what is gone is left out by the server.

    Raises Transient where the outcome is unknown (do it again), Refused where the server said no.
    """
    if after.kind == "seen":
        await session.add_flags(uids, SEEN)
    elif after.kind == "delete":
        await _remove(session, selected, uids)
    elif after.kind == "move":
        await _move(session, selected, after.folder, uids, alarm)


async def _move(session: MailSession, selected: SelectedFolder, folder: str, uids: Sequence[int], alarm: Alarm) -> None:
    try:
        if session.can_move:
            await _into(session, folder, uids, session.move)
        else:
            await _into(session, folder, uids, session.copy)
            await _remove(session, selected, uids)
    except OverQuota as error:
        alarm(Event.OVER_QUOTA, str(error))
        if selected.keywords:
            await session.add_flags(uids, DONE_KEYWORD)


async def _into(
    session: MailSession, folder: str, uids: Sequence[int], way: Callable[[Sequence[int], str], Awaitable[None]]
) -> None:
    """Move or copy; any refusal but a full folder may mean a missing one, which is made (not all say TRYCREATE)."""
    try:
        await way(uids, folder)
    except OverQuota:
        raise
    except Refused:
        refused = await session.ensure_folder(folder)
        try:
            await way(uids, folder)
        except Refused as error:
            raise type(error)(f"{error}; {refused}" if refused else str(error), error.code) from error


async def _remove(session: MailSession, selected: SelectedFolder, uids: Sequence[int]) -> None:
    r"""\Deleted and UID EXPUNGE; without UIDPLUS nothing is expunged, since EXPUNGE takes other people's mail too."""
    if session.can_expunge:
        await session.add_flags(uids, DELETED)
        await session.expunge(uids)
    else:
        await session.add_flags(uids, f"{DELETED} {DONE_KEYWORD}" if selected.keywords else DELETED)
