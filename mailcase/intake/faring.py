"""How a mailbox fares, written down while its source works: looks, mails, troubles, alarms."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from mailcase.errors import MailcaseError, TokenRefused, Transient, Unavailable
from mailcase.intake.imap.failures import FolderMissing, LoginRefused, Refused
from mailcase.intake.imap.ports import Alarm, InStore
from mailcase.intake.state import MailboxState, Trouble, Withheld
from mailcase.log import Event, emit
from mailcase.patience import patiently
from mailcase.ports import Arrival, Journal, Journalled

T = TypeVar("T")
Room = Callable[[], None]
"""Raises Unavailable where too little disk is left to take mail."""

STORE_WAIT_S: Final = 30.0  # so long a busy store costs no new login; then others get the connection
ALARM_AGAIN_S: Final = 3600.0
NAMED: Final = 20  # UIDs of a folder that the server does not give


class NoRoom(Unavailable):
    """Too little disk is left to take mail."""


_TROUBLES: Final[tuple[tuple[type[MailcaseError], Trouble], ...]] = (
    (LoginRefused, "login_refused"),
    (TokenRefused, "token_ended"),
    (FolderMissing, "folder_missing"),
    (Refused, "folder_refused"),
    (NoRoom, "disk_low"),
    (Unavailable, "store_busy"),
)


def trouble_of(error: BaseException) -> Trouble:
    """The stable word for what keeps a mailbox from being read."""
    return next((word for kind, word in _TROUBLES if isinstance(error, kind)), "mailbox_unreachable")


def no_limit() -> None:
    """There is always room."""


class Faring:
    """Stands between a source and the store, and keeps the mailbox's state."""

    def __init__(
        self,
        journal: Journal,
        in_store: InStore,
        *,
        stop: asyncio.Event,
        now: Callable[[], datetime],
        alarm: Alarm | None,
        room: Room,
    ) -> None:
        self.state = MailboxState()
        self._journal = journal
        self._in_store = in_store
        self._stop = stop
        self._now = now
        self._tell = alarm or _log_alarm
        self._room = room
        self._withheld: dict[str, frozenset[int]] = {}  # UIDs by folder
        self._told: dict[tuple[Event, str], float] = {}

    async def in_store(self, work: Callable[..., T], /, *args: Any) -> T:
        """Run a function of the store, waiting for one that is busy (every one of them may be repeated).

        Raises Transient after `STORE_WAIT_S` seconds or once the source is to stop, other errors at once.
        """
        found: T = await patiently(self._ask, work, *args, at_most=STORE_WAIT_S, stop=self._stop)
        if work == self._journal.journal:
            self._journalled(args[0], cast("Sequence[Journalled]", found))
        return found

    async def _ask(self, work: Callable[..., T], *args: Any) -> T:
        try:
            return await self._in_store(work, *args)
        except Transient as error:
            self.failed(error)
            raise

    def room(self) -> None:
        """Raise NoRoom where too little disk is left."""
        try:
            self._room()
        except Unavailable as error:
            raise NoRoom(str(error)) from error

    def connected(self, yes: bool) -> None:
        """The server was reached, or is gone."""
        self.state = replace(self.state, connected=yes)

    def filled(self, share: float | None) -> None:
        """So much of its room on the server is used; None where the server tells none."""
        self.state = replace(self.state, quota=share)

    def withheld(self, folder: str, uids: Collection[int], *, compared: bool) -> None:
        """The server did not give these in a look at that folder; `compared`: all that it should give was asked for."""
        before = frozenset[int]() if compared else self._withheld.get(folder, frozenset())
        self._withheld[folder] = before | frozenset(uids)
        mails = sum(map(len, self._withheld.values()))
        since = self.state.withheld.since if self.state.withheld else self._now()
        found = Withheld(mails, _named(self._withheld), since) if mails else None
        self.state = replace(self.state, withheld=found)

    def looked(self) -> None:
        """Everything was read to its end: whatever troubled it is over."""
        well: dict[str, Any] = {
            "connected": True, "trouble": "", "error": "", "failing_since": None, "failed_at": None,
        }  # fmt: skip
        self.state = replace(self.state, last_look=self._now(), **well)

    def failed(self, error: BaseException) -> None:
        """Something keeps it from being read."""
        now, said = self._now(), str(error) or type(error).__name__
        since = self.state.failing_since or now
        self.state = replace(self.state, trouble=trouble_of(error), error=said, failing_since=since, failed_at=now)

    def alarm(self, event: Event, text: str) -> None:
        """Pass an alarm on, the same one once an hour."""
        now = asyncio.get_running_loop().time()
        self._told = {key: at for key, at in self._told.items() if now - at < ALARM_AGAIN_S}
        if (event, text) not in self._told:
            self._told[event, text] = now
            self._tell(event, text)

    def _journalled(self, arrivals: Sequence[Arrival], rows: Sequence[Journalled]) -> None:
        """Remember when mail came and how long it took; not what lay there before, nor what agents sent."""
        pairs = zip(arrivals, rows, strict=True)
        came = [one.received_at for one, row in pairs if row.new and not (one.backlog or one.sent)]
        if came:
            now = self._now()
            self.state = replace(self.state, last_mail=now, lag_s=max(0.0, (now - max(came)).total_seconds()))


def _named(withheld: Mapping[str, Collection[int]]) -> str:
    """`INBOX UID 5, 7; Sent UID 2`; of each folder the first ones."""
    told = []
    for folder, uids in withheld.items():
        if uids:
            more = f" and {len(uids) - NAMED} more" if len(uids) > NAMED else ""
            told.append(f"{folder} UID {', '.join(map(str, sorted(uids)[:NAMED]))}{more}")
    return "; ".join(told)


def _log_alarm(event: Event, text: str) -> None:
    emit(event, error=text)
