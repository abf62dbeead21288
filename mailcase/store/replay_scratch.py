"""A scratch store in which the past is decided again; it goes when it is closed."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import Permanent
from mailcase.message import Email
from mailcase.ports import Judge, Reading
from mailcase.store import relink, settle
from mailcase.store import tables as t
from mailcase.store.engine import Engines
from mailcase.store.replay_acts import Act
from mailcase.store.replay_hand import again, number_of
from mailcase.store.replay_past import Decide, Moved, Past
from mailcase.store.replay_world import Copier, rewind

_C, _D, _H = t.case.c, t.delivery.c, t.delivery_outcome.c
#: What is compared of a delivery, beside the case and the test that decided.
VERDICT = (
    _D.id, _D.mailbox, _D.message_id, _D.outcome, _D.reason, _D.kind, _D.linked_by, _D.acknowledge,
    _D.acknowledge_reason, _D.case_id, _C.number.label("case"), _D.error,
)  # fmt: skip


@dataclass(slots=True)
class Scratch:
    """Make it with `Scratch.of`, close it at the end."""

    engines: Engines
    past: Past
    own_keys: frozenset[str]
    _folder: "tempfile.TemporaryDirectory[str]"
    _spare: int  # the next running number that no case of the real store has
    _counted: int = 0  # the last one given out here

    @classmethod
    def of(cls, source: Connection, past: Past, own_keys: frozenset[str]) -> Self:
        """The store behind `source` as it was at `past.since`, in a temporary SQLite file for its owner alone."""
        folder = tempfile.TemporaryDirectory(prefix="mailcase-replay-")
        engines = Engines.open(f"sqlite:///{Path(folder.name) / 'replay.db'}")
        highest = source.execute(sa.select(sa.func.max(_C.running))).scalar_one() or 0
        made = cls(engines, past, own_keys, folder, highest + 1)
        made._hurry()
        with engines.write() as target:
            t.metadata.create_all(target)  # a tenth of the time that the migrations take
            target.execute(sa.insert(t.counter), {"name": "case", "value": 0})
            Copier(source, target, past).run()
            rewind(source, target, past)
        return made

    def close(self) -> None:
        """Remove it."""
        self.engines.close()
        self._folder.cleanup()

    def decide(self, step: Decide, email: Email, judge: Judge) -> str:
        """Decide a mail as of that moment; returns why it could not be, or ""."""
        self._count_from((step.running or self._spare) - 1)
        (settled,) = settle.settle(self.engines, [Reading(step.delivery, email)], judge, step.at, lambda *_: None)
        if step.delivery.id in self.past.failed:
            self._fail(step.delivery.id)
        with self.engines.read() as conn:
            self._counted = conn.execute(sa.select(t.counter.c.value)).scalar_one()
        if step.running is None:
            self._spare = self._counted + 1
        return settled.error

    def _fail(self, delivery: int) -> None:
        with self.engines.write() as conn:
            waits = (t.outbox.c.delivery_id == delivery, t.outbox.c.state == "pending")
            conn.execute(sa.update(t.outbox).where(*waits).values(state="failed"))

    def _count_from(self, last: int) -> None:
        """The next case gets the number behind this one."""
        if last != self._counted:
            with self.engines.write() as conn:
                conn.execute(sa.update(t.counter).where(t.counter.c.name == "case").values(value=last))

    def unreadable(self, step: Decide, reason: str) -> None:
        """The mail went to quarantine."""
        with self.engines.write() as conn:
            waits = (_D.id == step.delivery.id, _D.outcome.is_(None))
            conn.execute(sa.update(t.delivery).where(*waits).values(outcome="quarantined", reason=reason))

    def by_hand(self, step: Moved | Act) -> None:
        """What a person did; where it makes no sense in this other past, it is left out."""
        try:
            with self.engines.write() as conn:
                self._move(conn, step) if isinstance(step, Moved) else again(conn, step)
        except Permanent:
            return

    def _move(self, conn: Connection, step: Moved) -> None:
        if step.running is None:
            relink.undo(conn, step.delivery, step.at, step.actor)
            return
        number = number_of(conn, step.running)
        wanted = relink.Wanted(step.delivery, number, step.actor, self.own_keys, across_groups=True)
        relink.relink(conn, wanted, step.at)

    def _hurry(self) -> None:
        """Nothing here must outlive a crash, and rows come without those that they name."""
        with self.engines.writer.connect() as conn:
            plain = conn.connection.cursor()
            for pragma in ("synchronous=OFF", "foreign_keys=OFF"):
                plain.execute(f"PRAGMA {pragma}")
            plain.close()


def verdicts(conn: Connection, deliveries: tuple[int, ...]) -> dict[int, dict[str, Any]]:
    """What became of these deliveries, each with `trace` of its last decision."""
    found: dict[int, dict[str, Any]] = {}
    joined = sa.outerjoin(t.delivery, t.case, _C.running == _D.case_id)
    for start in range(0, len(deliveries), 500):
        some = deliveries[start : start + 500]
        rows = conn.execute(sa.select(*VERDICT).select_from(joined).where(_D.id.in_(some))).mappings()
        found |= {row["id"]: {**row, "trace": []} for row in rows}
        for one in conn.execute(sa.select(_H.delivery_id, _H.trace).where(_H.delivery_id.in_(some)).order_by(_H.id)):
            if one.delivery_id in found and one.trace:
                found[one.delivery_id]["trace"] = one.trace
    return found


def subjects(conn: Connection, deliveries: tuple[int, ...]) -> dict[int, tuple[str, datetime]]:
    """delivery -> subject and when it was received, for people."""
    found: dict[int, tuple[str, datetime]] = {}
    for start in range(0, len(deliveries), 500):
        some = _D.id.in_(deliveries[start : start + 500])
        rows = conn.execute(sa.select(_D.id, _D.subject, _D.received_at).where(some))
        found |= {row.id: (row.subject or "", row.received_at) for row in rows}
    return found
