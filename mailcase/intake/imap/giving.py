"""What a server gives of the mails that it lists; what it keeps back is told, and asked for again."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from mailcase.intake.imap import plan
from mailcase.intake.imap.batches import Batch
from mailcase.intake.imap.failures import FolderMissing, Refused
from mailcase.intake.imap.ports import Alarm, MailFact, MailSession
from mailcase.log import Event, emit
from mailcase.ports import Remainder

T = TypeVar("T")
_FEW: Final = 20  # mails of a look whose facts a server may refuse; more of them are a folder that it refuses
_NAMED: Final = 50  # mails of one look that have a line each in the log


class Giving:
    """Fetches whole mails and beginnings for the looks at folders of one session.

    `withheld` are the UIDs of the present look that lie in the folder and that the server did not give: whoever looks
    leaves them out of the journal, so that the next comparison asks for them again (I3).
    """

    def __init__(self, session: MailSession, alarm: Alarm) -> None:
        self._session = session
        self._alarm = alarm
        self._folder = ""
        self._unanswered = 0  # mails of this look whose facts the server refused
        self.withheld: set[int] = set()

    def begin(self, folder: str) -> None:
        """Another look begins."""
        self._folder = folder
        self.withheld.clear()
        self._unanswered = 0

    async def dates(self, uids: Sequence[int]) -> list[datetime]:
        """INTERNALDATEs, without those of mails for which the server refuses one."""
        return await self._halved(self._session.dates, uids)

    async def facts(self, uids: Sequence[int]) -> list[MailFact]:
        """Sizes and dates, likewise; Refused where that are more than a few mails."""
        return await self._halved(self._session.facts, uids)

    async def listed(self, uids: Sequence[int]) -> list[MailFact]:
        """A fact for each of the UIDs that is still there; where nothing readable is said of one, the UID alone."""
        facts = await self.facts(uids)
        silent = set(uids) - {one.uid for one in facts}
        still = await self._still_there(sorted(silent)) if silent else frozenset[int]()
        return plan.answered([uid for uid in uids if uid not in silent or uid in still], facts)

    async def _halved(self, ask: Callable[[Sequence[int]], Awaitable[list[T]]], uids: Sequence[int]) -> list[T]:
        """What a server answers for the others, where it refuses the command because of one of them."""
        try:
            return await ask(uids)
        except FolderMissing:
            raise
        except Refused:
            if len(uids) == 1:
                self._unanswered += 1
                if self._unanswered > _FEW:
                    raise
                return []
        half = len(uids) // 2
        return [*await self._halved(ask, uids[:half]), *await self._halved(ask, uids[half:])]

    async def sized(self, batch: Batch, max_size: int) -> Batch:
        """The same; an oversize one where its mail, whose size nobody knew, has more octets than `max_size` (I10)."""
        mail = batch.mails[0]
        if mail.size is not None:
            return batch
        try:
            return replace(batch, oversize=await self._session.exceeds(mail.uid, max_size))
        except Refused:  # then it is asked for whole
            return batch

    async def fetch(self, batch: Batch) -> dict[int, bytes]:
        """The raw mails that are still there (F16); one that is not given does not hold up the others.

        An empty mail is none where its size says, or may say, that it has octets.
        """
        if batch.oversize:
            found = await self._beginning(batch.mails[0])
        else:
            found = await self._whole(batch.uids)
        sizes = {mail.uid: mail.size for mail in batch.mails}
        raws = {uid: raw for uid, raw in found.items() if raw or sizes[uid] == 0}
        await self.look_for(set(batch.uids) - raws.keys())
        return raws

    async def look_for(self, uids: Collection[int]) -> None:
        """The server said nothing of these: either they are gone, or it keeps them back."""
        silent = sorted(set(uids) - self.withheld)
        if not silent:
            return
        for uid in sorted(await self._still_there(silent)):
            self._withhold(uid, f"folder {self._folder}: the server lists the mail and gives nothing of it")

    async def _still_there(self, silent: Sequence[int]) -> frozenset[int]:
        still = await self._session.still_there(silent)
        if gone := [uid for uid in silent if uid not in still]:
            emit(Event.MAIL_GONE, folder=self._folder, uids=gone)
        return still

    async def remainder(self, mail: MailFact) -> Remainder:
        """What is left on the server of a mail whose beginning was taken; its names are worth asking for, no more."""
        try:
            return Remainder(mail.size, await self._session.structure(mail.uid))
        except Refused:
            return Remainder(mail.size)

    async def _beginning(self, mail: MailFact) -> dict[int, bytes]:
        emit(Event.OVERSIZE, folder=self._folder, uid=mail.uid, size=mail.size)
        try:
            raw = await self._session.beginning(mail.uid)
        except Refused as error:
            self._withhold(mail.uid, str(error))
            return {}
        return {} if raw is None else {mail.uid: raw}

    async def _whole(self, uids: Sequence[int]) -> dict[int, bytes]:
        try:
            return await self._session.bodies(uids)
        except Refused as error:
            if len(uids) == 1:
                self._withhold(uids[0], str(error))
                return {}
        found: dict[int, bytes] = {}
        for uid in uids:
            found |= await self._whole([uid])
        return found

    def _withhold(self, uid: int, why: str) -> None:
        self.withheld.add(uid)
        if len(self.withheld) <= _NAMED:
            self._alarm(Event.MAIL_REFUSED, f"UID {uid}: {why}")
        elif len(self.withheld) == _NAMED + 1:
            self._alarm(Event.MAIL_REFUSED, f"folder {self._folder}: more than {_NAMED} mails in one look")
