"""The servers of the simulator: a folder as an IMAP server keeps it, and a relay that fails as relays do."""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from mailcase.errors import Transient
from mailcase.intake.imap.ports import MailFact, SelectedFolder
from mailcase.outbox.failures import Refused, Taken, Uncertain
from mailcase.outbox.mime import Envelope
from mailcase.ports import LeftPart
from tests.servers.renaming import taken
from tests.simulator.steps import Gate


@dataclass(frozen=True)
class Held:
    """One mail in a folder."""

    raw: bytes
    at: datetime
    flags: frozenset[str] = frozenset()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


@dataclass
class Post:
    """One mailbox on its server: INBOX, and where decided mail goes."""

    uidvalidity: int = 1
    uidnext: int = 1
    inbox: dict[int, Held] = field(default_factory=dict)
    done: list[Held] = field(default_factory=list)  # moved or deleted by the daemon
    taken: set[str] = field(default_factory=set)  # by a person, before or after: nobody owes it
    told: list[str] = field(default_factory=list)  # sha256 of each mail that the daemon touched

    def put(self, held: Held) -> None:
        """A mail arrives, or comes back."""
        self.inbox[self.uidnext] = held
        self.uidnext += 1

    def renumber(self) -> None:
        """Another UIDVALIDITY: the same mails under new UIDs."""
        mails = list(self.inbox.values())
        self.uidvalidity, self.uidnext, self.inbox = self.uidvalidity + 1, 1, {}
        for one in mails:
            self.put(one)


class Session:
    """A connection to one mailbox (intake.imap.ports.MailSession); fetching and marking are steps."""

    can_move, can_expunge, can_idle = True, True, False

    def __init__(self, post: Post, gate: Gate, told: Callable[[Held], None]) -> None:
        self._post, self._gate, self._told = post, gate, told
        self._validity = 0

    async def select(self, folder: str, *, read_only: bool) -> SelectedFolder:
        self._gate.alive()
        self._validity = self._post.uidvalidity
        return SelectedFolder(folder, self._validity, self._post.uidnext, read_only, keywords=True)

    async def search_all(self) -> list[int]:
        return sorted(self._inbox())

    async def search_above(self, uid: int) -> list[int]:
        return [one for one in sorted(self._inbox()) if one > uid]

    async def search_since(self, day: date) -> list[int]:
        return [uid for uid, one in sorted(self._inbox().items()) if one.at.date() >= day]

    async def still_there(self, uids: Sequence[int]) -> frozenset[int]:
        return frozenset(uids) & self._inbox().keys()

    async def facts(self, uids: Sequence[int]) -> list[MailFact]:
        there = self._inbox()
        return [MailFact(uid, len(there[uid].raw), there[uid].at) for uid in uids if uid in there]

    async def dates(self, uids: Sequence[int]) -> list[datetime]:
        return [one.received_at for one in await self.facts(uids) if one.received_at]

    async def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        def fetch() -> dict[int, bytes]:
            there = self._inbox()
            return {uid: there[uid].raw for uid in uids if uid in there}

        found: dict[int, bytes] = await self._gate.step("fetch", fetch)
        return found

    async def exceeds(self, uid: int, size: int) -> bool:
        return len((await self.bodies([uid])).get(uid, b"")) > size

    async def beginning(self, uid: int) -> bytes | None:
        return (await self.bodies([uid])).get(uid)

    async def structure(self, uid: int) -> tuple[LeftPart, ...]:  # noqa: ARG002 - as MailSession is asked
        return ()

    async def add_flags(self, uids: Sequence[int], flags: str) -> None:
        def flag() -> None:
            for uid, held in self._these(uids):
                self._post.inbox[uid] = replace(held, flags=held.flags | set(flags.split()))

        await self._gate.step("flag", flag)

    async def move(self, uids: Sequence[int], folder: str) -> None:
        assert folder
        await self._gate.step("move", lambda: self._take_out(uids))

    async def copy(self, uids: Sequence[int], folder: str) -> None:
        raise NotImplementedError(f"MOVE is there: {folder} {uids}")

    async def expunge(self, uids: Sequence[int]) -> None:
        await self._gate.step("expunge", lambda: self._take_out(uids))

    async def quota(self, folder: str) -> float | None:
        assert folder
        return None

    async def ensure_folder(self, folder: str) -> str:
        assert folder
        return ""

    async def idle(self, seconds: float, *wakers: object) -> bool:
        raise NotImplementedError(f"can_idle is False: {seconds} {wakers}")

    async def logout(self) -> None:
        """Nothing is open."""

    def close(self) -> None:
        """Nothing is open."""

    def _take_out(self, uids: Collection[int]) -> None:
        for uid, held in self._these(uids):
            self._post.done.append(held)
            del self._post.inbox[uid]

    def _these(self, uids: Collection[int]) -> list[tuple[int, Held]]:
        """Those that are still there; the daemon touches them now."""
        there = [(uid, held) for uid, held in self._inbox().items() if uid in set(uids)]
        for _, held in there:
            self._told(held)
        return there

    def _inbox(self) -> dict[int, Held]:
        self._gate.alive()
        if self._validity != self._post.uidvalidity:
            raise Transient("the folder was made anew: connection closed")
        return self._post.inbox


LOST: Final = "connection lost"
#: What a relay does with a mail, and whether it has it then.
FAILURES: Final[dict[str, tuple[Callable[[], Exception], bool]]] = {
    "450": (lambda: Transient("MAIL: 450 try again"), False),
    "550": (lambda: Refused("RCPT", 550, "no such user"), False),
    "cut before the dot": (lambda: Transient(LOST), False),
    "cut after the dot, taken": (lambda: Uncertain(LOST), True),
    "cut after the dot, lost": (lambda: Uncertain(LOST), False),
}


@dataclass
class Relay:
    """Takes mail; `mood` is what it does with the next one. It gives every third another Message-ID, and says so."""

    now: Callable[[], datetime]
    mood: Callable[[], str] = lambda: ""
    taken: list[tuple[datetime, Envelope]] = field(default_factory=list)
    left: list[bytes] = field(default_factory=list)  # the same mails as they came to it

    def take(self, mail: Envelope) -> str:
        """As the dialogue ends: what it says after the final dot."""
        failure = FAILURES.get(self.mood())
        number = len(self.taken) + 1
        data, said = taken(mail.data, "" if failure or number % 3 else "relay.example", number)
        if failure is None or failure[1]:
            self.taken.append((self.now(), replace(mail, data=data)))
            self.left.append(mail.data)
        if failure is not None:
            raise failure[0]()
        return said


class Sender:
    """In the place of outbox.smtp.SmtpSender: one step is one mail handed over."""

    def __init__(self, settings: object, relay: Relay, gate: Gate) -> None:
        self.settings, self._relay, self._gate = settings, relay, gate

    async def connect(self) -> None:
        self._gate.alive()

    async def send(self, mail: Envelope, may_leave: Callable[[], Awaitable[None]]) -> Taken:
        await may_leave()
        return Taken(said=await self._gate.step("send", lambda: self._relay.take(mail)))

    async def quit(self) -> None:
        """Nothing is open."""

    def close(self) -> None:
        """Nothing is open."""
