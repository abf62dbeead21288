"""The drain's desk: what is written down about each row, in the store and in the log."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol, TypeVar

from mailcase.errors import Transient
from mailcase.health.stages import count
from mailcase.log import Event
from mailcase.outbox.backoff import next_attempt
from mailcase.outbox.failures import Taken
from mailcase.patience import patiently
from mailcase.ports import Judge, OutboxMail, OutboxStore
from mailcase.sharing import EVERYTHING, Portion

T = TypeVar("T")
LEASE: Final = timedelta(seconds=20)  # as [store] lease where nobody says otherwise

#: Takes an event and its fields. No address, subject or server text that may hold one.
Report = Callable[[Event, Mapping[str, object]], None]


class Call(Protocol):
    """Runs a function of the store in the writer thread."""

    def __call__(self, function: Callable[..., T], /, *args: object) -> Awaitable[T]:
        """Its result, or what it raised."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """The store, the clock, chance and the log, as the drain and its lanes use them."""

    store: OutboxStore
    call: Call
    now: Callable[[], datetime]  # aware, UTC
    report: Report
    owner: str  # this daemon's id
    chance: Callable[[], float]  # in [0, 1)
    portion: Callable[[], Portion] = lambda: EVERYTHING  # the mailboxes whose mail this daemon sends
    judge: Callable[[], Judge] | None = None  # says who is told of an agent's mail that will not leave; None: nobody
    lease: timedelta = LEASE  # who gives no sign of life for so long is taken for dead
    place: Callable[[], int] = lambda: 0  # another number whenever this daemon lost its place among the others

    def is_ours(self, mail: OutboxMail) -> bool:
        """Whether this daemon sends for its mailbox; that may change while a row waits."""
        return mail.mailbox in self.portion()

    async def is_claimed(self, mail: OutboxMail) -> bool:
        """Whether our claim still stands; if so, nobody settles the row for another lease."""
        return await self.call(self.store.is_claimed, mail.id, self.owner)

    async def claim(self, mail: OutboxMail) -> bool:
        """Durably mark the row as `sending`; False if it is no longer pending. Raises Transient: it is not claimed.

        Where the answer was lost the claim may stand: it is looked for as long as the store is away, since nobody
        else settles the `sending` row of a living daemon.
        """
        try:
            return await self.call(self.store.claim, mail.id, self.owner, self.now())
        except Transient:
            if not await patiently(self.call, self.store.is_claimed, mail.id, self.owner):
                raise
            return True

    async def sent(self, mail: OutboxMail, lost: str = "", ids: Sequence[str] = ()) -> None:
        """The relay took it; `lost` says which copies it did not take, `ids` what else it calls the mail."""
        await self._finish(mail, "sent", "", "; ".join(filter(None, (*_refused(mail), lost))), ids)
        self._tell(Event.SENT, mail, attempts=mail.attempts + 1)

    async def taken(self, mail: OutboxMail, by_relay: Taken, ids: Sequence[str] = ()) -> None:
        """The relay took it, for all or for some: members of a group who were busy get theirs later (L2).

        `ids`: the other Message-IDs that it told.
        """
        if not by_relay.later:
            return await self.sent(mail, "; ".join(by_relay.lost), ids)
        at = next_attempt(mail.attempts + 1, self.now(), mail.expires_at, self.chance())
        error = _lines(mail, *by_relay.lost, by_relay.why)
        write = partial(self.store.partly, mail.id, at, by_relay.later, reason="relay_busy", error=error, ids=ids)
        await self._surely(write)
        self._tell(Event.SEND_POSTPONED, mail, reason="relay_busy", next_attempt_at=at.isoformat())
        return None

    async def failed(self, mail: OutboxMail, reason: str, error: str) -> None:
        """It will never leave; where members of the group have it, it is sent, and says who does not."""
        if mail.still_to:
            return await self.sent(mail, _not_to(mail, error or reason))
        await self._give_up(mail, "failed", reason, error)
        self._tell(Event.SEND_FAILED, mail, reason=reason)
        return None

    async def expired(self, mail: OutboxMail, reason: str) -> None:
        """It waited too long (a pending row is claimed, then given up)."""
        if not await self.claim(mail):
            return
        if mail.still_to:
            await self.sent(mail, _not_to(mail, reason))
            return
        await self._give_up(mail, "expired", reason, "")
        self._tell(Event.SEND_EXPIRED, mail, reason=reason)

    def taken_over(self, mail: OutboxMail) -> None:
        """Another daemon has settled the row; it did not leave here."""
        self._tell(Event.FENCED, mail)

    async def uncertain(self, mail: OutboxMail, error: str) -> None:
        """It may have left: an automatic mail is not repeated, a person's is, with the same Message-ID."""
        if mail.automatic:
            await self._finish(mail, "uncertain", "no_answer_after_data", _lines(mail, error))
            self._tell(Event.SEND_UNCERTAIN, mail)
        else:
            await self.failed_for_now(mail, "no_answer_after_data", error)

    async def failed_for_now(
        self, mail: OutboxMail, reason: str, error: str, *, not_before: datetime | None = None
    ) -> None:
        """This attempt failed; the next one is due by the table of `backoff`, and not before a rest is over."""
        now = self.now()
        at = next_attempt(mail.attempts + 1, now, mail.expires_at, self.chance())
        if not_before is not None:
            at = min(max(at, not_before), max(mail.expires_at, now))
        await self._postpone(mail, at, reason, error, tried=True)
        self._tell(Event.SEND_POSTPONED, mail, reason=reason, next_attempt_at=at.isoformat())

    async def wait(self, mail: OutboxMail, at: datetime, reason: str, error: str = "") -> None:
        """Nothing was tried: the row keeps its place and its attempts."""
        await self._postpone(mail, min(at, mail.expires_at), reason, error, tried=False)
        self._tell(Event.SEND_HELD, mail, reason=reason)

    async def hold(self, rows: Sequence[int], until: datetime, reason: str, error: str = "") -> None:
        """Nothing was tried of these pending rows; one commit for all of them."""
        await self._surely(partial(self.store.hold, rows, until, reason=reason, error=error))

    async def free_stranded(self, mailboxes: Collection[str]) -> None:
        """What waits for the way out of these mailboxes alone is due now; one commit for all of it."""
        await self._surely(lambda: self.store.free_stranded(mailboxes, self.now()))

    async def flag(self, name: str) -> str | None:
        """A durable fact."""
        return await self.call(self.store.get_flag, name)

    async def set_flag(self, name: str, value: str | None) -> None:
        """Set or clear it."""
        await self._surely(partial(self.store.set_flag, name, value))

    async def _finish(self, mail: OutboxMail, state: str, reason: str, error: str, ids: Sequence[str] = ()) -> None:
        write = partial(self.store.finish, mail.id, state, self.now(), reason=reason, error=error, ids=ids)
        await self._surely(write)

    async def _give_up(self, mail: OutboxMail, state: str, reason: str, error: str) -> None:
        """Automatic mail is missed by nobody; of an agent's words his case must know."""
        if mail.automatic or self.judge is None:
            return await self._finish(mail, state, reason, error)
        write = partial(self.store.undelivered, mail.id, state, self.now(), self.judge(), reason=reason, error=error)
        return await self._surely(write)

    async def _postpone(self, mail: OutboxMail, at: datetime, reason: str, error: str, *, tried: bool) -> None:
        told = _lines(mail, error)
        await self._surely(partial(self.store.postpone, mail.id, at, reason=reason, error=told, tried=tried))

    async def _surely(self, write: Callable[[], object]) -> None:
        """Write down what has happened already: the store may be busy, but it must know."""
        await patiently(self.call, write)

    def _tell(self, event: Event, mail: OutboxMail, **fields: object) -> None:
        count("mails", event.word.removeprefix("send_"))
        known = {"outbox_id": mail.id, "mailbox": mail.mailbox, "case": mail.case, "kind": mail.kind}
        self.report(event, {**known, **fields})


def _lines(mail: OutboxMail, *errors: str) -> str:
    """What is written of a row that is tried again, a line each: before all others who was refused."""
    return "\n".join((*_refused(mail), *(" ".join(one.split()) for one in errors if one)))


def _refused(mail: OutboxMail) -> list[str]:
    """Of a group of which some have it: who never will, as earlier tries told it."""
    return [one for one in mail.last_error.split("\n") if one.startswith(_REFUSED)] if mail.still_to else []


_REFUSED: Final = "not to "  # as smtp._members says it


def _not_to(mail: OutboxMail, why: str) -> str:
    """The members of a group who do not have it."""
    return f"not to {', '.join(mail.still_to)}: {why}"
