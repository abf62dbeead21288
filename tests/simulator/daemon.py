"""A simulated daemon: the real source, pipeline, recovery and drain, over a simulated store, servers and relay."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Final, cast

from mailcase.bench import Bench
from mailcase.errors import Fenced, Transient
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.imap.sync import FolderSync
from mailcase.intake.parse import read
from mailcase.intake.reader import Reader, ReadFailure, Waiting
from mailcase.message import Email
from mailcase.outbox.drain import Drain
from mailcase.outbox.settings import SmtpSettings
from mailcase.pipeline import Pipeline
from mailcase.ports import Journal, OutboxStore
from mailcase.recovery import Recovery
from mailcase.sharing import EVERYTHING, Portion
from mailcase.store.store import Store
from tests.simulator.door import Door
from tests.simulator.servers import Held, Post, Session
from tests.simulator.steps import Gate, Killed
from tests.simulator.twin import Twin

#: Of the store, what only reads: no step of its own, since what was read is old by the next write in any case.
READS: Final = frozenset(
    {"cursor", "moved_cursor", "lost_cursor", "known_uids", "received", "unmarked", "undecided", "raw"}
    | {"due", "counts", "busiest_hour", "next_due", "get_flag", "is_claimed"}
)
#: What a sender writes is refused until it has joined again, and is asked for as long (patience).
SENDS: Final = frozenset({"claim", "settle_orphans", "store", "<lambda>"})
KILLS, RAISES = b"X-Poison: kills", b"X-Poison: raises"
_parsed = lru_cache(maxsize=4096)(read)


class Parser:
    """In the place of intake.reader.Reader: reads here; a poison takes the whole process with it."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def ready(self) -> None:
        """It is."""

    def read_each(self, raws: Sequence[bytes]) -> list[Waiting]:
        """Each when a step of its own let it."""
        return [asyncio.ensure_future(self._gate.step("parse", partial(self._read, raw))) for raw in raws]

    def read_alone(self, raw: bytes) -> Waiting:
        """The same of one."""
        return self.read_each([raw])[0]

    def _read(self, raw: bytes) -> Email | ReadFailure:
        if KILLS in raw:
            raise Killed
        return ReadFailure("cannot be read", 3) if RAISES in raw else _parsed(raw)


@dataclass
class Around:
    """What all daemons share."""

    now: Callable[[], datetime]
    bench: Bench
    posts: Mapping[str, Post]
    after: Mapping[str, str]  # by mailbox
    batch: int  # mails of a fetch
    racing: bool  # transactions of two daemons overlap
    divided: bool  # each sends for its own mailboxes; else any for all, so that they meet at the claim
    touched: Callable[[str, Held], None]  # a daemon tells the server of this mail
    trouble: Callable[[str], None]
    locks: dict[object, str] = field(default_factory=dict)  # rows that a transaction holds, and whose it is


class Life:
    """One process, from its start to its end."""

    def __init__(self, around: Around, gate: Gate, door: Callable[["Life"], Door]) -> None:
        self.around, self.gate, self.boxes = around, gate, set[str]()
        self.frozen_out = False  # it stood still for too long: another one counts it as gone for good
        self.cut_off = False  # it lives, and the connection that its place hung on is lost; it has not noticed yet
        self.place = 0
        self.watches: list[asyncio.Task[None]] = []
        self.door = door(self)
        store = cast(Store, self.door)
        self.pipeline = Pipeline(store, self.call, cast(Reader, Parser(gate)), lambda: around.bench, around.now)
        self.drain = Drain(
            cast(OutboxStore, self.door),
            self.call,
            smtp=lambda: {name: SmtpSettings(host=gate.owner) for name in around.posts},
            policy=lambda: around.bench.policy,
            now=around.now,
            report=lambda _, __: None,
            owner=gate.owner,
            chance=lambda: 0.5,
            portion=lambda: Portion(frozenset(self.boxes)) if around.divided else EVERYTHING,
            place=lambda: self.place,
        )
        self.tasks = [asyncio.create_task(self._guarded(self._send()))]

    def take(self, box: str) -> None:
        """Work this mailbox from now on."""
        self.boxes.add(box)
        self.watches.append(asyncio.create_task(self._guarded(self._watch(box))))

    @property
    def joined(self) -> bool:
        """Whether the others count it as living."""
        return not (self.frozen_out or self.cut_off)

    def cut(self) -> None:
        """Its claim is lost while it is alive (mailcase.tenure): all is free for others, and it goes on for a while."""
        self.cut_off = True
        self.boxes.clear()
        self.release()
        self.tasks.append(asyncio.create_task(self._guarded(self.gate.step("notice", self._join_again))))

    def _join_again(self) -> None:
        """As Tenure._lost and its next look: nobody reads on, what is being decided meets the fence; a new place."""
        for task in self.watches:
            task.cancel()
        self.watches.clear()
        self.cut_off, self.place = False, self.place + 1

    async def call(self, work: Callable[..., Any], *asked: Any) -> Any:
        """As the writer thread: one step, or two where a transaction may overlap with another's."""
        if work == self.door.settle and self.around.racing:
            return await self._overlapping(*asked)
        name = getattr(work, "__name__", "store")
        if name in READS:
            self.gate.alive()
            return work(*asked)
        sends = name in SENDS
        return await self.gate.step(name, partial(work, *asked), lambda: not (sends and self.cut_off))

    async def _overlapping(self, readings: Any, judge: Any, now: datetime) -> Any:
        """Read and decide under the locks that the store takes; then, when others may have committed, write."""
        twin = cast(Twin, self.door.ledger)
        wanted = {("delivery", one.delivery.id) for one in readings}
        for one in readings:
            asked = judge.look(one.email, one.delivery)
            wanted |= {
                (asked.group, msgid) for msgid in (*asked.cited_ids, *([asked.message_id] if asked.message_id else []))
            }
        locks, mine = self.around.locks, self.gate.owner

        def begin() -> Any:
            locks.update(dict.fromkeys(wanted, mine))
            return twin.look(readings[0], judge, now)

        def commit() -> Any:
            try:
                return self.door.settle(readings, judge, now, stale=stale)
            finally:
                self.release()

        stale = await self.gate.step("decide", begin, lambda: all(locks.get(one, mine) == mine for one in wanted))
        return await self.gate.step("settle", commit)

    def end(self) -> None:
        """As kill -9: nothing of it goes on, its locks are free, its transaction is rolled back."""
        self.gate.kill()
        self.release()

    def release(self) -> None:
        """The transaction ended, or its process."""
        for one in [one for one, owner in self.around.locks.items() if owner == self.gate.owner]:
            del self.around.locks[one]

    async def _guarded(self, work: Any) -> None:
        """A part that was fenced ends, and after a freeze the daemon; anything else that ends a part is a defect."""
        try:
            await work
        except Fenced:
            if self.frozen_out:
                self.end()
        except (Killed, asyncio.CancelledError):
            raise
        except Exception as error:
            self.around.trouble(f"{self.gate.owner}: {type(error).__name__}: {error}")

    async def _watch(self, box: str) -> None:
        recovery = Recovery(self.pipeline, ours=lambda one: one.delivery.mailbox == box)
        await recovery.run()
        looks = 0
        while True:
            sync = self._sync(box)
            try:
                while True:
                    looks += 1
                    await sync.look("INBOX", compare=looks % 3 == 0)
                    await self.gate.step("rest", lambda: None)
                    await recovery.run()  # as the daemon's timer: what was fenced here may be ours again
            except (Transient, Fenced) as error:
                if self.frozen_out and isinstance(error, Fenced):
                    raise
                await self.gate.step("rest", lambda: None)

    def _sync(self, box: str) -> FolderSync:
        around = self.around
        settings = ImapSettings(
            box, "imap.example", box, after=around.after[box], start="all", batch_mails=around.batch
        )
        session = Session(around.posts[box], self.gate, partial(around.touched, box))
        journal = cast(Journal, self.door)
        return FolderSync(
            session, settings, journal, self.call, self.pipeline.submit, lambda _, __: None, around.now, asyncio.Event()
        )

    async def _send(self) -> None:
        while True:
            await self.drain.once()
            await self.gate.step("rest", lambda: None)
