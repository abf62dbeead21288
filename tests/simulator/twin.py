"""The store's twin in memory: journal, decisions, outbox and quarantine, with savepoints and unique rows."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from mailcase.errors import Permanent
from mailcase.outbox.breaker import FLAG
from mailcase.ports import Journalled, Judge, Reading, Settled
from mailcase.snapshot import Snapshot
from mailcase.verdict import Decision
from tests.servers.memory_journal import MemoryJournal
from tests.servers.memory_outbox import MemoryOutbox, Row
from tests.simulator.answers import answer
from tests.simulator.applying import Applying
from tests.simulator.rows import Clash, Tables

_TRIES = 3


@dataclass(frozen=True)
class Flaws:
    """What a twin may lack, so that a test shows that the simulator sees it."""

    unique: bool = True  # UNIQUE(group, identity) and the dedup key
    claim: bool = True  # pending -> sending is asked, not assumed
    attempts: bool = True  # counted before parsing
    fence: bool = True  # a daemon that lost its mailbox may not write


class TwinOutbox(MemoryOutbox):
    """With the states that only the store's actions make, and presence: whose daemon is gone."""

    def __init__(self, tables: Callable[[], Tables], flaws: Flaws) -> None:
        super().__init__()
        self._tables = tables
        self._flaws = flaws
        self.gone: Callable[[str], bool] = lambda _: True

    @property  # a field there; rolled back with all other tables, so it lies with them
    def rows(self) -> dict[int, Row]:
        return self._tables().outbox

    @rows.setter
    def rows(self, _: dict[int, Row]) -> None:
        """Set by MemoryOutbox.__init__; the tables have their own."""

    def claim(self, row: int, owner: str, now: datetime) -> bool:
        if not self._flaws.claim:
            self.rows[row].state = "pending"
        return super().claim(row, owner, now)

    def finish(
        self, row: int, state: str, now: datetime, *, reason: str = "", error: str = "", ids: Sequence[str] = ()
    ) -> None:
        """A bounce that came back before the sending was recorded is not covered up."""
        if (message := self._tables().answers[row].message) is not None:
            for one in ids:
                self._tables().learn(message, one)
        if self.rows[row].state in ("sending", "pending"):
            self.rows[row].state = "sending"
            super().finish(row, state, now, reason=reason, error=error, ids=ids)

    def postpone(self, row: int, at: datetime, *, reason: str = "", error: str = "", tried: bool = True) -> None:
        if self.rows[row].state in ("sending", "pending"):
            super().postpone(row, at, reason=reason, error=error, tried=tried)

    def settle_orphans(self, owner: str, now: datetime) -> list[tuple[int, str]]:
        kept = {number: row.owner for number, row in self.rows.items() if not self.gone(row.owner)}
        for number in kept:
            self.rows[number].owner = owner
        settled = super().settle_orphans(owner, now)
        for number, _ in settled:
            self.rows[number].reason = "interrupted"
        for number, name in kept.items():
            self.rows[number].owner = name
        return settled


@dataclass
class Twin:
    """Satisfies what pipeline, source and drain ask of a store."""

    flaws: Flaws = field(default_factory=Flaws)
    tables: Tables = field(default_factory=Tables)
    attempts: dict[int, int] = field(default_factory=dict)
    running: int = 0
    clashes: int = 0

    def __post_init__(self) -> None:
        self.mails = MemoryJournal()
        self.outbox = TwinOutbox(lambda: self.tables, self.flaws)

    # --- deciding ---

    def look(self, reading: Reading, judge: Judge, now: datetime) -> tuple[Snapshot, Decision]:
        """Load and decide, as of now."""
        lookup = judge.look(reading.email, reading.delivery)
        snapshot = answer(self.tables, lookup, now, breaker_open=self.outbox.get_flag(FLAG) is not None)
        return snapshot, judge.decide(reading.email, snapshot, reading.delivery)

    def settle(
        self, readings: Sequence[Reading], judge: Judge, now: datetime, stale: tuple[Snapshot, Decision] | None = None
    ) -> list[Settled]:
        """One transaction; `stale` is what was decided for the first mail before others committed."""
        return [self._one(reading, judge, now, None if place else stale) for place, reading in enumerate(readings)]

    def _one(self, reading: Reading, judge: Judge, now: datetime, stale: tuple[Snapshot, Decision] | None) -> Settled:
        number = reading.delivery.id
        if (before := self.tables.decided.get(number)) is not None:
            return self._settled(number, before, queued=False)
        for _ in range(_TRIES):
            saved = self.tables.copy()
            snapshot, decision = stale or self.look(reading, judge, now)
            stale = None
            work = Applying(
                self.tables, reading.email, reading.delivery, judge, snapshot, decision, self._next, self.flaws.unique
            )
            try:
                work.run()
            except Clash:
                self.clashes += 1
                self.tables = saved
                continue
            self.mails.outcomes[number] = decision.outcome.value
            return self._settled(number, decision, queued=work.queued)
        return Settled(number, "", "", "", None, queued=False, error="the case changed each time", transient=True)

    def _next(self) -> int:
        self.running += 1
        return self.running

    def _settled(self, number: int, made: Decision, *, queued: bool) -> Settled:
        stands = self.tables.stands[number]
        case = None if stands is None else self.tables.cases[stands].number
        return Settled(number, made.outcome.value, made.reason, made.kind.value, case, queued)

    # --- the journal, as recovery and pipeline ask it ---

    def undecided(self, limit: int, after: int = 0) -> list[Journalled]:
        """Oldest first."""
        waiting = [number for number in sorted(self.mails.arrivals) if number > after]
        return [self.row(number) for number in waiting if number not in self.mails.outcomes][:limit]

    def row(self, number: int) -> Journalled:
        """One row of the journal."""
        arrival = self.mails.arrivals[number]
        (found,) = self.mails.journal([arrival], None)
        return replace(found, attempts=self.attempts.get(number, 0))

    def count_attempt(self, delivery_ids: Sequence[int], by: int = 1) -> dict[int, int]:
        """attempts + by of what is undecided."""
        mine = [number for number in delivery_ids if number not in self.mails.outcomes]
        for number in mine if self.flaws.attempts else ():
            self.attempts[number] = self.attempts.get(number, 0) + by
        return {number: self.attempts.get(number, 0) for number in mine}

    def raw(self, sha256: str) -> bytes:
        """The raw bytes."""
        for arrival in self.mails.arrivals.values():
            if hashlib.sha256(arrival.raw).hexdigest() == sha256:
                return arrival.raw
        raise Permanent(f"there is no raw mail {sha256}")

    def quarantine(self, delivery_id: int, error: str, now: datetime, was: str | None = None, **_: object) -> str:
        """Given up for now, unless it was decided since."""
        assert error
        assert now
        if self.mails.outcomes.get(delivery_id) not in (None, was):
            return str(self.mails.outcomes[delivery_id])
        self.mails.outcomes[delivery_id] = "quarantined"
        return "quarantined"

    # --- people ---

    def set_status(self, number: str, status: str) -> None:
        """A person sets the status of a case."""
        case = next(one for one in self.tables.cases.values() if one.number == number)
        if case.status != status:
            self.tables.cases[case.running] = replace(case, status=status, version=case.version + 1)
