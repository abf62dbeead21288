"""Which daemons are still heard of: who runs, who fell silent and who has followed him, and who is gone. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from mailcase.health.situation import DaemonTold

QUIET_AFTER: Final = timedelta(seconds=25)  # one that runs tells something every 15 s, at a look every 5 s

Way = Literal["runs", "silent", "gone"]


@dataclass(frozen=True, slots=True)
class Heard:
    """A daemon's row, and how it stands with the daemon."""

    told: DaemonTold
    way: Way
    successor: DaemonTold | None = None  # was started on its host and for its files after its last word

    @property
    def lives(self) -> bool:
        """Whether what it told still counts."""
        return self.way != "gone"


def heard(daemons: Iterable[DaemonTold], now: datetime, *, alone: bool) -> tuple[Heard, ...]:
    """Of each daemon that has a row how it stands.

    Args:
        daemons: the rows.
        now: the moment of the question.
        alone: the store admits one daemon (SQLite): who was followed by another is gone for certain.
    """
    rows = tuple(daemons)
    return tuple(_one(row, rows, now, alone=alone) for row in rows)


def _one(row: DaemonTold, rows: Iterable[DaemonTold], now: datetime, *, alone: bool) -> Heard:
    successor = _successor(row, rows, now, alone=alone)
    if not row.alive(now) or (alone and successor):
        return Heard(row, "gone", successor)
    if now - row.seen_at < QUIET_AFTER:  # it runs beside the other for all we know
        return Heard(row, "runs")
    return Heard(row, "silent", successor)


def _successor(row: DaemonTold, rows: Iterable[DaemonTold], now: datetime, *, alone: bool) -> DaemonTold | None:
    later = [one for one in rows if one.alive(now) and one.started_at > row.seen_at]
    same = [one for one in later if alone or (one.host, one.facts.config) == (row.host, row.facts.config)]
    return max(same, key=lambda one: one.started_at, default=None)
