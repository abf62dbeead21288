"""What the IMAP source asks of a session with a server and of the store's thread."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from mailcase.log import Event
from mailcase.ports import Journalled, LeftPart

T = TypeVar("T")

Submit = Callable[[Sequence[Journalled], Sequence[bytes]], Coroutine[Any, Any, object]]
"""Hand journalled mails and their raw bytes to the pipeline: from then on they are its; ends when they are settled."""

Alarm = Callable[[Event, str], None]
"""(event, text for a person): something that somebody must look at."""


class Withheld(Protocol):
    """Is told of what a server lists and does not give."""

    def __call__(self, folder: str, uids: Collection[int], *, compared: bool) -> None:
        """Of a look at that folder; `compared`: all that it should give was asked for."""
        ...


class InStore(Protocol):
    """Runs a synchronous function of the store in its writer thread."""

    def __call__(self, work: Callable[..., T], /, *args: Any) -> Awaitable[T]:
        """Await the result; its errors are raised here."""
        ...


@dataclass(frozen=True, slots=True)
class SelectedFolder:
    """What the server said at SELECT or EXAMINE."""

    name: str
    uidvalidity: int
    uidnext: int | None  # a lower bound, and missing on some servers (I2)
    read_only: bool
    keywords: bool  # PERMANENTFLAGS has \\*


@dataclass(frozen=True, slots=True)
class MailFact:
    """One mail on the server before its body is fetched; all but the UID are hints, None where unreadable (I5)."""

    uid: int
    size: int | None
    received_at: datetime | None  # INTERNALDATE, aware UTC


class MailSession(Protocol):
    """One logged-in connection with one folder selected at a time; UIDs only (I6).

    Every coroutine raises Transient (connection lost, server busy: open a new session) or Permanent
    (failures.Refused: the server said no to this command).
    """

    @property
    def can_move(self) -> bool:
        """MOVE (RFC 6851)."""
        ...

    @property
    def can_expunge(self) -> bool:
        """UID EXPUNGE (RFC 4315)."""
        ...

    @property
    def can_idle(self) -> bool:
        """IDLE (RFC 2177)."""
        ...

    async def select(self, folder: str, *, read_only: bool) -> SelectedFolder:
        """SELECT, or EXAMINE where nothing may change; FolderMissing where it is not there."""
        ...

    async def search_all(self) -> list[int]:
        """Every UID of the folder, ascending."""
        ...

    async def search_above(self, uid: int) -> list[int]:
        """Every UID above this one, ascending; the echo of `n:*` is filtered (I2)."""
        ...

    async def search_since(self, day: date) -> list[int]:
        """UIDs whose INTERNALDATE is of that day or later as the server counts days."""
        ...

    async def still_there(self, uids: Sequence[int]) -> frozenset[int]:
        """Those of the UIDs that the folder still holds."""
        ...

    async def facts(self, uids: Sequence[int]) -> list[MailFact]:
        """Size and INTERNALDATE of those that the server answered for, ascending."""
        ...

    async def dates(self, uids: Sequence[int]) -> list[datetime]:
        """INTERNALDATE of those that have one that can be read, in the order of their UIDs; sizes would cost more."""
        ...

    async def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The whole raw mails that are still there; \\Seen stays as it is (I4)."""
        ...

    async def exceeds(self, uid: int, size: int) -> bool:
        """Whether the mail has more octets than that; False where it is gone."""
        ...

    async def beginning(self, uid: int) -> bytes | None:
        """Header (at most 1 MiB) and the first 256 KiB of the text (I10); None where it is gone."""
        ...

    async def structure(self, uid: int) -> tuple[LeftPart, ...]:
        """The attachments that the server names; () where it does not."""
        ...

    async def add_flags(self, uids: Sequence[int], flags: str) -> None:
        """UID STORE +FLAGS.SILENT, for example "\\\\Seen"."""
        ...

    async def move(self, uids: Sequence[int], folder: str) -> None:
        """UID MOVE; FolderMissing or OverQuota where the server says so."""
        ...

    async def copy(self, uids: Sequence[int], folder: str) -> None:
        """UID COPY; FolderMissing or OverQuota where the server says so."""
        ...

    async def expunge(self, uids: Sequence[int]) -> None:
        """UID EXPUNGE of exactly these."""
        ...

    async def quota(self, folder: str) -> float | None:
        """The share of its room that the folder's mailbox uses (RFC 9208); None where the server limits nothing.

        None as well where it does not offer QUOTA; raises Refused and ServerBusy where it will not say.
        """
        ...

    async def ensure_folder(self, folder: str) -> str:
        """CREATE and SUBSCRIBE; no error where it is there already. What the server said against it, "" if nothing."""
        ...

    async def idle(self, seconds: float, *wakers: asyncio.Event) -> bool:
        """Wait for a new mail, one of the events or the time; True if a new mail was announced."""
        ...

    async def logout(self) -> None:
        """Say goodbye and close; never raises."""
        ...

    def close(self) -> None:
        """Drop the connection at once; harmless when repeated."""
        ...
