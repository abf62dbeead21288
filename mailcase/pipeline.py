"""The seam: journalled mail in, decided and applied mail out (steps 5 to 8 of architecture.md)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from mailcase.errors import Fenced
from mailcase.health.stages import count, timed
from mailcase.intake.reader import Reader, ReadFailure, Waiting
from mailcase.log import Event, emit
from mailcase.message import Email
from mailcase.patience import patiently
from mailcase.ports import ROW_HELD, Journalled, Judge, Reading, Settled
from mailcase.settling import Batcher
from mailcase.sharing import WATCHED
from mailcase.store.store import Store

Call = Callable[..., Awaitable[Any]]  # runs a store function in the writer thread

Turn = asyncio.Future[None]

SLICE: Final = 50  # mails parsed together
MOST_HELD: Final = 64 * 1024 * 1024  # bytes of mail that may wait behind slow slices
PATIENCE: Final = 2.0  # seconds without a mail of a slice read, until its others and those behind overtake it (P4)
_ROUNDS: Final = 5  # of PATIENCE, for a slice with many that are hard to read
MOST_TRIES: Final = 3  # of one mail, before quarantine (R4)


@dataclass(slots=True)
class Pipeline:
    """Parses, decides and applies; every mail handed in ends decided or in quarantine."""

    store: Store
    call: Call
    reader: Reader
    judge: Callable[[], Judge]  # the policy in force at that moment
    now: Callable[[], datetime]
    queued: Callable[[], None] = lambda: None  # told when a mail was put into the outbox
    in_flight: set[int] = field(default_factory=set)  # delivery ids that are worked on here
    mailboxes: Counter[str] = field(default_factory=Counter)  # of them, with how many mails each
    _tasks: dict[asyncio.Task[list[Settled]], int] = field(default_factory=dict)  # with the bytes of their mails
    _last: Turn | None = None
    _batcher: Batcher = field(init=False)

    def __post_init__(self) -> None:
        self._batcher = Batcher(self._settle_batch)

    def submit(
        self, journalled: Sequence[Journalled], raws: Sequence[bytes], *, patience: float | None = PATIENCE
    ) -> Coroutine[Any, Any, list[Settled]]:
        """Take journalled mails that have no outcome yet; to be awaited: until they have one.

        They are under way from this call on, and not only when it is awaited: whoever reads the journal after it
        (recovery) leaves them alone.
        A slice that takes longer than `patience` seconds (a hostile mail) is left to itself: it lies in the
        journal and goes on behind the caller's back (P4), `drained` waits for it. Of what goes on so, no more
        than `MOST_HELD` bytes are held: then the caller waits (R10).
        """
        cuts = [slice(start, start + SLICE) for start in range(0, len(journalled), SLICE)]
        return self._wait([self._start(journalled[cut], raws[cut]) for cut in cuts], patience)

    async def _wait(self, tasks: "Sequence[asyncio.Task[list[Settled]]]", patience: float | None) -> list[Settled]:
        for task in tasks:
            await asyncio.wait((task,), timeout=patience)
        while sum(self._tasks.values()) > MOST_HELD:
            await asyncio.wait(tuple(self._tasks), return_when=asyncio.FIRST_COMPLETED)
        return [one for task in tasks if task.done() for one in task.result()]

    async def submit_first(self, part: Sequence[Journalled], raws: Sequence[bytes]) -> list[Settled]:
        """Take what an earlier process left. It is older than what comes in, and waits for nothing of that: so a
        process that ends meanwhile most likely ends by it (R4)."""
        return await asyncio.shield(self._kept(self._settle_first(part, raws), part, raws))

    async def _settle_first(self, part: Sequence[Journalled], raws: Sequence[bytes]) -> list[Settled]:
        parsed = [self.reader.read_alone(raw) for raw in raws]
        try:
            await read_or_slow(parsed)
        except asyncio.CancelledError:
            for mail in parsed:
                mail.cancel()
            raise
        pairs = zip(part, parsed, strict=True)
        return list(await asyncio.gather(*(self._settle_or_leave(*pair, first=True) for pair in pairs)))

    def _start(self, part: Sequence[Journalled], raws: Sequence[bytes]) -> asyncio.Task[list[Settled]]:
        before, self._last = self._last, asyncio.get_running_loop().create_future()
        return self._kept(self._settle_slice(self.reader.read_each(raws), part, before, self._last), part, raws)

    def _kept(
        self, settling: Coroutine[Any, Any, list[Settled]], part: Sequence[Journalled], raws: Sequence[bytes]
    ) -> asyncio.Task[list[Settled]]:
        """A task of ours, until it ends: these mails are under way, and with them their mailboxes."""
        ids = {one.delivery.id for one in part}
        boxes = under_way(part)
        self.in_flight |= ids
        self.mailboxes += boxes
        task = asyncio.create_task(settling)
        self._tasks[task] = sum(len(raw) for raw in raws)
        task.add_done_callback(lambda done: self._ended(done, ids, boxes))
        return task

    def _ended(self, task: asyncio.Task[list[Settled]], ids: set[int], boxes: Counter[str]) -> None:
        self._tasks.pop(task, None)
        self.in_flight -= ids
        self.mailboxes -= boxes
        if not task.cancelled() and (error := task.exception()) is not None:
            emit(Event.TASK_DIED, task="settling", error=str(error))

    async def drained(self) -> None:
        """Wait until nothing that was handed in is under way."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def close(self) -> None:
        """Give up what is under way; it lies in the journal and is taken up at the next start."""
        for task in (tasks := tuple(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, self._batcher.close(), return_exceptions=True)

    async def _settle_slice(
        self, parsed: Sequence[Waiting], part: Sequence[Journalled], before: Turn | None, turn: Turn
    ) -> list[Settled]:
        """Wait for one's turn, then for the parser: mails are decided in order, but nobody waits long for it.

        Nor for a mail of the same slice that is hard to read: that one is decided, or shunted, when it is (P4).
        """
        settling: list[asyncio.Task[Settled]] = []
        try:
            with timed("parse"):
                await self.reader.ready()
                if before is not None and not before.done():
                    await asyncio.wait((before,))
                await read_or_slow(parsed)
            settling += [asyncio.create_task(self._settle_or_leave(*pair)) for pair in zip(part, parsed, strict=True)]
            await asyncio.sleep(0)  # those that are read are in the batcher now: the next slice may come
        except asyncio.CancelledError:
            for mail in parsed:
                mail.cancel()
            for task in settling:
                task.cancel()
            raise
        finally:
            if not turn.done():
                turn.set_result(None)
        found = await asyncio.gather(*settling, return_exceptions=True)
        for error in found:
            if isinstance(error, BaseException):
                raise error
        return [one.result() for one in settling]

    async def _settle_or_leave(self, one: Journalled, parsed: Waiting, *, first: bool = False) -> Settled:
        """Its end here; where another daemon works its mailbox now, that one decides it, and nothing is counted."""
        try:
            return await self._settle_one(one, await parsed, first=first)
        except Fenced as error:
            emit(Event.FENCED, delivery=one.delivery.id, mailbox=one.delivery.mailbox, error=str(error))
            return Settled(one.delivery.id, "", "fenced", "", None, False, str(error))

    async def _settle_one(self, one: Journalled, email: Email | ReadFailure, *, first: bool) -> Settled:
        """Decide one mail, again after trouble that is its own, and shunt it when that does not help."""
        if isinstance(email, ReadFailure):
            return await self.quarantine(one, email.error, "unreadable", tries=email.tries)
        tries = 0
        while True:
            tries += 1
            settled = await self._batcher.settle(Reading(one.delivery, email), first=first)
            if not settled.error:
                self._report(one, email, settled)
                return settled
            emit(Event.DELIVERY_RETRY, delivery=one.delivery.id, mailbox=one.delivery.mailbox, error=settled.error)
            if settled.reason == ROW_HELD:  # it lies in the journal, and recovery takes it up
                return settled
            if tries == MOST_TRIES or not settled.transient:
                return await self.quarantine(one, settled.error, "undecidable", email, tries=tries)

    async def quarantine(
        self, one: Journalled, error: str, reason: str, email: Email | None = None, *, tries: int = 0
    ) -> Settled:
        """Shunt one mail for a person, unless somebody else has decided it meanwhile; its raw bytes stay.

        `tries`: of this process; 0 where the journal has counted them.
        """
        facts: dict[str, Any] = {"was": one.outcome, "tries": tries}
        if email:
            facts |= {"subject": email.subject, "message_id": email.message_id}
        policy_hash = self.judge().policy_hash
        row = one.delivery.id
        stands = await patiently(self.call, _quarantine, self.store, row, error, self.now(), reason, policy_hash, facts)
        if stands != "quarantined":
            emit(Event.FENCED, delivery=row, mailbox=one.delivery.mailbox, error=f"it is {stands} by now")
            return Settled(row, stands, "", "", None, False)
        count("deliveries", "quarantined", "")
        emit(Event.QUARANTINED, delivery=row, mailbox=one.delivery.mailbox, error=error, reason=reason)
        return Settled(one.delivery.id, "quarantined", reason, "", None, False, error)

    async def _settle_batch(self, readings: Sequence[Reading]) -> list[Settled]:
        """One write transaction; a store that is not there is waited for, the mail lies in the journal."""
        with timed("decide"):
            return list(await patiently(self.call, self.store.settle, readings, self.judge(), self.now()))

    def _report(self, one: Journalled, email: Email, settled: Settled) -> None:
        """The one log line that each delivery has."""
        count("deliveries", settled.outcome, settled.kind)
        if settled.queued:
            self.queued()
        emit(
            Event.DELIVERY,
            delivery=settled.delivery_id,
            mailbox=one.delivery.mailbox,
            uid=one.delivery.uid,
            message_id=email.message_id,
            kind=settled.kind,
            outcome=settled.outcome,
            reason=settled.reason,
            case=settled.case,
            queued=settled.queued,
            size=email.size,
            subject=email.subject,
            sender=email.sender.address if email.sender else None,
        )


def under_way(part: Iterable[Journalled]) -> Counter[str]:
    """Mailboxes that cannot change hands before this mail is decided; what is handed in to any daemon keeps none."""
    return Counter(one.delivery.mailbox for one in part if one.delivery.source.startswith(WATCHED))


async def read_or_slow(parsed: Sequence[Waiting]) -> None:
    """Return when all are read, or when what is left is slow itself; a busy machine alone changes no order."""
    left = [one for one in parsed if not one.done()]
    for _ in range(_ROUNDS):
        if left:
            await asyncio.wait(left, timeout=PATIENCE)
        before, left = left, [one for one in left if not one.done()]
        if not left or len(left) == len(before):
            return


def _quarantine(
    store: Store, delivery_id: int, error: str, now: datetime, reason: str, policy_hash: str, facts: dict[str, Any]
) -> str:
    return store.quarantine(delivery_id, error, now, reason=reason, policy_hash=policy_hash, **facts)
